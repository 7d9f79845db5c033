// Password hashing on threads of its own, so that it neither stalls other work nor takes memory without bound.
import Core
import Foundation

/// Hashes and verifies passwords, a few at a time. Each job takes about 130 ms and 32 MiB, so `threads` also caps memory; when
/// `queueLimit` jobs wait, more are refused with a Problem of category `limited`.
public final class PasswordHasher: Sendable {
  /// scrypt takes a password of any length; this only stops abuse.
  public static let passwordLimit = 1024

  private let queue: JobQueue

  public init(threads: Int = 1, queueLimit: Int = 64) {
    queue = JobQueue(limit: queueLimit)
    for n in 0..<max(1, threads) {
      let queue = queue
      let thread = Thread { queue.work() }
      thread.name = "password-\(n)"
      thread.stackSize = 1 << 20
      thread.start()
    }
  }

  deinit { queue.stop() }

  /// The stored form of a new password.
  public func hash(_ password: String, cost: PasswordHash.Cost = .current) async throws -> PasswordHash {
    guard password.utf8.count <= Self.passwordLimit else {
      throw Problem(.invalid, code: "password_too_long", "A password has at most \(Self.passwordLimit) bytes.")
    }
    return try await run { PasswordHash(password: password, cost: cost) }
  }

  /// Whether `password` is the one that was hashed.
  public func verify(_ password: String, against stored: PasswordHash) async throws -> Bool {
    guard password.utf8.count <= Self.passwordLimit else { return false }
    return try await run { stored.verify(password) }
  }

  /// The same for stored text; text that is no password hash verifies nothing.
  public func verify(_ password: String, against text: String) async throws -> Bool {
    guard let stored = PasswordHash(text: text) else { return false }
    return try await verify(password, against: stored)
  }

  private func run<T: Sendable>(_ job: @escaping @Sendable () -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
      if !queue.add({ continuation.resume(returning: job()) }) {
        continuation.resume(
          throwing: Problem(
            .limited, code: "busy", "Too many passwords are being checked at once.", fix: "Try again in a few seconds."))
      }
    }
  }
}

/// Jobs in order of arrival, for threads that wait.
private final class JobQueue: @unchecked Sendable {
  private let limit: Int
  private let condition = NSCondition()
  private var jobs: [@Sendable () -> Void] = []
  private var isStopped = false

  init(limit: Int) { self.limit = limit }

  func add(_ job: @escaping @Sendable () -> Void) -> Bool {
    condition.lock()
    defer { condition.unlock() }
    guard jobs.count < limit, !isStopped else { return false }
    jobs.append(job)
    condition.signal()
    return true
  }

  /// Jobs already queued are still done.
  func stop() {
    condition.lock()
    isStopped = true
    condition.broadcast()
    condition.unlock()
  }

  func work() {
    while let job = next() { job() }
  }

  private func next() -> (@Sendable () -> Void)? {
    condition.lock()
    defer { condition.unlock() }
    while jobs.isEmpty {
      if isStopped { return nil }
      condition.wait()
    }
    return jobs.removeFirst()
  }
}
