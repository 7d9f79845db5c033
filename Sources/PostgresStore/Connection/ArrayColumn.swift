// Arrays as parameters, in PostgreSQL's binary form: no quoting here, no parsing there.
import Core

/// One column of many rows, for `unnest`: a one-dimensional array that grows by one element at a time.
///
/// The layout is that of `array_send` in PostgreSQL's arrayfuncs.c: number of dimensions, whether there are nulls, type of the
/// elements, length, lower bound; then each element with its length before it. All numbers are big-endian.
struct ArrayColumn {
  /// Types of elements, with their fixed numbers (pg_type.dat). An array must be cast to just this type in the statement.
  enum Element: UInt32 {
    case boolean = 16
    case bytea = 17
    case bigint = 20
    case text = 25
    case double = 701
    case timestamptz = 1184
    case uuid = 2950
    case jsonb = 3802

    /// For a type's name in SQL; what is not known is sent as text.
    init(sql name: String) {
      switch name {
      case "boolean": self = .boolean
      case "bigint": self = .bigint
      case "double precision": self = .double
      case "timestamptz": self = .timestamptz
      case "uuid": self = .uuid
      case "jsonb": self = .jsonb
      default: self = .text
      }
    }
  }

  private static let header = 20
  /// Microseconds from 1970 to 2000, where PostgreSQL's times begin.
  private static let epoch = 946_684_800_000_000

  private var out: [UInt8]
  private var hasNulls = false
  /// False while every element was null: the whole array can then be passed as NULL.
  private(set) var hasValues = false
  private(set) var count = 0
  private let element: Element

  init(_ element: Element) {
    self.element = element
    out = Array(repeating: 0, count: Self.header)
  }

  var parameter: Parameter {
    var whole = out
    func put(_ number: UInt32, at offset: Int) {
      withUnsafeBytes(of: number.bigEndian) { for n in 0..<4 { whole[offset + n] = $0[n] } }
    }
    put(count == 0 ? 0 : 1, at: 0)
    put(hasNulls ? 1 : 0, at: 4)
    put(element.rawValue, at: 8)
    put(UInt32(count), at: 12)
    put(1, at: 16)
    // An array without dimensions ends after the type.
    if count == 0 { whole.removeLast(8) }
    return Parameter(bytes: whole, isBinary: true)
  }
  /// NULL when no element has a value: `unnest` then gives nulls all the way down.
  var parameterOrNull: Parameter { hasValues ? parameter : .null }

  mutating func addNull() {
    count += 1
    hasNulls = true
    put(UInt32.max)
  }
  mutating func add(_ uid: UID) {
    begin(16)
    put(uid.high)
    put(uid.low)
  }
  mutating func add(_ number: Int) {
    begin(8)
    put(UInt64(bitPattern: Int64(number)))
  }
  mutating func add(_ number: Double) {
    begin(8)
    put(number.bitPattern)
  }
  mutating func add(_ flag: Bool) {
    begin(1)
    out.append(flag ? 1 : 0)
  }
  mutating func add(_ time: Timestamp?) {
    guard let time else { return addNull() }
    begin(8)
    put(UInt64(bitPattern: Int64(time.microseconds - Self.epoch)))
  }
  mutating func add(_ text: String?) {
    guard var text else { return addNull() }
    text.withUTF8 {
      begin($0.count)
      out.append(contentsOf: $0)
    }
  }
  /// Bytes as `bytea`.
  mutating func add(binary: [UInt8]) {
    begin(binary.count)
    out.append(contentsOf: binary)
  }
  /// A value as `jsonb`, written in place.
  mutating func add(_ value: Value) {
    let start = out.count
    begin(0)
    out.append(Self.jsonbVersion)
    JSON.write(value, to: &out)
    let length = UInt32(out.count - start - 4)
    withUnsafeBytes(of: length.bigEndian) { for n in 0..<4 { out[start + n] = $0[n] } }
  }

  /// The only version of jsonb's binary form: JSON text after this byte.
  private static let jsonbVersion: UInt8 = 1

  private mutating func begin(_ length: Int) {
    count += 1
    hasValues = true
    put(UInt32(length))
  }
  private mutating func put(_ number: some FixedWidthInteger) {
    withUnsafeBytes(of: number.bigEndian) { out.append(contentsOf: $0) }
  }
}
