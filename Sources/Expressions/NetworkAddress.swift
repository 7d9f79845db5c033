// IP addresses and networks as values of expressions: parsed, compared and shown in one spelling (RFC 5952).

/// Members: `address`, and of a network `prefix`.
struct NetworkAddress: CELObject {
  /// 4 or 16 bytes, of an IPv4 address within IPv6 the 4.
  let bytes: [UInt8]
  /// Nil: a single address.
  let prefix: Int?

  var typeName: String { prefix == nil ? "net.IP" : "net.CIDR" }
  var isIPv4: Bool { bytes.count == 4 }
  var text: String { addressText + (prefix.map { "/\($0)" } ?? "") }
  var keys: [String] { prefix == nil ? ["address"] : ["address", "prefix"] }
  var identity: String? { text }

  func member(_ name: String) -> CELValue? {
    switch name {
    case "address": .string(addressText)
    case "prefix": prefix.map(CELValue.int)
    default: nil
    }
  }

  init(bytes: [UInt8], prefix: Int? = nil) {
    self.bytes = bytes
    self.prefix = prefix
  }

  /// Nil: no address. IPv4 written with dots inside IPv6 and zones are refused, as the extension says.
  init?(address text: some StringProtocol) {
    if let bytes = Self.four(text) {
      self.init(bytes: bytes)
    } else if let bytes = Self.sixteen(text) {
      let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
      self.init(bytes: isMapped ? Array(bytes[12...]) : bytes)
    } else {
      return nil
    }
  }

  /// Nil: no `ADDRESS/BITS`.
  init?(network text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let address = Self(address: parts[0]), let bits = Self.number(parts[1], most: address.bytes.count * 8)
    else { return nil }
    self.init(bytes: address.bytes, prefix: bits)
  }

  /// The network's first address: what is behind the prefix is zero.
  var masked: NetworkAddress {
    guard let prefix else { return self }
    var bytes = bytes
    for at in bytes.indices {
      let kept = min(max(prefix - at * 8, 0), 8)
      bytes[at] &= UInt8(truncatingIfNeeded: 0xFF00 >> kept)
    }
    return NetworkAddress(bytes: bytes, prefix: prefix)
  }

  func contains(_ other: NetworkAddress) -> Bool {
    guard let prefix, bytes.count == other.bytes.count, (other.prefix ?? bytes.count * 8) >= prefix else { return false }
    return NetworkAddress(bytes: other.bytes, prefix: prefix).masked.bytes == masked.bytes
  }

  var isUnspecified: Bool { bytes.allSatisfy { $0 == 0 } }
  var isLoopback: Bool { isIPv4 ? bytes[0] == 127 : bytes[15] == 1 && bytes[..<15].allSatisfy { $0 == 0 } }
  var isMulticast: Bool { isIPv4 ? bytes[0] & 0xF0 == 0xE0 : bytes[0] == 0xFF }
  var isLinkLocalMulticast: Bool {
    isIPv4 ? bytes[..<3] == [224, 0, 0] : bytes[0] == 0xFF && bytes[1] & 0x0F == 0x02
  }
  var isLinkLocalUnicast: Bool { isIPv4 ? bytes[..<2] == [169, 254] : bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80 }
  var isGlobalUnicast: Bool {
    !(isUnspecified || isLoopback || isMulticast || isLinkLocalUnicast || isIPv4 && bytes.allSatisfy { $0 == 255 })
  }

  private static func number(_ text: some StringProtocol, most: Int) -> Int? {
    guard !text.isEmpty, text.utf8.count <= 3, text.utf8.allSatisfy({ (48...57).contains($0) }),
      text == "0" || !text.hasPrefix("0"),
      let number = Int(text), number <= most
    else { return nil }
    return number
  }

  private static func four(_ text: some StringProtocol) -> [UInt8]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    let bytes = parts.compactMap { number($0, most: 255).map { UInt8($0) } }
    return bytes.count == 4 ? bytes : nil
  }

  private static func sixteen(_ text: some StringProtocol) -> [UInt8]? {
    guard text.utf8.count <= 39, text.utf8.contains(58) else { return nil }
    var halves: [[UInt16]] = [[]]
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    for (at, part) in parts.enumerated() {
      if part.isEmpty {
        // `::` gives one empty part within the text, and two at an end of it.
        if at == 0 || at == parts.count - 1 {
          guard parts.count > 2, parts[at == 0 ? 1 : at - 1].isEmpty else { return nil }
          continue
        }
        guard halves.count == 1 else { return nil }
        halves.append([])
        continue
      }
      guard part.utf8.count <= 4, part.utf8.allSatisfy({ $0 != 43 && $0 != 45 }), let group = UInt16(part, radix: 16) else {
        return nil
      }
      halves[halves.count - 1].append(group)
    }
    let given = halves.reduce(0) { $0 + $1.count }
    guard halves.count == 2 ? given < 8 : given == 8 else { return nil }
    let groups = halves[0] + Array(repeating: 0, count: 8 - given) + (halves.count == 2 ? halves[1] : [])
    return groups.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
  }

  private var addressText: String {
    if isIPv4 { return bytes.map(String.init).joined(separator: ".") }
    let groups = (0..<8).map { UInt16(bytes[$0 * 2]) << 8 | UInt16(bytes[$0 * 2 + 1]) }
    // The longest run of two or more zeroes is left out, the first of those as long.
    var best = 0..<0
    var from = 0
    while from < 8 {
      let to = groups[from...].firstIndex { $0 != 0 } ?? 8
      if to - from > max(best.count, 1) { best = from..<to }
      from = max(to, from + 1)
    }
    func shown(_ range: Range<Int>) -> String { groups[range].map { String($0, radix: 16) }.joined(separator: ":") }
    return best.isEmpty ? shown(0..<8) : shown(0..<best.lowerBound) + "::" + shown(best.upperBound..<8)
  }
}
