// Bytes as base32 (RFC 4648), the form in which authenticator apps take their secrets.

public enum Base32 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

  /// Without padding, as apps expect it.
  public static func encode(_ bytes: some Collection<UInt8>) -> String {
    var out: [UInt8] = []
    var pending: UInt32 = 0
    var bits = 0
    for byte in bytes {
      pending = (pending << 8 | UInt32(byte)) & 0xffff
      bits += 8
      while bits >= 5 {
        bits -= 5
        out.append(alphabet[Int(pending >> UInt32(bits) & 31)])
      }
    }
    if bits > 0 { out.append(alphabet[Int(pending << UInt32(5 - bits) & 31)]) }
    return String(decoding: out, as: UTF8.self)
  }

  /// Reads either case, with or without padding; nil for anything else.
  public static func decode(_ text: some StringProtocol) -> [UInt8]? {
    var out: [UInt8] = []
    var pending: UInt32 = 0
    var bits = 0
    for character in text.utf8.reversed().drop(while: { $0 == UInt8(ascii: "=") }).reversed() {
      let value: UInt8
      switch character {
      case 65...90: value = character - 65
      case 97...122: value = character - 97
      case 50...55: value = character - 50 + 26
      default: return nil
      }
      pending = (pending << 5 | UInt32(value)) & 0xffff
      bits += 5
      if bits >= 8 {
        bits -= 8
        out.append(UInt8(truncatingIfNeeded: pending >> UInt32(bits)))
      }
    }
    return bits < 5 && pending & (1 << UInt32(bits) - 1) == 0 ? out : nil
  }
}
