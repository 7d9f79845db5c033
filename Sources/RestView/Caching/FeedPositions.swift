// How far each tenant's feed is, as far as this process knows, and since when: what cached answers are checked against.
import Core
import Foundation
import Ports

/// Positions are confirmed by the store at most this long ago when they are used; commits of this process move them at once.
final class FeedPositions: @unchecked Sendable {
  /// ENGINE section 4: how long a confirmed position stands for the present.
  static let lease: Duration = .milliseconds(500)
  private static let tenantLimit = 10_000

  private struct Known {
    var position: Int
    var confirmed: Timestamp?
  }
  private let lock = NSLock()
  private var tenants: [UID: Known] = [:]
  /// Questions under way: many requests whose lease is over ask once.
  private var asking: [UID: Task<Int, any Error>] = [:]
  private var watchers: [Int: AsyncStream<Void>.Continuation] = [:]
  private var watcherCount = 0
  private let store: any StorePort
  private let clock: any Clock

  init(store: any StorePort, clock: any Clock) {
    self.store = store
    self.clock = clock
  }

  /// The position, when it was confirmed within the lease.
  func confirmed(_ tenant: UID) -> Int? {
    let now = clock.now()
    return lock.withLock {
      guard let known = tenants[tenant], let at = known.confirmed, now - at < Self.lease, now >= at else { return nil }
      return known.position
    }
  }

  /// The position, asked of the store when the lease is over.
  func current(_ tenant: UID) async throws -> Int {
    if let position = confirmed(tenant) { return position }
    let question = lock.withLock {
      if let asked = asking[tenant] { return asked }
      let new = Task { try await ask(tenant) }
      asking[tenant] = new
      return new
    }
    return try await question.value
  }

  private func ask(_ tenant: UID) async throws -> Int {
    let asked = clock.now()
    let position: Int
    do { position = try await store.position(tenant: tenant) } catch {
      lock.withLock { asking[tenant] = nil }
      throw error
    }
    return lock.withLock {
      asking[tenant] = nil
      if tenants.count >= Self.tenantLimit { tenants.removeAll(keepingCapacity: true) }
      var known = tenants[tenant] ?? Known(position: position)
      known.position = max(known.position, position)
      known.confirmed = asked
      tenants[tenant] = known
      return known.position
    }
  }

  /// A commit of this process reached these positions.
  func note(_ positions: [UID: Int]) {
    lock.withLock {
      for (tenant, position) in positions {
        let known = tenants[tenant]?.position ?? 0
        tenants[tenant]?.position = max(known, position)
      }
    }
    wake()
  }

  /// Somebody else changed these tenants: their positions must be asked again. None: all.
  func doubt(_ changed: [UID]?) {
    lock.withLock {
      guard let changed else {
        asking.removeAll()
        return tenants.removeAll(keepingCapacity: true)
      }
      for tenant in changed {
        // A question put before this may be answered with what was.
        asking[tenant] = nil
        tenants[tenant]?.confirmed = nil
      }
    }
    wake()
  }

  /// Yields whenever something may have changed; coalesced. Ends when the reader does.
  func changes() -> AsyncStream<Void> {
    AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
      let number = lock.withLock {
        watcherCount += 1
        watchers[watcherCount] = continuation
        return watcherCount
      }
      continuation.onTermination = { [weak self] _ in
        guard let self else { return }
        self.lock.withLock { _ = self.watchers.removeValue(forKey: number) }
      }
    }
  }

  private func wake() {
    let all = lock.withLock { Array(watchers.values) }
    for watcher in all { watcher.yield() }
  }
}
