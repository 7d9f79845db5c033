// Tells those who wait for a tenant's changes that there are some. A ring costs the store nothing.
import Core
import Foundation
import Reconciling

/// Rung with the tenants that moved; heard by watchers and waiters of those tenants.
public final class ChangeBell: @unchecked Sendable {
  private let lock = NSLock()
  private var ears: [UID: [ObjectIdentifier: Ear]] = [:]

  public init() {}

  /// An empty list means: perhaps all.
  public func ring(_ tenants: [UID]) {
    let heard = lock.withLock {
      (tenants.isEmpty ? Array(ears.keys) : tenants).flatMap { ears[$0].map { Array($0.values) } ?? [] }
    }
    for ear in heard { ear.ring() }
  }

  func listen(_ tenant: UID) -> Ear {
    let ear = Ear { [weak self] ear in
      guard let self else { return }
      self.lock.withLock {
        self.ears[tenant]?[ObjectIdentifier(ear)] = nil
        if self.ears[tenant]?.isEmpty ?? false { self.ears[tenant] = nil }
      }
    }
    lock.withLock { ears[tenant, default: [:]][ObjectIdentifier(ear)] = ear }
    return ear
  }
}

/// One waiter for one tenant. `stop` must be called.
final class Ear: @unchecked Sendable {
  private let wakeup = Wakeup()
  private let leave: (Ear) -> Void

  init(leave: @escaping (Ear) -> Void) { self.leave = leave }

  func stop() { leave(self) }
  func ring() { wakeup.ring() }

  /// Returns after a ring, after `duration`, or when the task is cancelled.
  func wait(_ duration: Duration, clock: any Clock) async { await wakeup.wait(duration, clock: clock) }
}
