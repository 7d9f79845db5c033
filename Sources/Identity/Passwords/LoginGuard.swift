// Counts failed logins by name, whether an account has it or not, and locks a name after too many.
import Core
import Crypto
import Ports

/// A lock says nothing about whether the account exists: names nobody has are counted and locked alike.
public struct LoginGuard: Sendable {
  /// Consecutive failures that lock.
  public static let failures = 5
  public static let lockTime = Duration.seconds(15 * 60)
  /// Failures are forgotten when there was none for so long.
  static let memory = Duration.seconds(24 * 3600)
  private static let attempts = 20

  let store: any StorePort
  let clock: any Clock

  public init(store: any StorePort, clock: any Clock) {
    self.store = store
    self.clock = clock
  }

  /// Throws Problem `locked` (category limited, with `retryAfter` in seconds) while the name is locked.
  public func check(_ name: String) async throws {
    guard let until = Self.until(try await store.value(tenant: .rootTenant, key: Self.key(name))) else { return }
    let now = clock.now()
    if now < until { throw Self.locked(until - now) }
  }

  /// Counts a failure. True when it was the one that locks.
  @discardableResult
  public func failed(_ name: String) async throws -> Bool {
    for _ in 0..<Self.attempts {
      let now = clock.now()
      let stored = try await store.value(tenant: .rootTenant, key: Self.key(name))
      // A lock that has run out starts the count anew.
      let isOver = Self.until(stored).map { $0 <= now } ?? false
      let count = (isOver ? 0 : stored?["count"].int ?? 0) + 1
      var value: Value = ["count": .int(count)]
      if count >= Self.failures { value["until"] = .string((now + Self.lockTime).description) }
      let done = try await store.putValue(
        tenant: .rootTenant, key: Self.key(name), value, expecting: .some(stored), expires: now + Self.memory)
      if done { return count == Self.failures }
    }
    return false
  }

  /// A success ends the count.
  public func succeeded(_ name: String) async throws {
    let key = Self.key(name)
    if try await store.value(tenant: .rootTenant, key: key) != nil {
      _ = try await store.putValue(tenant: .rootTenant, key: key, nil, expecting: nil, expires: nil)
    }
  }

  static func locked(_ left: Duration) -> Problem {
    let seconds = max(1, Int(left.inSeconds.rounded(.up)))
    return Problem(
      .limited, code: "locked", "Too many failed attempts: the account is locked for a while.", fix: "Try again later.",
      details: ["retryAfter": .int(seconds)])
  }

  private static func until(_ value: Value?) -> Timestamp? { value?["until"].string.flatMap { Timestamp($0) } }
  private static func key(_ name: String) -> String { "identity/failures/" + Digest.sha256Hex(Array(name.utf8)) }
}
