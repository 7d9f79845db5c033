// An IP address or network, as allow-lists state it.
import Foundation

/// `192.0.2.1`, `192.0.2.0/24`, `2001:db8::/32`.
struct AddressRange {
  private let bytes: [UInt8]
  private let bits: Int

  init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1)
    guard let first = parts.first, let bytes = Self.bytes(String(first)) else { return nil }
    let all = bytes.count * 8
    let bits = parts.count > 1 ? Int(parts[1]) : all
    guard let bits, (0...all).contains(bits) else { return nil }
    self.bytes = bytes
    self.bits = bits
  }

  func contains(_ address: String) -> Bool {
    guard let other = Self.bytes(address), other.count == bytes.count else { return false }
    for bit in 0..<bits where (bytes[bit / 8] ^ other[bit / 8]) & (0x80 >> UInt8(bit % 8)) != 0 { return false }
    return true
  }

  /// Four or sixteen bytes; an IPv4 address within IPv6 counts as IPv4.
  private static func bytes(_ text: String) -> [UInt8]? {
    var four = in_addr()
    if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: &four) { Array($0) } }
    var six = in6_addr()
    guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
    let bytes = withUnsafeBytes(of: &six) { Array($0) }
    return bytes[0..<10].allSatisfy { $0 == 0 } && bytes[10] == 255 && bytes[11] == 255 ? Array(bytes[12...]) : bytes
  }
}
