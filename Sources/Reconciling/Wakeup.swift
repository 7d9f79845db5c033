// A place to wait for "something happened" or for time to pass, whichever comes first.
import Core
import Foundation

/// One waiter at a time. A ring while nobody waits is kept for the next wait.
public final class Wakeup: @unchecked Sendable {
  private let lock = NSLock()
  private var rung = false
  private var waiter: CheckedContinuation<Void, Never>?

  public init() {}

  public func ring() {
    let waiting = lock.withLock { () -> CheckedContinuation<Void, Never>? in
      guard let waiter else {
        rung = true
        return nil
      }
      self.waiter = nil
      return waiter
    }
    waiting?.resume()
  }

  /// Returns after a ring, after `duration`, or when the task is cancelled.
  public func wait(_ duration: Duration, clock: any Clock) async {
    if lock.withLock({
      let was = rung
      rung = false
      return was
    }) || duration <= .zero {
      return
    }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.waitForRing() }
      group.addTask { await clock.sleep(duration) }
      await group.next()
      release()
      group.cancelAll()
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
