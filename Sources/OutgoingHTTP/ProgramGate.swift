// How many programs run at one time.
import Core
import Foundation

/// First come, first served: `enter` waits while `limit` are inside.
public final class ProgramGate: @unchecked Sendable {
  private enum Turn { case now, full }

  /// For programs without a gate of their own.
  public static let shared = ProgramGate(limit: 32)

  private let limit: Int
  private let waitingLimit: Int
  private let lock = NSLock()
  private var inside = 0
  private var waiting: [CheckedContinuation<Turn, Never>] = []

  public init(limit: Int, waitingLimit: Int = 10_000) {
    self.limit = limit
    self.waitingLimit = waitingLimit
  }

  /// Throws a Problem of category `limited` when too many wait.
  func enter() async throws {
    let turn = await withCheckedContinuation { continuation in
      let turn = lock.withLock { () -> Turn? in
        if inside < limit {
          inside += 1
          return .now
        }
        if waiting.count >= waitingLimit { return .full }
        waiting.append(continuation)
        return nil
      }
      if let turn { continuation.resume(returning: turn) }
    }
    guard turn == .now else {
      throw Problem(.limited, code: "busy", "Too many programs are waiting to run.", fix: "Try again in a few seconds.")
    }
  }

  /// Gives the place to the one who has waited longest.
  func leave() {
    let next = lock.withLock { () -> CheckedContinuation<Turn, Never>? in
      if waiting.isEmpty {
        inside -= 1
        return nil
      }
      return waiting.removeFirst()
    }
    next?.resume(returning: .now)
  }
}
