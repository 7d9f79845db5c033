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

  // MARK: ObjectIDs

  /// The same identifier with fewer random bits, so that 24 hexadecimal digits tell it: whole seconds, 64 random bits.
  public var compact: UID {
    let seconds = (high >> 16) / 1000
    return UID(high: (seconds * 1000) << 16 | high & 0xFFFF, low: 0x8000_0000_0000_0000 | low & 0x0FFF_FFFF_FFFF_FF00)
  }

  /// Seconds, then the random bits, as 24 hexadecimal digits; nil for an identifier that is not compact.
  public var objectID: String? {
    if self == .rootTenant { return Self.rootObjectID }
    let milliseconds = high >> 16
    guard compact == self, high & 0xF000 == 0x7000, milliseconds / 1000 < 1 << 32 else { return nil }
    func hex(_ word: UInt64, _ digits: Int) -> String {
      let text = String(word, radix: 16)
      return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
    return hex(milliseconds / 1000, 8) + hex(high & 0x0FFF, 3) + hex(low >> 8 & 0xF_FFFF_FFFF_FFFF, 13)
  }

  /// What `objectID` wrote, in either case; nil for anything else.
  public init?(objectID text: some StringProtocol) {
    if text == Self.rootObjectID {
      self = .rootTenant
      return
    }
    let digits = Array(text.utf8)
    guard digits.count == 24, digits.allSatisfy({ (48...57).contains($0) || (97...102).contains($0 | 0x20) }),
      let seconds = UInt64(text.prefix(8), radix: 16), let first = UInt64(text.dropFirst(8).prefix(3), radix: 16),
      let rest = UInt64(text.suffix(13), radix: 16)
    else { return nil }
    self.init(high: (seconds * 1000) << 16 | 0x7000 | first, low: 0x8000_0000_0000_0000 | rest << 8)
  }

  private static let rootObjectID = "000000000000000000000001"

  public static func < (a: UID, b: UID) -> Bool { a.high != b.high ? a.high < b.high : a.low < b.low }

  /// The tenant that runs the installation.
  public static let rootTenant = UID(high: 0x0000_0000_0000_7000, low: 0x8000_0000_0000_0001)
}
