// Stored values to what expressions compute with, and back. Secrets never come out as more than a hint.
import Core
import Expressions
import Kinds

enum FieldConversion {
  /// The last characters of a secret, stored in clear beside it.
  static let hint = "hint"

  static func expression(_ time: Timestamp) -> CELValue {
    let seconds = Int((Double(time.microseconds) / 1e6).rounded(.down))
    return .timestamp(seconds: seconds, nanos: Int32((time.microseconds - seconds * 1_000_000) * 1000))
  }

  /// A timestamp field is a time and a duration field a duration, so that they can be compared and added.
  static func expression(_ stored: Value, _ field: FieldSpec) -> CELValue {
    if stored.isNull { return .null }
    if field.secret != nil { return .map(CELMap([hint: secretHint(stored)] as ObjectMap)) }
    switch field.type {
    case .timestamp:
      return stored.string.flatMap { Timestamp($0) }.map { expression($0) } ?? CELValue(stored)
    case .duration:
      guard let text = stored.string, let length = Duration(text: text) else { return CELValue(stored) }
      return .duration(seconds: length.microseconds / 1_000_000, nanos: Int32(length.microseconds % 1_000_000 * 1000))
    default: return CELValue(shown(stored, field))
    }
  }

  static func secretHint(_ stored: Value) -> Value {
    let hint = stored[hint]
    return hint.isNull ? stored["$hint"] : hint
  }

  /// The value without secrets at any depth.
  static func shown(_ stored: Value, _ field: FieldSpec) -> Value {
    if field.secret != nil { return .null }
    switch stored {
    case .list(let items): return field.of.map { of in .list(items.map { shown($0, of) }) } ?? redacted(stored)
    case .object(let map):
      if isSealed(map) { return .null }
      if field.type == .map, let of = field.of { return .object(ObjectMap(map.map { ($0.key, shown($0.value, of)) })) }
      if field.fields.isEmpty { return redacted(stored) }
      return .object(
        ObjectMap(
          map.compactMap { name, value in
            guard let member = field.fields.first(where: { $0.name == name }) else { return (name, redacted(value)) }
            return member.secret == nil ? (name, shown(value, member)) : nil
          }))
    default: return stored
    }
  }

  /// For values of unknown shape: whatever is sealed becomes null.
  static func redacted(_ value: Value) -> Value {
    switch value {
    case .list(let items): .list(items.map(redacted))
    case .object(let map): isSealed(map) ? .null : .object(ObjectMap(map.map { ($0.key, redacted($0.value)) }))
    default: value
    }
  }

  /// `{"$sealed": …}` and the like: how the planner stores secrets.
  static func isSealed(_ map: ObjectMap) -> Bool { map.keys.first?.utf8.first == UInt8(ascii: "$") }

  /// What an expression gave, as it is stored: objects become their uids.
  static func stored(_ value: CELValue) -> Value {
    switch value {
    case .object(let object as ObjectValue): .string(object.object.uid.description)
    case .list(let items): .list(items.map(stored))
    default: value.value
    }
  }
}
