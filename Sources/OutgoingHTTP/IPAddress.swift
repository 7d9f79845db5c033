// An IP address, and whether the public internet is behind it.
import Foundation

struct IPAddress: Hashable, CustomStringConvertible {
  /// 4 or 16, in network order.
  let bytes: [UInt8]

  /// Reads the usual text of an IPv4 or IPv6 address, without brackets or zone.
  init?(_ text: String) {
    var four = in_addr()
    var sixteen = in6_addr()
    if inet_pton(AF_INET, text, &four) == 1 {
      bytes = withUnsafeBytes(of: four) { Array($0) }
    } else if inet_pton(AF_INET6, text, &sixteen) == 1 {
      bytes = withUnsafeBytes(of: sixteen) { Array($0) }
    } else {
      return nil
    }
  }

  /// Reads a socket address; nil for other families.
  init?(_ name: UnsafePointer<sockaddr>) {
    switch Int32(name.pointee.sa_family) {
    case AF_INET:
      bytes = name.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { withUnsafeBytes(of: $0.pointee.sin_addr) { Array($0) } }
    case AF_INET6:
      bytes = name.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
        withUnsafeBytes(of: $0.pointee.sin6_addr) { Array($0) }
      }
    default: return nil
    }
  }

  init(bytes: [UInt8]) { self.bytes = bytes }

  var isIPv6: Bool { bytes.count == 16 }

  var description: String {
    guard isIPv6 else { return bytes.map { String($0) }.joined(separator: ".") }
    return stride(from: 0, to: 16, by: 2).map { String(Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]), radix: 16) }.joined(
      separator: ":")
  }

  /// True for addresses that anybody on the internet may reach: not this machine, its network, its cloud's metadata, nor a range kept
  /// for special uses. An IPv6 address that carries an IPv4 address is judged by that.
  var isPublic: Bool {
    guard isIPv6 else { return !Self.special.contains { contains($0.0, $0.1) } }
    if let inner = embedded { return inner.isPublic }
    // Of all IPv6, only 2000::/3 has been given out.
    return bytes[0] & 0xE0 == 0x20 && !Self.special6.contains { contains($0.0, $0.1) }
  }

  /// Nothing listens at these, whatever an operator allows.
  var isTarget: Bool {
    if let inner = embedded { return inner.isTarget }
    if isIPv6 { return bytes[0] != 0xFF && bytes.contains { $0 != 0 } }
    return bytes[0] != 0 && bytes[0] < 224
  }

  /// The IPv4 address in a mapped, compatible, translated (NAT64) or 6to4 address.
  private var embedded: IPAddress? {
    guard isIPv6 else { return nil }
    let translated: [UInt8] = [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]
    let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
    let head = Array(bytes[..<12])
    let isLoopbackOrAny = head.allSatisfy { $0 == 0 } && bytes[12...14].allSatisfy { $0 == 0 } && bytes[15] <= 1
    if head == translated || head == mapped || (head.allSatisfy { $0 == 0 } && !isLoopbackOrAny) {
      return IPAddress(bytes: Array(bytes[12...]))
    }
    if bytes[0] == 0x20, bytes[1] == 0x02 { return IPAddress(bytes: Array(bytes[2..<6])) }
    return nil
  }

  private func contains(_ prefix: [UInt8], _ bits: Int) -> Bool {
    for n in 0..<(bits + 7) / 8 {
      let width = min(8, bits - n * 8)
      let mask = UInt8(truncatingIfNeeded: 0xFF00 >> width)
      if bytes[n] & mask != prefix[n] & mask { return false }
    }
    return true
  }

  /// The special-purpose registry of IANA (RFC 6890 and later), and the metadata host of one cloud that has a public address.
  private static let special: [([UInt8], Int)] = [
    ([0, 0, 0, 0], 8), ([10, 0, 0, 0], 8), ([100, 64, 0, 0], 10), ([127, 0, 0, 0], 8), ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24), ([192, 0, 2, 0], 24), ([192, 88, 99, 0], 24), ([192, 168, 0, 0], 16), ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24), ([203, 0, 113, 0], 24), ([224, 0, 0, 0], 4), ([240, 0, 0, 0], 4), ([168, 63, 129, 16], 32),
  ]

  /// Within 2000::/3: Teredo and protocol assignments, documentation.
  private static let special6: [([UInt8], Int)] = [
    ([0x20, 0x01, 0x00], 23), ([0x20, 0x01, 0x0D, 0xB8], 32), ([0x3F, 0xFF, 0x00], 20),
  ]
}
