// A quick hash that is the same in every process and on every machine. Not for secrets, nor against forgers.

/// FNV-1a over bytes, in two lanes of 64 bits.
public struct StableHash: Sendable {
  public private(set) var first: UInt64 = 0xCBF2_9CE4_8422_2325
  public private(set) var second: UInt64 = 0x6C62_272E_07BB_0142
  private static let prime: UInt64 = 0x0000_0100_0000_01B3

  public init() {}

  public mutating func add(_ bytes: some Sequence<UInt8>) {
    var (a, b) = (first, second)
    for byte in bytes {
      a = (a ^ UInt64(byte)) &* Self.prime
      // The second lane also turns, so that the two do not move together.
      b = ((b << 5 | b >> 59) ^ UInt64(byte)) &* Self.prime
    }
    (first, second) = (a, b)
  }

  /// Adds the text and its end, so that "ab", "c" and "a", "bc" differ.
  public mutating func add(_ text: String) {
    add(text.utf8)
    add(CollectionOfOne<UInt8>(0xFF))
  }

  /// 32 hexadecimal digits.
  public var text: String {
    [first, second].map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }
}
