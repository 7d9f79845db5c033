// From an expression over another kind's fields to a predicate that the store can run: `startDate <= self.date && phase == 'open'`.
import Core
import Expressions
import Kinds
import Ports

/// Translates comparisons of a field (by bare name) with a constant, joined by `&&`, `||` and `!`. Names that are no fields of the
/// kind are constants, looked up in the scope.
public enum PredicateBuilder {
  /// Nil when a part cannot be translated, or a constant cannot be computed.
  public static func build(_ program: CELProgram, kind: KindSpec, scope: any CELScope) -> Predicate? {
    translate(program.tree, kind, scope)
  }

  private static func translate(_ tree: CELTree, _ kind: KindSpec, _ scope: any CELScope) -> Predicate? {
    switch tree {
    case .literal(.bool(let truth)): return truth ? .always : .never
    case .identifier(let name, _):
      guard let path = field(name, kind) else { return nil }
      return .compare(path, .equal, true)
    case .has(let operand, let name):
      guard case .identifier("self", _) = operand, let path = field(name, kind) else { return nil }
      return .not(.isNull(path))
    case .call(let name, let receiver, let arguments): return call(name, receiver, arguments, kind, scope)
    default: return nil
    }
  }

  private static func call(_ name: String, _ receiver: CELTree?, _ arguments: [CELTree], _ kind: KindSpec, _ scope: any CELScope)
    -> Predicate?
  {
    switch name {
    case CELOperator.and, CELOperator.or:
      let parts = arguments.map { translate($0, kind, scope) }
      guard !parts.contains(where: { $0 == nil }) else { return nil }
      return name == CELOperator.and ? .all(parts.compactMap { $0 }) : .any(parts.compactMap { $0 })
    case CELOperator.not: return arguments.first.flatMap { translate($0, kind, scope) }.map { .not($0) }
    case CELOperator.contained:
      guard arguments.count == 2 else { return nil }
      if let path = path(arguments[0], kind), let items = constant(arguments[1], scope)?.list { return .among(path, items) }
      if let path = path(arguments[1], kind), let item = constant(arguments[0], scope) { return .holds(path, item) }
      return nil
    case "contains", "startsWith":
      guard let path = receiver.flatMap({ path($0, kind) }), let text = arguments.first.flatMap({ constant($0, scope) })?.string
      else { return nil }
      return name == "contains" ? .containsText(path, text) : .startsWith(path, text)
    default:
      let comparisons: [String: (Predicate.Comparison, Predicate.Comparison)] = [
        CELOperator.equals: (.equal, .equal), CELOperator.notEquals: (.notEqual, .notEqual), CELOperator.less: (.less, .greater),
        CELOperator.lessOrEqual: (.lessOrEqual, .greaterOrEqual), CELOperator.greater: (.greater, .less),
        CELOperator.greaterOrEqual: (.greaterOrEqual, .lessOrEqual),
      ]
      guard let (forward, backward) = comparisons[name], arguments.count == 2 else { return nil }
      if let path = path(arguments[0], kind), let value = constant(arguments[1], scope) { return compare(path, forward, value) }
      if let path = path(arguments[1], kind), let value = constant(arguments[0], scope) { return compare(path, backward, value) }
      return nil
    }
  }

  private static func compare(_ path: FieldPath, _ comparison: Predicate.Comparison, _ value: Value) -> Predicate {
    guard value.isNull else { return .compare(path, comparison, value) }
    return comparison == .equal ? .isNull(path) : .not(.isNull(path))
  }

  private static func path(_ tree: CELTree, _ kind: KindSpec) -> FieldPath? {
    switch tree {
    case .identifier(let name, _): field(name, kind)
    case .select(.identifier("labels", _), let key, _): .label(key)
    case .select(let operand, let member, _):
      switch path(operand, kind) {
      case .spec(let steps): .spec(steps + [member])
      case .status(let steps): .status(steps + [member])
      default: nil
      }
    default: nil
    }
  }

  /// A field of the kind, desired or observed, or one of the names that every object has.
  public static func field(_ name: String, _ kind: KindSpec) -> FieldPath? {
    if let field = kind.field(name) { return field.isObserved ? .status([name]) : .spec([name]) }
    switch name {
    case "id", "uid": return .uid
    case "name": return .name
    case "createdAt": return .created
    case "updatedAt": return .updated
    default: return kind.storage == .run && ["phase", "finished", "result", "error"].contains(name) ? .status([name]) : nil
    }
  }

  private static func constant(_ tree: CELTree, _ scope: any CELScope) -> Value? { evaluate(tree, scope)?.value }

  private static func evaluate(_ tree: CELTree, _ scope: any CELScope) -> CELValue? {
    switch tree {
    case .literal(let value): return value
    case .identifier(let name, _): return scope.lookup(name)
    case .select(let operand, let name, _):
      switch evaluate(operand, scope) {
      case .object(let object): return object.member(name)
      case .map(let map): return CELValue(CELValue.map(map).value[name])
      default: return nil
      }
    case .list(let items):
      let values = items.map { evaluate($0.value, scope) }
      return values.contains { $0 == nil } ? nil : .list(values.compactMap { $0 })
    default: return nil
    }
  }
}
