// A hot standby that reads may go to: how far it is behind, measured against the primary, as an upper bound.
import Core
import Foundation

/// Asked every quarter of a second where the primary's log ends and how far the standby has replayed it: the standby shows at least all
/// that was committed before the newest end that it has passed. A clock of the database plays no part, and neither does an idle primary.
public final class Standby: @unchecked Sendable {
  public static let interval = Duration.milliseconds(250)
  /// Connections; and how long a standby that does not answer is waited for, in seconds, before the primary is asked instead.
  private static let connections = 4
  private static let patience = 0.2
  /// Ends of the log that were seen and not yet passed: a minute of them.
  private static let most = 240

  /// Reads go to the primary when it may be further behind than this.
  public let limit: Duration
  let pool: ConnectionPool
  private let lock = NSLock()
  private let clock: any Clock
  private var ends: [(at: Timestamp, position: Int)] = []
  private var passed: Timestamp?
  private var fault: String?

  public init(address: DatabaseAddress, limit: Duration, clock: any Clock = SystemClock()) {
    self.limit = limit
    self.clock = clock
    pool = ConnectionPool(address: address, size: Self.connections, patience: Self.patience)
  }

  /// At most this far behind; nil when it is not known, or no standby answers.
  public var staleness: Duration? { lock.withLock { passed.map { max(.zero, clock.now() - $0) } } }

  /// Why it is not read from, when it is not.
  public var trouble: String? { lock.withLock { fault } }

  /// Within the limit.
  var usable: Duration? { staleness.flatMap { $0 <= limit ? $0 : nil } }

  /// A read failed: the next measurement says whether it may be asked again.
  func doubt() { lock.withLock { passed = nil } }

  /// Measures for ever.
  func watch(_ primary: ConnectionPool) async {
    while !Task.isCancelled {
      await measure(primary)
      await clock.sleep(Self.interval)
    }
  }

  func measure(_ primary: ConnectionPool) async {
    let before = clock.now()
    // Without the primary there is no newer end: what was passed grows old, and reads go over when it is too old.
    if let end = try? await primary.run({ try $0.query("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint")[0].int(0) })
    {
      lock.withLock {
        ends.append((before, end))
        if ends.count > Self.most { ends.removeFirst(ends.count - Self.most) }
      }
    }
    do {
      let replayed = try await pool.run { connection -> Int? in
        let row = try connection.query(
          "SELECT pg_is_in_recovery(), coalesce(pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0'), 0)::bigint")[0]
        return row.bool(0) ? row.int(1) : nil
      }
      lock.withLock {
        guard let replayed else {
          (passed, fault) = (nil, "it is no standby, or no longer")
          return
        }
        fault = nil
        if let newest = ends.last(where: { $0.position <= replayed }) {
          passed = max(newest.at, passed ?? newest.at)
          ends.removeAll { $0.at < newest.at }
        }
      }
    } catch { lock.withLock { (passed, fault) = (nil, "\(error)") } }
  }

  func close() { pool.close() }
}
