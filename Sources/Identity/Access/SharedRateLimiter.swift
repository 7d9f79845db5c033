// Rate limits that hold over all replicas: counted in the store, in batches, so that most requests cost nothing.
import Core
import Crypto
import Foundation
import Ports

/// At most `count` requests in each window of `window`, for each name. A replica takes a batch from the store's counter and spends it by
/// itself; who has spent everything is refused from memory. Without a store that answers, the replica counts alone.
public final class SharedRateLimiter: @unchecked Sendable {
  /// A batch is this part of the limit: limits below it are counted one by one.
  static let batches = 20
  /// Names remembered; beyond it those of past windows go, then all.
  static let nameLimit = 50_000
  private static let attempts = 10

  private struct Share {
    var window: Int
    var left: Int
    /// The counter is used up: nothing more before the next window.
    var isSpent = false
  }

  private let store: any StorePort
  private let clock: any Clock
  private let lock = NSLock()
  private var shares: [String: Share] = [:]

  public init(store: any StorePort, clock: any Clock) {
    self.store = store
    self.clock = clock
  }

  /// Nil when the request may go on, else the whole seconds until it may.
  public func take(_ name: String, count: Int, window: Duration) async -> Int? {
    let now = clock.now()
    let length = max(1, window.microseconds)
    let number = now.microseconds / length
    if let answer = spend(name, number) { return answer ? nil : Self.wait(now, length) }
    let batch = max(1, count / Self.batches)
    let given = await draw(name, number, batch: batch, most: count, expires: Timestamp(microseconds: (number + 2) * length))
    keep(name, number, given: given)
    return spend(name, number) ?? false ? nil : Self.wait(now, length)
  }

  /// Nil when a batch must be fetched first.
  private func spend(_ name: String, _ number: Int) -> Bool? {
    lock.withLock {
      guard var share = shares[name], share.window == number else { return nil }
      if share.left > 0 {
        share.left -= 1
        shares[name] = share
        return true
      }
      return share.isSpent ? false : nil
    }
  }

  private func keep(_ name: String, _ number: Int, given: Int) {
    lock.withLock {
      if shares.count >= Self.nameLimit, shares[name] == nil {
        shares = shares.filter { $0.value.window >= number }
        if shares.count >= Self.nameLimit { shares.removeAll() }
      }
      var share = shares[name].flatMap { $0.window == number ? $0 : nil } ?? Share(window: number, left: 0)
      share.left += given
      share.isSpent = given == 0
      shares[name] = share
    }
  }

  /// How much of `batch` the counter still gives.
  private func draw(_ name: String, _ number: Int, batch: Int, most: Int, expires: Timestamp) async -> Int {
    let key = "identity/rate/\(Digest.sha256Hex(Array(name.utf8)).prefix(32))/\(number)"
    for _ in 0..<Self.attempts {
      do {
        let stored = try await store.value(tenant: .rootTenant, key: key)
        let used = stored?.int ?? 0
        let given = min(batch, most - used)
        if given <= 0 { return 0 }
        if try await store.putValue(
          tenant: .rootTenant, key: key, .int(used + given), expecting: .some(stored), expires: expires)
        {
          return given
        }
      } catch { return batch }
    }
    return batch
  }

  private static func wait(_ now: Timestamp, _ length: Int) -> Int {
    max(1, Int((Double(length - now.microseconds % length) / 1e6).rounded(.up)))
  }
}
