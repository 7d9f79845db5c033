// Throws away what has had its time, in bounded bites.
import Core
import Kinds
import Ports

extension PostgresStore {
  /// Hours for which the feed can be followed from behind; an older position is told to resync.
  static let feedHours = 24
  /// Days for which lines of stories are kept, beside the bound for each object.
  private static let storyDays = 30
  /// Rows deleted by one statement of a sweep, at most.
  private static let bite = 20_000
  private static let lock = 7_011_984_121

  /// To be called every few minutes by each replica; one at a time does the work, the others return at once.
  /// `feedHours` and the like are constants; `now` is the database's.
  /// - Parameter keepHistory: how long replaced versions stay, for kinds that do not say so themselves.
  public func maintain(keepHistory: Duration? = nil) async throws {
    try await maintain(feedSeconds: Self.feedHours * 3600, keepHistory: keepHistory)
  }

  func maintain(feedSeconds: Int, keepHistory: Duration? = nil) async throws {
    let tables = recordTables
    try await pool.run { connection in
      guard try connection.query("SELECT pg_try_advisory_lock(\(Self.lock))")[0].bool(0) else { return }
      defer { if !connection.isBroken { _ = try? connection.query("SELECT pg_advisory_unlock(\(Self.lock))") } }
      for sql in Self.sweeps(feedSeconds: feedSeconds) { _ = try connection.query(sql) }
      try self.sweepHistory(connection, keep: keepHistory, bite: Self.bite)
      try tables.turnPartitions(connection, bite: Self.bite)
    }
  }

  private static func sweeps(feedSeconds: Int) -> [String] {
    func delete(_ table: String, _ condition: String) -> String {
      "DELETE FROM \(table) WHERE ctid = ANY(ARRAY(SELECT ctid FROM \(table) WHERE \(condition) LIMIT \(bite)))"
    }
    return [
      """
      WITH gone AS (\(delete("change", "at < clock_timestamp() - interval '\(feedSeconds) seconds'")) RETURNING tenant, pos),
        last AS (SELECT tenant, max(pos) AS pos FROM gone GROUP BY tenant),
        l AS MATERIALIZED (SELECT h.tenant, last.pos FROM head h JOIN last ON last.tenant = h.tenant ORDER BY h.tenant FOR UPDATE OF h)
      UPDATE head h SET floor = greatest(h.floor, l.pos) FROM l WHERE h.tenant = l.tenant
      """,
      // A little later than the feed, whose rows name their commits.
      delete("commit_log", "NOT lasting AND at < clock_timestamp() - interval '\(feedSeconds + 3600) seconds'"),
      delete("story", "at < clock_timestamp() - interval '\(storyDays) days'"),
      delete("kv", "expires < clock_timestamp()"),
      delete("unique_key", "until < clock_timestamp()"),
      delete("record_key", "until < clock_timestamp()"),
      // Observed state that was written in the moment when its object went.
      delete("observed", "NOT EXISTS (SELECT 1 FROM object o WHERE o.tenant = observed.tenant AND o.uid = observed.uid)"),
      delete(
        "effect",
        """
        consumed AND NOT EXISTS (SELECT 1 FROM object o WHERE o.tenant = effect.tenant AND o.uid = effect.uid
          AND o.generation <= effect.generation)
        """),
    ]
  }
}

extension RecordTables {
  /// Makes tomorrow's partitions for the kinds that have rows today, and drops those past their kind's `keep`.
  func turnPartitions(_ connection: Connection, bite: Int) throws {
    let today = RecordTable.day(SystemClock().now())
    var present: [String: [String]] = [:]
    for row in try connection.query(
      """
      SELECT p.relname::text, c.relname::text FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent JOIN pg_class c ON c.oid = i.inhrelid
      WHERE p.relnamespace = current_schema()::regnamespace AND p.relkind = 'p'
      """
    ).map({ $0 }) { present[row.text(0), default: []].append(row.text(1)) }
    for table in tables.values.sorted(by: { $0.plainName < $1.plainName }) {
      let partitions = present[table.plainName] ?? []
      if partitions.contains(table.partition(today)) { try makePartition(table, today + 1, connection) }
      guard let keep = table.kind.lifecycle.keep else { continue }
      let end = SystemClock().now() - keep
      let first = table.partition(RecordTable.day(end))
      for partition in partitions where partition.count == first.count && partition < first && !partition.hasSuffix("_old") {
        try connection.command("DROP TABLE \(DatabaseAddress.identifier(partition))")
        forget(partition)
      }
      let old = DatabaseAddress.identifier(table.plainName + "_old")
      _ = try connection.query(
        "DELETE FROM \(old) WHERE ctid = ANY(ARRAY(SELECT ctid FROM \(old) WHERE at < $1::timestamptz LIMIT \(bite)))",
        [.time(end)])
    }
  }
}
