// Percent-encoding of URL parts (RFC 3986).

public enum PercentEncoding {
  /// The text behind `%41`-style escapes; `+` is a space in form data and queries. Nil for a broken escape, for bytes that are
  /// no UTF-8, and for NUL, which no name contains.
  public static func decode(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String? {
    let bytes = text.utf8
    guard bytes.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") || $0 == 0 }) else { return String(text) }
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count)
    var rest = bytes.makeIterator()
    while let byte = rest.next() {
      switch byte {
      case UInt8(ascii: "%"):
        guard let high = rest.next().flatMap(digit), let low = rest.next().flatMap(digit), high | low != 0 else { return nil }
        out.append(high << 4 | low)
      case UInt8(ascii: "+") where plusIsSpace: out.append(32)
      case 0: return nil
      default: out.append(byte)
      }
    }
    return String(validating: out, as: UTF8.self)
  }

  /// Escapes all but letters, digits and `-._~`, and the ASCII characters in `keep`.
  public static func encode(_ text: some StringProtocol, keep: String = "") -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    let kept = Array(keep.utf8)
    var out: [UInt8] = []
    out.reserveCapacity(text.utf8.count)
    for byte in text.utf8 {
      if ByteClasses.unreserved[Int(byte)] || (byte < 128 && kept.contains(byte)) {
        out.append(byte)
      } else {
        out.append(UInt8(ascii: "%"))
        out.append(digits[Int(byte >> 4)])
        out.append(digits[Int(byte & 15)])
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
