// One spelling for each value, so that what is meant alike compares equal: decimals, times, whole numbers.
import Core

public enum FieldNormal {
  /// The object with every value as it is stored. Values that `FieldCheck` would refuse stay as they are.
  public static func object(_ map: ObjectMap, _ fields: [FieldSpec]) -> ObjectMap {
    var out = map
    for field in fields {
      if let value = map[field.name] { out[field.name] = self.value(value, field) }
    }
    return out
  }

  public static func value(_ value: Value, _ field: FieldSpec) -> Value {
    switch (field.type, value) {
    case (.object, .object(let map)): return .object(object(map, field.fields))
    case (.list, .list(let items)):
      guard let of = field.of else { return value }
      return .list(items.map { self.value($0, of) })
    case (.map, .object(let map)):
      guard let of = field.of else { return value }
      return .object(ObjectMap(map.map { ($0.key, self.value($0.value, of)) }))
    case (.decimal, _): return DecimalText.canonical(value).map(Value.string) ?? value
    case (.timestamp, .string(let text)): return Timestamp(text).map { .string($0.description) } ?? value
    case (.number, .double(let number)): return number == number.rounded() && abs(number) < 9e15 ? .int(Int(number)) : value
    default: return value
    }
  }
}
