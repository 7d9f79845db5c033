// Names to addresses, without keeping a thread of the cooperative pool.
import Foundation

/// Finds the addresses of a host.
public protocol HostResolver: Sendable {
  /// Texts of IPv4 and IPv6 addresses, best first; empty when there are none. May take as long as it likes: the caller keeps the time.
  func addresses(of host: String) async -> [String]
}

/// The operating system's resolver: hosts file, DNS and whatever else this machine uses.
public final class SystemResolver: HostResolver {
  /// Lookups at once: each holds a thread until the system gives up.
  private static let threadLimit = 32
  private static let stackSize = 256 << 10
  private static let gate = ProgramGate(limit: threadLimit)

  public init() {}

  public func addresses(of host: String) async -> [String] {
    guard (try? await Self.gate.enter()) != nil else { return [] }
    defer { Self.gate.leave() }
    return await withCheckedContinuation { continuation in
      let thread = Thread { continuation.resume(returning: Self.lookUp(host)) }
      thread.name = "resolve"
      thread.stackSize = Self.stackSize
      thread.start()
    }
  }

  private static func lookUp(_ host: String) -> [String] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, nil, &hints, &found) == 0 else { return [] }
    defer { freeaddrinfo(found) }
    var texts: [String] = []
    var next = found
    while let info = next?.pointee {
      next = info.ai_next
      if let text = info.ai_addr.flatMap({ IPAddress($0) })?.description, !texts.contains(text) { texts.append(text) }
    }
    return texts
  }
}
