// The network extension of CEL: addresses and networks made of texts, and what can be asked of them.

enum NetworkFunctions {
  static func add(to set: inout CELFunctions) {
    text("ip", &set) { text in
      NetworkAddress(address: text).map { .object($0) } ?? .error(CELFailure("'\(text.prefix(80))' is no IP address"))
    }
    text("cidr", &set) { text in
      NetworkAddress(network: text).map { .object($0) }
        ?? .error(CELFailure("'\(text.prefix(80))' is no network such as 10.0.0.0/8"))
    }
    text("isIP", &set) { .bool(NetworkAddress(address: $0) != nil) }
    text("isCIDR", &set) { .bool(NetworkAddress(network: $0) != nil) }
    text("ip.isCanonical", &set) { text in
      NetworkAddress(address: text).map { .bool($0.text == text) } ?? .error(CELFailure("'\(text.prefix(80))' is no IP address"))
    }
    asked("family", of: .address, &set) { .int($0.isIPv4 ? 4 : 6) }
    asked("isUnspecified", of: .address, &set) { .bool($0.isUnspecified) }
    asked("isLoopback", of: .address, &set) { .bool($0.isLoopback) }
    asked("isGlobalUnicast", of: .address, &set) { .bool($0.isGlobalUnicast) }
    asked("isLinkLocalMulticast", of: .address, &set) { .bool($0.isLinkLocalMulticast) }
    asked("isLinkLocalUnicast", of: .address, &set) { .bool($0.isLinkLocalUnicast) }
    asked("prefixLength", of: .network, &set) { .int($0.prefix ?? 0) }
    asked("masked", of: .network, &set) { .object($0.masked) }
    asked("ip", of: .network, &set) { .object(NetworkAddress(bytes: $0.bytes)) }
    holds("containsIP", .address, &set) { NetworkAddress(address: $0) }
    holds("containsCIDR", .network, &set) { NetworkAddress(network: $0) }
    let standard = set.find("string", count: 1, receiver: false)
    set.add("string", 1...1, .global) { arguments, budget in
      if case .object(let value as NetworkAddress) = arguments[0] { return .string(value.text) }
      return standard?.body(arguments, &budget) ?? fault("string", arguments)
    }
  }

  private enum Sort { case address, network }

  /// The value, where it is of that sort.
  private static func value(_ value: CELValue, _ sort: Sort) -> NetworkAddress? {
    guard case .object(let address as NetworkAddress) = value, (address.prefix == nil) == (sort == .address) else { return nil }
    return address
  }

  private static func text(_ name: String, _ set: inout CELFunctions, _ body: @escaping @Sendable (String) -> CELValue) {
    set.add(name, 1...1, .global) { arguments, _ in
      if case .string(let text) = arguments[0] { body(text) } else { fault(name, arguments) }
    }
  }

  private static func asked(
    _ name: String, of sort: Sort, _ set: inout CELFunctions, _ body: @escaping @Sendable (NetworkAddress) -> CELValue
  ) {
    set.add(name, 1...1, .receiver) { arguments, _ in value(arguments[0], sort).map(body) ?? fault(name, arguments) }
  }

  /// Of a network: whether it holds an address or network, given as such or as text.
  private static func holds(
    _ name: String, _ sort: Sort, _ set: inout CELFunctions, _ read: @escaping @Sendable (String) -> NetworkAddress?
  ) {
    set.add(name, 2...2, .receiver) { arguments, _ in
      guard let network = value(arguments[0], .network) else { return fault(name, arguments) }
      if case .string(let text) = arguments[1] {
        return read(text).map { .bool(network.contains($0)) }
          ?? .error(CELFailure("'\(text.prefix(80))' is no IP address or network"))
      }
      return value(arguments[1], sort).map { .bool(network.contains($0)) } ?? fault(name, arguments)
    }
  }

  private static func fault(_ name: String, _ arguments: [CELValue]) -> CELValue { .error(.noOverload(name, arguments)) }
}
