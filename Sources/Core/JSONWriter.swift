// Values to JSON bytes.

public enum JSON {
  /// Compact JSON. Doubles that are whole are written with `.0`; NaN and infinities, which JSON lacks, as null.
  public static func write(_ value: Value) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(256)
    write(value, to: &out)
    return out
  }

  public static func text(_ value: Value) -> String { String(decoding: write(value), as: UTF8.self) }

  public static func write(_ value: Value, to out: inout [UInt8]) {
    switch value {
    case .null: out.append(contentsOf: "null".utf8)
    case .bool(let b): out.append(contentsOf: (b ? "true" : "false").utf8)
    case .int(let i): write(i, to: &out)
    case .double(let d): out.append(contentsOf: (d.isFinite ? "\(d)" : "null").utf8)
    case .string(let s): write(s, to: &out)
    case .list(let items):
      out.append(UInt8(ascii: "["))
      for (n, item) in items.enumerated() {
        if n > 0 { out.append(UInt8(ascii: ",")) }
        write(item, to: &out)
      }
      out.append(UInt8(ascii: "]"))
    case .object(let map):
      out.append(UInt8(ascii: "{"))
      for n in map.keys.indices {
        if n > 0 { out.append(UInt8(ascii: ",")) }
        write(map.keys[n], to: &out)
        out.append(UInt8(ascii: ":"))
        write(map.values[n], to: &out)
      }
      out.append(UInt8(ascii: "}"))
    }
  }

  /// Indented by two spaces, for people.
  public static func pretty(_ value: Value, indent: Int = 0) -> String {
    let pad = String(repeating: " ", count: indent + 2)
    let end = String(repeating: " ", count: indent)
    switch value {
    case .list(let items) where !items.isEmpty:
      return "[\n" + items.map { pad + pretty($0, indent: indent + 2) }.joined(separator: ",\n") + "\n\(end)]"
    case .object(let map) where !map.isEmpty:
      let members = map.map { "\(pad)\(text(.string($0.key))): \(pretty($0.value, indent: indent + 2))" }
      return "{\n" + members.joined(separator: ",\n") + "\n\(end)}"
    default: return text(value)
    }
  }

  /// The text of `value` with the members of every object sorted: equal values give equal text.
  public static func canonical(_ value: Value) -> String {
    func sort(_ v: Value) -> Value {
      switch v {
      case .list(let items): .list(items.map(sort))
      case .object(let map): .object(ObjectMap(map.sorted().map { ($0.key, sort($0.value)) }))
      default: v
      }
    }
    return text(sort(value))
  }

  public static func write(_ number: Int, to out: inout [UInt8]) {
    if number == 0 { return out.append(48) }
    if number < 0 { out.append(UInt8(ascii: "-")) }
    var magnitude = number.magnitude
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
      var at = 20
      while magnitude > 0 {
        at -= 1
        digits[at] = 48 + UInt8(magnitude % 10)
        magnitude /= 10
      }
      out.append(contentsOf: UnsafeBufferPointer(rebasing: digits[at..<20]))
    }
  }

  public static func write(_ string: String, to out: inout [UInt8]) {
    out.append(UInt8(ascii: "\""))
    var string = string
    string.withUTF8 { bytes in
      var start = 0
      for at in 0..<bytes.count {
        let c = bytes[at]
        if c >= 32, c != UInt8(ascii: "\""), c != UInt8(ascii: "\\") { continue }
        if start < at { out.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[start..<at])) }
        start = at + 1
        out.append(UInt8(ascii: "\\"))
        switch c {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): out.append(c)
        case 10: out.append(UInt8(ascii: "n"))
        case 13: out.append(UInt8(ascii: "r"))
        case 9: out.append(UInt8(ascii: "t"))
        default:
          let hex = Array("0123456789abcdef".utf8)
          out.append(contentsOf: [UInt8(ascii: "u"), 48, 48, hex[Int(c >> 4)], hex[Int(c & 15)]])
        }
      }
      if start < bytes.count { out.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[start...])) }
    }
    out.append(UInt8(ascii: "\""))
  }
}
