// A hash that is the same in every process, for revisions and spreads. Not for secrets.
import Core

enum StableHash {
  /// FNV-1a, 64 bits, with a final mix.
  static func of(_ text: String) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    hash = (hash ^ (hash >> 33)) &* 0xff51_afd7_ed55_8ccd
    return hash ^ (hash >> 33)
  }

  /// Sixteen hexadecimal digits.
  static func text(_ value: Value) -> String {
    let digits = String(of(JSON.canonical(value)), radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
