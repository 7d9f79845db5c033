// The gzip format (RFC 1952) around DEFLATE.

enum Gzip {
  /// Magic, method deflate, no flags, no time, no hint, unknown system.
  private static let head: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]

  /// The whole of `input` as one member.
  static func compress(_ input: [UInt8]) -> [UInt8] {
    var out = head + Deflate.compress(input)
    for word in [crc32(input), UInt32(truncatingIfNeeded: input.count)] {
      for shift in stride(from: UInt32(0), to: 32, by: 8) { out.append(UInt8(truncatingIfNeeded: word >> shift)) }
    }
    return out
  }

  /// The same for a caller that must not be kept: runs on the executor of the surrounding task.
  static func compressElsewhere(_ input: [UInt8]) async -> [UInt8] { compress(input) }

  private static let crcTable: [UInt32] = (0..<256).map { n in
    (0..<8).reduce(UInt32(n)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
  }

  static func crc32(_ input: [UInt8]) -> UInt32 {
    crcTable.withUnsafeBufferPointer { table in
      ~input.reduce(~UInt32(0)) { crc, byte in crc >> 8 ^ table[Int((crc ^ UInt32(byte)) & 255)] }
    }
  }
}
