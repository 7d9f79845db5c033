// A predicate over stored objects with the request's part still open: built when specs load, filled in for each request.
import Core
import Expressions
import Kinds
import Ports

/// An expression without fields of the objects that are searched.
enum ConstantPlan: Sendable {
  case literal(CELValue)
  case program(CELProgram)

  func value(_ scope: RouteScope) -> CELValue {
    switch self {
    case .literal(let value): value
    // A name that the request does not give is null: such a condition then holds for no object.
    case .program(let program): (try? program.evaluate(scope).get()) ?? .null
    }
  }
}

/// Where a field of the searched objects is stored.
struct FieldTerm: Sendable {
  var path: FieldPath
  /// The kind whose public ids stand for the stored uids; nil for other fields.
  var idKind: String?
}

indirect enum PredicatePlan: Sendable {
  case truth(ConstantPlan)
  case all([PredicatePlan])
  case any([PredicatePlan])
  case not(PredicatePlan)
  case compare(FieldTerm, Predicate.Comparison, ConstantPlan)
  /// A boolean field by itself.
  case flag(FieldTerm)
  case isNull(FieldTerm)
  case among(FieldTerm, ConstantPlan)
  case holds(FieldTerm, ConstantPlan)
  case contains(FieldTerm, ConstantPlan)
  case startsWith(FieldTerm, ConstantPlan)
  case choose(ConstantPlan, PredicatePlan, PredicatePlan)

  /// The predicate for one request.
  func predicate(_ scope: RouteScope, ids: IDCodec) -> Predicate {
    switch self {
    case .truth(let constant): return constant.value(scope).truth == true ? .always : .never
    case .all(let parts): return Self.all(parts.map { $0.predicate(scope, ids: ids) })
    case .any(let parts): return Self.any(parts.map { $0.predicate(scope, ids: ids) })
    case .not(let part):
      switch part.predicate(scope, ids: ids) {
      case .always: return .never
      case .never: return .always
      case let other: return .not(other)
      }
    case .compare(let term, let comparison, let constant):
      return Self.compare(term, comparison, constant.value(scope), ids: ids)
    case .flag(let term): return .compare(term.path, .equal, .bool(true))
    case .isNull(let term): return .isNull(term.path)
    case .among(let term, let constant):
      guard case .list(let items) = constant.value(scope) else { return .never }
      let values = items.compactMap { Self.stored($0, term, ids: ids) }
      return values.isEmpty ? .never : .among(term.path, values)
    case .holds(let term, let constant):
      return Self.stored(constant.value(scope), term, ids: ids).map { .holds(term.path, $0) } ?? .never
    case .contains(let term, let constant): return constant.value(scope).text.map { .containsText(term.path, $0) } ?? .never
    case .startsWith(let term, let constant): return constant.value(scope).text.map { .startsWith(term.path, $0) } ?? .never
    case .choose(let condition, let yes, let no):
      return (condition.value(scope).truth == true ? yes : no).predicate(scope, ids: ids)
    }
  }

  static func all(_ parts: [Predicate]) -> Predicate {
    let kept = parts.filter { $0 != .always }
    if kept.contains(.never) { return .never }
    return kept.isEmpty ? .always : kept.count == 1 ? kept[0] : .all(kept)
  }

  static func any(_ parts: [Predicate]) -> Predicate {
    let kept = parts.filter { $0 != .never }
    if kept.contains(.always) { return .always }
    return kept.isEmpty ? .never : kept.count == 1 ? kept[0] : .any(kept)
  }

  /// CEL's equality: null equals null, and an absent field differs from every value.
  static func compare(_ term: FieldTerm, _ comparison: Predicate.Comparison, _ value: CELValue, ids: IDCodec) -> Predicate {
    if value.isNull {
      switch comparison {
      case .equal: return .isNull(term.path)
      case .notEqual: return .not(.isNull(term.path))
      default: return .never
      }
    }
    guard let stored = stored(value, term, ids: ids) else { return comparison == .notEqual ? .always : .never }
    if comparison == .notEqual { return .any([.isNull(term.path), .compare(term.path, .notEqual, stored)]) }
    return .compare(term.path, comparison, stored)
  }

  /// Nil for an id that no object can have.
  static func stored(_ value: CELValue, _ term: FieldTerm, ids: IDCodec) -> Value? {
    guard let kind = term.idKind else { return FieldConversion.stored(value) }
    if case .object(let object as ObjectValue) = value { return .string(object.object.uid.description) }
    guard let text = value.text else { return nil }
    switch ids.read(text, kind: kind) {
    case .uid(let uid): return .string(uid.description)
    case .name(let name): return .string(name)
    case nil: return UID(text).map { .string($0.description) }
    }
  }
}
