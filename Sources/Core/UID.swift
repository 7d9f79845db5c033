// Identifiers of objects and tenants: UUIDs, version 7, so that they sort by the time they were made.

/// A 128-bit identifier, written as a lower-case UUID.
public struct UID: Sendable, Hashable, Comparable, CustomStringConvertible {
  public let high: UInt64
  public let low: UInt64

  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// A version 7 UUID: 48 bits of milliseconds, the rest random.
  public init(at time: Timestamp, random: inout some RandomNumberGenerator) {
    let milliseconds = UInt64(max(0, time.microseconds / 1000)) & 0xFFFF_FFFF_FFFF
    high = milliseconds << 16 | 0x7000 | (random.next() & 0x0FFF)
    low = 0x8000_0000_0000_0000 | (random.next() & 0x3FFF_FFFF_FFFF_FFFF)
  }

  /// Reads the canonical form, in either case; nil for anything else.
  @inlinable public init?(_ text: some StringProtocol) {
    var words: (UInt64, UInt64) = (0, 0)
    var digits = 0
    var at = 0
    for byte in text.utf8 {
      defer { at += 1 }
      if at == 8 || at == 13 || at == 18 || at == 23 {
        guard byte == UInt8(ascii: "-") else { return nil }
        continue
      }
      let digit: UInt64
      switch byte {
      case 48...57: digit = UInt64(byte - 48)
      case 97...102: digit = UInt64(byte - 87)
      case 65...70: digit = UInt64(byte - 55)
      default: return nil
      }
      if digits < 16 { words.0 = words.0 << 4 | digit } else { words.1 = words.1 << 4 | digit }
      digits += 1
    }
    guard at == 36, digits == 32 else { return nil }
    (high, low) = words
  }

  public var description: String {
    String(unsafeUninitializedCapacity: 36) { out in
      var at = 0
      func put(_ word: UInt64, _ digits: Range<Int>) {
        for digit in digits {
          let nibble = UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * digit)) & 15
          out[at] = nibble < 10 ? 48 + nibble : 87 + nibble
          at += 1
        }
      }
      func dash() {
        out[at] = UInt8(ascii: "-")
        at += 1
      }
      put(high, 0..<8)
      dash()
      put(high, 8..<12)
      dash()
      put(high, 12..<16)
      dash()
      put(low, 0..<4)
      dash()
      put(low, 4..<16)
      return 36
    }
  }

  public static func < (a: UID, b: UID) -> Bool { a.high != b.high ? a.high < b.high : a.low < b.low }

  /// The tenant that runs the installation.
  public static let rootTenant = UID(high: 0x0000_0000_0000_7000, low: 0x8000_0000_0000_0001)
}
