// The dynamic value that every document, spec, status and JSON body is made of.

/// A JSON-like value. Decimals (money) are strings in canonical form, timestamps are RFC 3339 strings.
public enum Value: Sendable, Hashable {
  case null
  case bool(Bool)
  case int(Int)
  case double(Double)
  case string(String)
  case list([Value])
  case object(ObjectMap)

  public static let emptyObject = Value.object(ObjectMap())

  public var isNull: Bool { if case .null = self { true } else { false } }
  public var bool: Bool? { if case .bool(let b) = self { b } else { nil } }
  public var int: Int? { if case .int(let i) = self { i } else { nil } }
  public var string: String? { if case .string(let s) = self { s } else { nil } }
  public var list: [Value]? { if case .list(let l) = self { l } else { nil } }
  public var object: ObjectMap? { if case .object(let o) = self { o } else { nil } }
  /// The number as a double, for an integer too.
  public var double: Double? {
    switch self {
    case .int(let i): Double(i)
    case .double(let d): d
    default: nil
    }
  }

  /// The member `key` of an object; null when this is no object or has no such member.
  public subscript(key: String) -> Value {
    get { if case .object(let o) = self { o[key] ?? .null } else { .null } }
    set {
      var o = object ?? ObjectMap()
      o[key] = newValue
      self = .object(o)
    }
  }

  /// The value at a dotted path (`a.b.c`), null when any step is missing.
  public func at(path: some Sequence<String>) -> Value {
    var here = self
    for step in path { here = here[step] }
    return here
  }

  /// The word for this value's type in messages for people.
  public var typeName: String {
    switch self {
    case .null: "null"
    case .bool: "boolean"
    case .int: "integer"
    case .double: "number"
    case .string: "string"
    case .list: "list"
    case .object: "map"
    }
  }

  /// The type's name with its article: `an integer`, `a list`, `null`.
  public var typePhrase: String {
    switch self {
    case .null: "null"
    case .int: "an integer"
    default: "a " + typeName
    }
  }
}

extension Value: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(integerLiteral value: Int) { self = .int(value) }
  public init(floatLiteral value: Double) { self = .double(value) }
  public init(arrayLiteral elements: Value...) { self = .list(elements) }
  public init(dictionaryLiteral elements: (String, Value)...) { self = .object(ObjectMap(elements)) }
  public init(nilLiteral: ()) { self = .null }
  /// A string, or null for nil.
  public init(_ text: String?) { self = text.map(Value.string) ?? .null }
  public init(_ number: Int?) { self = number.map(Value.int) ?? .null }
}
