// A few connections, each with a thread of its own; whole transactions hop there once.
import Core
import Foundation

/// Runs jobs on connections. A job blocks its thread, never a thread of the caller.
public final class ConnectionPool: @unchecked Sendable {
  public static let standardSize = 6
  /// Jobs that may wait; one more is refused at once.
  static let maxWaiting = 2000
  /// How long a server that cannot be reached is waited for (a restart, a failover), in seconds. From then on jobs fail at once.
  public static let reconnectSeconds = 8.0
  /// How often a deadlocked transaction is run again.
  static let maxTries = 6
  private static let stackSize = 512 << 10

  public let address: DatabaseAddress
  let counter = StatementCounter()
  private let outage: Outage
  private let condition = NSCondition()
  private var waiting: [Job] = []
  private var first = 0
  private var closed = false
  private var threads = 0
  private let size: Int
  private var idle = 0

  /// A job, told whether it runs or fails before it could.
  private typealias Job = @Sendable (Worker) -> Void

  /// - Parameter patience: how long a server that cannot be reached is waited for, in seconds.
  public init(
    address: DatabaseAddress, size: Int = ConnectionPool.standardSize, patience: Double = ConnectionPool.reconnectSeconds
  ) {
    outage = Outage(patience: patience)
    self.address = address
    self.size = max(1, size)
  }

  /// Runs `body` on a connection. Lost connections and deadlocks are tried again, as long as no COMMIT was sent.
  /// Throws what `body` throws, database errors as `Problem`.
  func run<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<T, Error>) in
      let refusal = enqueue { worker in continuation.resume(with: worker.perform(body)) }
      if let refusal { continuation.resume(throwing: refusal) }
    }
  }

  /// Runs statements without parameters, several with `;` between them, for administration and tests.
  public func execute(_ sql: String) async throws {
    try await run { connection in try connection.command(sql) }
  }

  private func enqueue(_ job: @escaping Job) -> Problem? {
    condition.lock()
    defer { condition.unlock() }
    if closed { return Problem(.unavailable, code: "closing", "The server is shutting down.") }
    if waiting.count - first >= Self.maxWaiting {
      return Problem(.unavailable, code: "database_busy", "Too many requests wait for the database.", fix: "Try again later.")
    }
    waiting.append(job)
    if idle > waiting.count - first - 1 {
      condition.signal()
    } else if threads < size {
      startThread()
    } else {
      condition.signal()
    }
    return nil
  }

  /// Called with the lock held.
  private func startThread() {
    threads += 1
    let worker = Worker(address: address, counter: counter, outage: outage)
    let thread = Thread { [self] in
      while let job = next() { job(worker) }
      worker.disconnect()
      condition.lock()
      threads -= 1
      condition.broadcast()
      condition.unlock()
    }
    thread.stackSize = Self.stackSize
    thread.name = "postgres"
    thread.start()
  }

  private func next() -> Job? {
    condition.lock()
    defer { condition.unlock() }
    while first == waiting.count {
      if closed { return nil }
      idle += 1
      condition.wait()
      idle -= 1
    }
    let job = waiting[first]
    first += 1
    if first == waiting.count {
      waiting.removeAll(keepingCapacity: true)
      first = 0
    } else if first > Self.maxWaiting {
      waiting.removeFirst(first)
      first = 0
    }
    return job
  }

  /// Finishes what waits, then closes every connection. At most `seconds` are waited.
  public func close(seconds: Double = 5) {
    condition.lock()
    defer { condition.unlock() }
    closed = true
    condition.broadcast()
    let end = Date(timeIntervalSinceNow: seconds)
    while threads > 0, condition.wait(until: end) {}
  }
}

/// A thread's connection: opened when needed, dropped when broken.
private final class Worker: @unchecked Sendable {
  let address: DatabaseAddress
  let counter: StatementCounter
  private let outage: Outage
  private var connection: Connection?

  init(address: DatabaseAddress, counter: StatementCounter, outage: Outage) {
    self.address = address
    self.counter = counter
    self.outage = outage
  }

  func disconnect() { connection = nil }

  func perform<T>(_ body: (Connection) throws -> T) -> Result<T, Error> {
    var lost = false
    for attempt in 1... {
      let connection: Connection
      do { connection = try connected() } catch {
        return .failure((error as? DatabaseError)?.problem ?? error)
      }
      do {
        let value = try body(connection)
        settle(connection)
        return .success(value)
      } catch let error as DatabaseError {
        let open = connection.commitSent
        settle(connection)
        let broken = error.connectionLost || error.isShutdown
        if !open, broken, !lost {
          lost = true
          self.connection = nil
          continue
        }
        if !open, error.isTransient, attempt < ConnectionPool.maxTries {
          usleep(UInt32.random(in: 500...2000) << UInt32(attempt))
          continue
        }
        return .failure(error.problem)
      } catch {
        settle(connection)
        return .failure(error)
      }
    }
    return .failure(Problem(.unavailable, code: "database_unavailable", "The database cannot be reached."))
  }

  /// Leaves no transaction open and no broken connection behind.
  private func settle(_ used: Connection) {
    if !used.isBroken, used.inTransaction { try? used.rollback() }
    if used.isBroken || used.inTransaction || used.commitSent { connection = nil }
  }

  private func connected() throws -> Connection {
    if let connection, !connection.isBroken { return connection }
    connection = nil
    var pause: UInt32 = 5_000
    while true {
      do {
        let fresh = try Connection(address, counter: counter)
        connection = fresh
        outage.ended()
        return fresh
      } catch let error as DatabaseError where error.connectionLost && !error.isHopeless {
        if outage.lasts > outage.patience { throw error }
        usleep(pause)
        pause = min(pause * 2, 200_000)
      }
    }
  }
}

/// Since when the database cannot be reached: the connections of a pool wait together, not one after the other.
private final class Outage: @unchecked Sendable {
  private let lock = NSLock()
  private var since: Date?
  let patience: Double

  init(patience: Double) { self.patience = patience }

  /// Seconds since the first failure in a row; called at each.
  var lasts: Double {
    lock.withLock {
      let start = since ?? Date()
      since = start
      return Date().timeIntervalSince(start)
    }
  }

  func ended() { lock.withLock { since = nil } }
}

extension DatabaseError {
  /// A refusal that waiting does not cure: wrong password, no such database or user.
  var isHopeless: Bool {
    message.contains("password authentication failed") || message.contains("does not exist") && message.contains("FATAL")
      || message.contains("no pg_hba.conf entry") || message.contains("could not translate host name")
  }
}
