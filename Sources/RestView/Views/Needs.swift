// What must be read besides an object so that programs and views over it can be answered: found from the programs' paths, once.
import Expressions
import Kinds

/// Related objects that a view or program reads, by the field or inverse that leads to them.
struct Needs: Sendable {
  enum InverseUse: Sendable { case count, objects }

  /// Reference fields that are followed.
  var references: [String: Needs] = [:]
  var inverses: [String: InverseUse] = [:]
  /// Outputs that show objects of other kinds.
  var related: [RelatedPlan] = []
  /// Sums over records that outputs show.
  var totals: [TotalPlan] = []

  var isEmpty: Bool { references.isEmpty && inverses.isEmpty && related.isEmpty && totals.isEmpty }

  /// Whether all that is read lives where objects of `kind` do, so that one feed position stands for it.
  func stays(in kind: KindSpec, catalog: KindCatalog) -> Bool {
    func isNear(_ name: String) -> Bool { catalog.kind(name).map { $0.scope == kind.scope && $0.storage != .record } ?? false }
    for (name, needs) in references {
      guard let field = kind.field(name), let target = (field.reference ?? field.of?.reference)?.kind,
        let next = catalog.kind(target),
        isNear(target), needs.stays(in: next, catalog: catalog)
      else { return false }
    }
    // Records move no feed.
    return totals.isEmpty && kind.inverses.allSatisfy { inverses[$0.name] == nil || isNear($0.kind) }
      && related.allSatisfy {
        !$0.spec.inside && isNear($0.kind.name) && ($0.view?.needs.stays(in: $0.kind, catalog: catalog) ?? true)
      }
  }

  mutating func merge(_ other: Needs) {
    for (field, needs) in other.references { references[field, default: Needs()].merge(needs) }
    for (name, use) in other.inverses {
      if case .objects? = inverses[name] { continue }
      inverses[name] = use
    }
    for plan in other.related where !related.contains(where: { $0.number == plan.number }) { related.append(plan) }
    for plan in other.totals where !totals.contains(where: { $0.number == plan.number }) { totals.append(plan) }
  }

  /// Follows one static path (`server.pool.name`) from an object of `kind`.
  mutating func add(path: ArraySlice<String>, program: CELProgram?, kind: KindSpec, ids: IDCodec, depth: Int = 0) {
    guard let name = path.first, depth < NeedsBuilder.depthLimit else { return }
    let rest = path.dropFirst()
    if let field = kind.field(name) {
      if let computed = field.computed {
        merge(NeedsBuilder(ids: ids).needs(of: [computed], kind: kind, depth: depth + 1))
      } else if let target = (field.reference ?? field.of?.reference)?.kind, let next = ids.catalog.kind(target) {
        if !rest.isEmpty {
          references[name, default: Needs()].add(path: rest, program: nil, kind: next, ids: ids, depth: depth + 1)
        } else if ids.needsObject(target), references[name] == nil {
          references[name] = Needs()
        }
      }
    } else if kind.inverses.contains(where: { $0.name == name }) {
      let countOnly = program.map { InverseReading.isCountOnly(name, in: $0.tree) } ?? false
      if countOnly, inverses[name] == nil { inverses[name] = .count } else if !countOnly { inverses[name] = .objects }
    }
  }
}

/// Collects the needs of programs over objects of one kind.
struct NeedsBuilder {
  /// References followed from one object; more is refused when specs load.
  static let depthLimit = 6
  /// Names that stand for the object itself.
  static let selfNames: Set<String> = ["self", "target", "old"]

  let ids: IDCodec

  func needs(of programs: [CELProgram], kind: KindSpec, depth: Int = 0) -> Needs {
    var needs = Needs()
    for program in programs {
      for path in program.paths {
        let path = Self.selfNames.contains(path[0]) ? path.dropFirst() : path[...]
        needs.add(path: path, program: program, kind: kind, ids: ids, depth: depth)
      }
    }
    return needs
  }
}

/// Whether a program reads an inverse only for its size.
enum InverseReading {
  static func isCountOnly(_ name: String, in tree: CELTree) -> Bool { uses(name, tree) == 0 }

  /// Uses other than `size(name)` and `size(self.name)`.
  private static func uses(_ name: String, _ tree: CELTree) -> Int {
    switch tree {
    case .literal: return 0
    case .identifier(let own, _): return own == name ? 1 : 0
    case .select(let operand, let field, _), .has(let operand, let field):
      if isSelf(operand), field == name { return 1 }
      return uses(name, operand)
    case .call("size", let receiver, let arguments):
      let operands = (receiver.map { [$0] } ?? []) + arguments
      if operands.count == 1, isInverse(operands[0], name) { return 0 }
      return operands.reduce(0) { $0 + uses(name, $1) }
    case .call(_, let receiver, let arguments):
      return (receiver.map { uses(name, $0) } ?? 0) + arguments.reduce(0) { $0 + uses(name, $1) }
    case .list(let elements): return elements.reduce(0) { $0 + uses(name, $1.value) }
    case .map(let entries): return entries.reduce(0) { $0 + uses(name, $1.key) + uses(name, $1.value) }
    case .message(_, let fields): return fields.reduce(0) { $0 + uses(name, $1.value) }
    case .comprehension(let c):
      return uses(name, c.range) + (c.predicate.map { uses(name, $0) } ?? 0) + (c.transform.map { uses(name, $0) } ?? 0)
    case .bind(_, let value, let body): return uses(name, value) + uses(name, body)
    }
  }

  private static func isSelf(_ tree: CELTree) -> Bool {
    if case .identifier(let name, _) = tree { NeedsBuilder.selfNames.contains(name) } else { false }
  }

  private static func isInverse(_ tree: CELTree, _ name: String) -> Bool {
    switch tree {
    case .identifier(name, _): true
    case .select(let operand, name, _): isSelf(operand)
    default: false
    }
  }
}
