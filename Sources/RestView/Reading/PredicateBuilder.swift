// Translates a predicate expression for the store: fields of the kind on one side, constants of the request on the other.
import Core
import Expressions
import Kinds
import Ports

/// Why an expression cannot be a predicate.
struct PredicateFault: Error {
  var message: String
  /// The expression itself is wrong; otherwise it is only beyond what the store can be asked.
  var isWrong = false
}

struct PredicateBuilder {
  /// Computed fields in predicates, nested at most this deep.
  private static let computedDepth = 4

  let kind: KindSpec
  let ids: IDCodec
  /// Names that the request gives: constants here.
  let constants: Set<String>
  /// `self` is another object than the ones searched.
  let selfIsConstant: Bool
  private var depth = 0

  init(kind: KindSpec, ids: IDCodec, constants: Set<String>, selfIsConstant: Bool) {
    self.kind = kind
    self.ids = ids
    self.constants = RequestNames.constants(constants) { kind.field($0) != nil }
    self.selfIsConstant = selfIsConstant
  }

  func build(_ tree: CELTree) throws -> PredicatePlan {
    if try !readsFields(tree) { return .truth(try constant(tree)) }
    switch tree {
    case .call(CELOperator.and, nil, let parts): return .all(try parts.map(build))
    case .call(CELOperator.or, nil, let parts): return .any(try parts.map(build))
    case .call(CELOperator.not, nil, let parts): return .not(try build(parts[0]))
    case .call(CELOperator.conditional, nil, let parts):
      if try readsFields(parts[0]) {
        let condition = try build(parts[0])
        return .any([.all([condition, try build(parts[1])]), .all([.not(condition), try build(parts[2])])])
      }
      return .choose(try constant(parts[0]), try build(parts[1]), try build(parts[2]))
    case .call(CELOperator.contained, nil, let parts): return try contained(parts[0], parts[1])
    case .call(let name, nil, let parts) where parts.count == 2:
      guard let comparison = Self.comparisons[name] else { break }
      return try compare(parts[0], comparison, parts[1])
    case .call("contains", let receiver?, let parts) where parts.count == 1:
      return .contains(try field(receiver), try constant(parts[0]))
    case .call("startsWith", let receiver?, let parts) where parts.count == 1:
      return .startsWith(try field(receiver), try constant(parts[0]))
    case .has(let operand, let name):
      return .not(.isNull(try field(.select(operand, field: name))))
    case .identifier, .select:
      if let computed = try computed(tree) { return try computed.builder.build(computed.tree) }
      if isFinished(tree) { return .among(FieldTerm(path: .status(["phase"])), Self.finishedPhases) }
      return .flag(try field(tree))
    default: break
    }
    throw PredicateFault(
      message: "this part of a predicate cannot be asked of the store: compare fields with values of the request")
  }

  private static let comparisons: [String: Predicate.Comparison] = [
    CELOperator.equals: .equal, CELOperator.notEquals: .notEqual, CELOperator.less: .less, CELOperator.lessOrEqual: .lessOrEqual,
    CELOperator.greater: .greater, CELOperator.greaterOrEqual: .greaterOrEqual,
  ]
  private static let mirrored: [Predicate.Comparison: Predicate.Comparison] = [
    .equal: .equal, .notEqual: .notEqual, .less: .greater, .lessOrEqual: .greaterOrEqual, .greater: .less,
    .greaterOrEqual: .lessOrEqual,
  ]
  private static let finishedPhases = ConstantPlan.literal(.list(Builtins.finishedPhases.map(CELValue.string)))

  private func compare(_ left: CELTree, _ comparison: Predicate.Comparison, _ right: CELTree) throws -> PredicatePlan {
    switch (try readsFields(left), try readsFields(right)) {
    case (true, false):
      if isFinished(left) { return try finished(comparison, right) }
      return .compare(try field(left), comparison, try constant(right))
    case (false, true):
      if isFinished(right) { return try finished(comparison, left) }
      return .compare(try field(right), Self.mirrored[comparison] ?? comparison, try constant(left))
    default: throw PredicateFault(message: "one side of a comparison must be a value of the request, not a field")
    }
  }

  /// `finished == true` and the like; the phase tells.
  private func finished(_ comparison: Predicate.Comparison, _ tree: CELTree) throws -> PredicatePlan {
    let finished = PredicatePlan.among(FieldTerm(path: .status(["phase"])), Self.finishedPhases)
    let plan = PredicatePlan.choose(try constant(tree), finished, .not(finished))
    return comparison == .notEqual ? .not(plan) : plan
  }

  private func isFinished(_ tree: CELTree) -> Bool { kind.storage == .run && fieldPath(tree) == ["finished"] }

  private func contained(_ item: CELTree, _ list: CELTree) throws -> PredicatePlan {
    try readsFields(list) ? .holds(try field(list), try constant(item)) : .among(try field(item), try constant(list))
  }

  private func computed(_ tree: CELTree) throws -> (builder: PredicateBuilder, tree: CELTree)? {
    guard let path = fieldPath(tree), path.count == 1, let program = kind.field(path[0])?.computed else { return nil }
    guard depth < Self.computedDepth else { throw PredicateFault(message: "computed fields are nested too deep") }
    var inner = PredicateBuilder(kind: kind, ids: ids, constants: constants, selfIsConstant: false)
    inner.depth = depth + 1
    return (inner, program.tree)
  }

  /// Where a field is stored.
  func field(_ tree: CELTree) throws -> FieldTerm {
    guard let path = fieldPath(tree), let name = path.first else {
      throw PredicateFault(message: "a field is expected here: its name, or a path into it")
    }
    if let field = kind.field(name) {
      if field.computed != nil {
        throw PredicateFault(message: "the computed field \"\(name)\" cannot be compared in a predicate")
      }
      if field.secret != nil {
        throw PredicateFault(message: "the field \"\(name)\" is secret: no predicate may read it", isWrong: true)
      }
      let reference = field.reference ?? field.of?.reference
      if let reference, path.count > 1 {
        if path.count == 2, path[1] == "id" || path[1] == "uid" { return FieldTerm(path: .spec([name]), idKind: reference.kind) }
        throw PredicateFault(message: "a predicate cannot go through the reference \"\(name)\"")
      }
      if name == kind.identityField, path.count == 1, kind.storage != .record { return FieldTerm(path: .name) }
      return FieldTerm(path: field.isObserved ? .status(path) : .spec(path), idKind: reference?.kind ?? field.idOf)
    }
    switch (name, path.count) {
    case ("id", 1): return ids.style(kind.name) == .name ? FieldTerm(path: .name) : FieldTerm(path: .uid, idKind: kind.name)
    case ("uid", 1): return FieldTerm(path: .uid)
    case ("name", 1): return FieldTerm(path: .name)
    case ("createdAt", 1): return FieldTerm(path: .created)
    case ("updatedAt", 1): return FieldTerm(path: .updated)
    case ("labels", 2): return FieldTerm(path: .label(path[1]))
    case _ where kind.storage == .run && Builtins.runNames.contains(name): return FieldTerm(path: .status(path))
    default: throw PredicateFault(message: "\"\(path.joined(separator: "."))\" cannot be asked of the store")
    }
  }

  /// `a.b` or `self.a.b` as a path of the searched kind; nil for anything else.
  private func fieldPath(_ tree: CELTree) -> [String]? {
    switch tree {
    case .identifier(let name, _): return constants.contains(name) ? nil : [name]
    case .select(.identifier("self", _), let field, _): return selfIsConstant ? nil : [field]
    case .select(let operand, let field, _): return fieldPath(operand).map { $0 + [field] }
    case .call(CELOperator.index, nil, let parts):
      guard parts.count == 2, case .literal(.string(let key)) = parts[1] else { return nil }
      return fieldPath(parts[0]).map { $0 + [key] }
    default: return nil
    }
  }

  private func constant(_ tree: CELTree) throws -> ConstantPlan {
    if case .literal(let value) = tree { return .literal(value) }
    if try readsFields(tree) { throw PredicateFault(message: "a value of the request is expected here, not a field") }
    return .program(CELProgram(tree: tree, functions: .platform, lenient: true))
  }

  /// Whether the tree reads the objects that are searched. Unknown names are faults.
  private func readsFields(_ tree: CELTree) throws -> Bool {
    for path in CELProgram.freePaths(of: tree) {
      guard let name = path.first else { continue }
      if name == "self" {
        if !selfIsConstant { return true }
      } else if constants.contains(name) {
        continue
      } else if kind.field(name) != nil || Builtins.has(name, kind: kind) {
        return true
      } else if !RequestNames.types.contains(name) {
        let near = nearestName(to: name, among: kind.fields.map(\.name) + Builtins.names + constants)
        throw PredicateFault(
          message: "\(kind.name) has no field \"\(name)\"" + (near.map { "; did you mean \"\($0)\"?" } ?? ""),
          isWrong: true)
      }
    }
    return false
  }
}
