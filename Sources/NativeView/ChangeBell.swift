// Tells those who wait for a tenant's changes that there are some. A ring costs the store nothing.
import Core
import Foundation

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

/// One waiter. A ring while it does not wait is kept for the next wait. `stop` must be called.
final class Ear: @unchecked Sendable {
  private let lock = NSLock()
  private var rung = false
  private var waiter: CheckedContinuation<Void, Never>?
  private let leave: (Ear) -> Void

  init(leave: @escaping (Ear) -> Void) { self.leave = leave }

  func stop() { leave(self) }

  func ring() {
    let waiting = lock.withLock { () -> CheckedContinuation<Void, Never>? in
      defer { waiter = nil }
      if waiter == nil { rung = true }
      return waiter
    }
    waiting?.resume()
  }

  /// Returns after a ring, after `duration`, or when the task is cancelled.
  func wait(_ duration: Duration, clock: any Clock) async {
    if takeRing() || duration <= .zero { return }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.waitForRing() }
      group.addTask { await clock.sleep(duration) }
      await group.next()
      release()
      group.cancelAll()
    }
  }

  private func takeRing() -> Bool {
    lock.withLock {
      defer { rung = false }
      return rung
    }
  }

  private func waitForRing() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let now = lock.withLock { () -> Bool in
          if rung || Task.isCancelled {
            rung = false
            return true
          }
          waiter = continuation
          return false
        }
        if now { continuation.resume() }
      }
    } onCancel: {
      release()
    }
  }

  private func release() {
    let waiting = lock.withLock { () -> CheckedContinuation<Void, Never>? in
      defer { waiter = nil }
      return waiter
    }
    waiting?.resume()
  }
}
