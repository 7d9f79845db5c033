// The values that CEL expressions compute with.
import Core

/// A CEL value. `==` is CEL's equality: numbers of any type are compared on one number line, NaN equals nothing.
public enum CELValue: Sendable {
  case null
  case bool(Bool)
  case int(Int)
  case uint(UInt64)
  case double(Double)
  /// An exact number, for money: the platform's addition. `decimal('12.50')` makes one.
  indirect case decimal(CELDecimal)
  case string(String)
  case bytes([UInt8])
  case list([CELValue])
  case map(CELMap)
  /// Seconds since 1970-01-01T00:00:00Z, and nanoseconds 0...999_999_999 on top. Years 0001 to 9999.
  case timestamp(seconds: Int, nanos: Int32)
  /// Seconds and nanoseconds, both of one sign. At most 315_576_000_000 seconds either way.
  case duration(seconds: Int, nanos: Int32)
  /// A type as a value, by its CEL name, such as `int` or `google.protobuf.Timestamp`.
  case type(String)
  /// An object whose members are found when they are asked for. It behaves as a map with string keys.
  indirect case object(any CELObject)
  /// The result of `optional.of(x)`, `a.?b` or `optional.none()`.
  indirect case optional(CELValue?)
  /// A failure as a value: `&&`, `||`, `all` and `exists` may overrule it, everything else passes it on.
  case error(CELFailure)
}

extension CELValue {
  /// The boolean, or nil when this is no boolean.
  public var truth: Bool? { if case .bool(let b) = self { b } else { nil } }
  public var text: String? { if case .string(let s) = self { s } else { nil } }
  public var isNull: Bool { if case .null = self { true } else { false } }
  public var failure: CELFailure? { if case .error(let f) = self { f } else { nil } }

  /// The CEL name of this value's type, as `type(x)` gives it.
  public var typeName: String {
    switch self {
    case .null: "null_type"
    case .bool: "bool"
    case .int: "int"
    case .uint: "uint"
    case .double: "double"
    case .decimal: "decimal"
    case .string: "string"
    case .bytes: "bytes"
    case .list: "list"
    case .map: "map"
    case .object(let object): object.typeName
    case .timestamp: "google.protobuf.Timestamp"
    case .duration: "google.protobuf.Duration"
    case .type: "type"
    case .optional: "optional_type"
    case .error: "error"
    }
  }

  /// Wraps a dynamic value. The members of an object are converted when they are read.
  public init(_ value: Core.Value) {
    switch value {
    case .null: self = .null
    case .bool(let b): self = .bool(b)
    case .int(let i): self = .int(i)
    case .double(let d): self = .double(d)
    case .string(let s): self = .string(s)
    case .list(let items): self = .list(items.map { CELValue($0) })
    case .object(let map): self = .map(CELMap(map))
    }
  }

  /// The dynamic value: decimals, `uint` beyond `Int.max`, bytes (base64), timestamps (RFC 3339), durations (`3.5s`), types, NaN and
  /// infinities become strings, keys of maps become strings, failures and absent optionals become null. Objects inside
  /// objects become their identity; those without one become null below `CELMap.objectDepth` levels.
  public var value: Core.Value { converted(objectDepth: CELMap.objectDepth) }

  func converted(objectDepth: Int) -> Core.Value {
    switch self {
    case .null, .error, .optional(nil): return .null
    case .bool(let b): return .bool(b)
    case .int(let i): return .int(i)
    case .uint(let u): return Int(exactly: u).map(Core.Value.int) ?? .string(String(u))
    case .double(let d): return d.isFinite ? .double(d) : .string(d.isNaN ? "NaN" : d > 0 ? "Infinity" : "-Infinity")
    case .decimal(let d): return .string(d.description)
    case .string(let s), .type(let s): return .string(s)
    case .bytes(let b): return .string(Base64.text(b))
    case .list(let items): return .list(items.map { $0.converted(objectDepth: objectDepth) })
    case .map(let map): return map.converted(objectDepth: objectDepth)
    case .timestamp(let seconds, let nanos): return .string(TimeText.timestamp(seconds: seconds, nanos: nanos))
    case .duration(let seconds, let nanos): return .string(TimeText.duration(seconds: seconds, nanos: nanos))
    case .optional(let inner?): return inner.converted(objectDepth: objectDepth)
    case .object(let address as NetworkAddress): return .string(address.text)
    case .object(let object):
      if objectDepth < CELMap.objectDepth, let identity = object.identity { return .string(identity) }
      if objectDepth == 0 { return .null }
      var map = ObjectMap()
      for key in object.keys { map[key] = (object.member(key) ?? .null).converted(objectDepth: objectDepth - 1) }
      return .object(map)
    }
  }
}

extension CELValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(integerLiteral value: Int) { self = .int(value) }
  public init(floatLiteral value: Double) { self = .double(value) }
  public init(arrayLiteral elements: CELValue...) { self = .list(elements) }
  public init(dictionaryLiteral elements: (String, CELValue)...) { self = .map(CELMap(members: elements)) }
}
