// Message literals: only the well-known types that are CEL values anyway.

enum WellKnownMessage {
  private static let prefix = "google.protobuf."
  private static let fieldNames: [String: Set<String>] = [
    "BoolValue": ["value"], "BytesValue": ["value"], "DoubleValue": ["value"], "FloatValue": ["value"], "Int32Value": ["value"],
    "Int64Value": ["value"], "StringValue": ["value"], "UInt32Value": ["value"], "UInt64Value": ["value"],
    "Duration": ["seconds", "nanos"], "Timestamp": ["seconds", "nanos"], "Struct": ["fields"], "ListValue": ["values"],
    "Value": ["null_value", "number_value", "string_value", "bool_value", "struct_value", "list_value"],
  ]

  /// The name without its package, which may be left out.
  private static func short(_ name: String) -> String { name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name }

  /// The fields of a message type; nil for types that cannot be written.
  static func fields(of name: String) -> Set<String>? {
    fieldNames[short(name)]
  }

  static func build(_ name: String, _ fields: [String: CELValue]) -> CELValue {
    let value = fields["value"]
    switch short(name) {
    case "BoolValue": if case .bool? = value ?? .bool(false) { return value ?? .bool(false) }
    case "BytesValue": if case .bytes? = value ?? .bytes([]) { return value ?? .bytes([]) }
    case "StringValue": if case .string? = value ?? .string("") { return value ?? .string("") }
    case "DoubleValue": if case .double(let d)? = number(value) { return .double(d) }
    case "FloatValue": if case .double(let d)? = number(value) { return .double(Double(Float(d))) }
    case "Int64Value": if case .int? = value ?? .int(0) { return value ?? .int(0) }
    case "UInt64Value": if case .uint? = value ?? .uint(0) { return value ?? .uint(0) }
    case "Int32Value":
      if case .int(let i)? = value ?? .int(0) { return Int32(exactly: i) == nil ? range(name) : .int(i) }
    case "UInt32Value":
      if case .uint(let u)? = value ?? .uint(0) { return UInt32(exactly: u) == nil ? range(name) : .uint(u) }
    case "Duration", "Timestamp":
      if case .int(let seconds) = fields["seconds"] ?? .int(0), case .int(let nanos) = fields["nanos"] ?? .int(0) {
        guard abs(nanos / TimeText.nanosOfSecond) == 0 else { return range(name) }
        return name.hasSuffix("Duration") ? Arithmetic.duration(seconds, nanos) : Arithmetic.timestamp(clamped(seconds), nanos)
      }
    case "Struct":
      let members = fields["fields"] ?? .map(CELMap(members: []))
      if case .map(let map) = members, map.keys.allSatisfy({ $0.text != nil }) {
        return CELMap.value(keys: map.keys, values: (0..<map.count).map { json(map.value(at: $0)) })
      }
    case "ListValue": if case .list(let items) = fields["values"] ?? .list([]) { return .list(items.map(json)) }
    case "Value":
      guard let (field, value) = fields.first else { return .null }
      if fields.count == 1 { return variant(field, value) ?? .error(.noOverload(name, [value])) }
    default: break
    }
    return .error(.noOverload(name, fields.values.map { $0 }))
  }

  private static func range(_ name: String) -> CELValue { .error(CELFailure("range error: the number does not fit in \(name)")) }

  /// Seconds that stay far outside of the range of timestamps, but can be added to.
  private static func clamped(_ seconds: Int) -> Int { min(max(seconds, -1 << 60), 1 << 60) }

  private static func number(_ value: CELValue?) -> CELValue? {
    switch value {
    case nil: .double(0)
    case .int(let i)?: .double(Double(i))
    case .uint(let u)?: .double(Double(u))
    default: value
    }
  }

  /// The value of one field of `google.protobuf.Value`.
  private static func variant(_ field: String, _ value: CELValue) -> CELValue? {
    switch (field, value) {
    case ("null_value", .null), ("null_value", .int): .null
    case ("number_value", _): number(value).flatMap { if case .double = $0 { $0 } else { nil } }
    case ("string_value", .string), ("bool_value", .bool), ("struct_value", .map), ("list_value", .list): value
    default: nil
    }
  }

  /// JSON has one kind of number.
  private static func json(_ value: CELValue) -> CELValue {
    switch value {
    case .int(let i) where i.magnitude < 1 << 53: .double(Double(i))
    case .uint(let u) where u < 1 << 53: .double(Double(u))
    case .int, .uint: .string(value.shown)
    default: value
    }
  }
}
