// Which addresses of a host may be called: the one rule for every program that calls servers of a tenant's choice.
import Core
import Foundation

public struct TargetGuard: Sendable {
  /// Lets calls reach this machine and its networks.
  public let allowsPrivate: Bool
  private let resolver: any HostResolver

  public init(allowsPrivate: Bool, resolver: any HostResolver = SystemResolver()) {
    self.allowsPrivate = allowsPrivate
    self.resolver = resolver
  }

  /// Texts of the addresses of `host` that may be called, best first; never empty. Throws OutgoingFailure of reason `timeout`,
  /// `unresolved` or `refusedTarget`.
  public func addresses(of host: String, until deadline: ContinuousClock.Instant) async throws(OutgoingFailure) -> [String] {
    try await targets(host, until: deadline).map(\.description)
  }

  func targets(_ host: String, until deadline: ContinuousClock.Instant) async throws(OutgoingFailure) -> [IPAddress] {
    var found: [IPAddress] = []
    if let address = IPAddress(host) {
      found = [address]
    } else {
      let resolver = resolver
      guard let texts = await firstOf(deadline, { await resolver.addresses(of: host) }) else {
        throw OutgoingFailure(.timeout, "The host \(host) was not found in time.")
      }
      found = texts.compactMap { IPAddress($0) }
    }
    guard !found.isEmpty else { throw OutgoingFailure(.unresolved, "The host \(host) is not known.") }
    let allowed = found.filter { allowsPrivate ? $0.isTarget : $0.isPublic }
    guard !allowed.isEmpty else {
      throw OutgoingFailure(.refusedTarget, "The host \(host) is not on the public internet, and may not be called.")
    }
    return allowed
  }

  /// What `work` returns, or nil at the deadline; the work is then left to itself.
  private func firstOf<T: Sendable>(_ deadline: ContinuousClock.Instant, _ work: @escaping @Sendable () async -> T) async -> T? {
    let (results, end) = AsyncStream.makeStream(of: Optional<T>.self, bufferingPolicy: .bufferingOldest(1))
    let worker = Task { end.yield(await work()) }
    let timer = Task {
      try? await Task.sleep(until: deadline)
      end.yield(nil)
    }
    defer {
      worker.cancel()
      timer.cancel()
    }
    for await result in results { return result }
    return nil
  }
}
