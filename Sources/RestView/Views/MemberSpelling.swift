// The members of object fields in a family's case, both ways: `healthCheck.intervalSeconds` ↔ `health_check.interval_seconds`.
// Keys of maps are data and stay as they are.
import Core
import Kinds

enum MemberSpelling {
  /// Whether any member below the field is shown under another name.
  static func renames(_ field: FieldSpec, _ spelling: FamilySpec.Case) -> Bool {
    guard spelling == .snake else { return false }
    return field.fields.contains { Spelling.snake($0.name) != $0.name || renames($0, spelling) }
      || (field.of.map { renames($0, spelling) } ?? false)
  }

  /// The field with its members under the names that are shown, for checking what a client sent.
  static func shown(_ field: FieldSpec, _ spelling: FamilySpec.Case) -> FieldSpec {
    guard renames(field, spelling) else { return field }
    let copy = field.copy()
    copy.fields = field.fields.map { member in
      let shown = shown(member, spelling).copy()
      shown.name = Spelling.shown(member.name, spelling)
      return shown
    }
    copy.items = field.items.map { shown($0, spelling) }
    return copy
  }

  /// A stored value as it is shown.
  static func shown(_ value: Value, _ field: FieldSpec, _ spelling: FamilySpec.Case) -> Value {
    renamed(value, field) { Spelling.shown($0.name, spelling) }
  }

  /// What a client sent as it is stored. `field` has the stored names.
  static func stored(_ value: Value, _ field: FieldSpec, _ spelling: FamilySpec.Case) -> Value {
    switch value {
    case .list(let items): return field.of.map { of in .list(items.map { stored($0, of, spelling) }) } ?? value
    case .object(let map):
      if field.type == .map, let of = field.of { return .object(ObjectMap(map.map { ($0.key, stored($0.value, of, spelling)) })) }
      return .object(
        ObjectMap(
          map.map { name, value in
            guard let member = field.fields.first(where: { Spelling.shown($0.name, spelling) == name }) else {
              return (name, value)
            }
            return (member.name, stored(value, member, spelling))
          }))
    default: return value
    }
  }

  private static func renamed(_ value: Value, _ field: FieldSpec, _ name: (FieldSpec) -> String) -> Value {
    switch value {
    case .list(let items): return field.of.map { of in .list(items.map { renamed($0, of, name) }) } ?? value
    case .object(let map):
      if field.type == .map, let of = field.of { return .object(ObjectMap(map.map { ($0.key, renamed($0.value, of, name)) })) }
      return .object(
        ObjectMap(
          map.map { key, value in
            guard let member = field.fields.first(where: { $0.name == key }) else { return (key, value) }
            return (name(member), renamed(value, member, name))
          }))
    default: return value
    }
  }
}
