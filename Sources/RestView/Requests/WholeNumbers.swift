// JSON has one kind of number: 3.0 where an integer is expected is 3.
import Core
import Kinds

enum WholeNumbers {
  /// Beyond this a double no longer tells neighbouring integers apart.
  private static let exact = 9_007_199_254_740_992.0

  static func read(_ value: Value, _ members: [FieldSpec]) -> Value {
    guard case .object(let map) = value else { return value }
    return .object(
      ObjectMap(
        map.map { name, value in
          (name, members.first { $0.name == name }.map { read(value, $0) } ?? value)
        }))
  }

  private static func read(_ value: Value, _ field: FieldSpec) -> Value {
    switch (field.type, value) {
    case (.integer, .double(let number)): number == number.rounded() && abs(number) < exact ? .int(Int(number)) : value
    case (.object, _): read(value, field.fields)
    case (.list, .list(let items)): field.of.map { of in .list(items.map { read($0, of) }) } ?? value
    case (.map, .object(let map)): field.of.map { of in .object(ObjectMap(map.map { ($0.key, read($0.value, of)) })) } ?? value
    default: value
    }
  }
}
