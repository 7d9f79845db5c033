// The work queue as the engine uses it: what is due, fairly over tenants, and when the next thing is.
import Core
import Kinds
import Ports

extension PostgresStore {
  /// Due items, at most `limit`, the tenants in turn. When little is due that is all of it; behind a backlog a second statement
  /// goes from tenant to tenant, starting where the last call ended.
  public func due(fences: [Fence], limit: Int) async throws -> [WorkItem] {
    let shards = Set(fences.map(\.shard)).sorted()
    let limit = min(max(1, limit), Self.maxPage)
    if shards.isEmpty { return [] }
    let kinds = dictionary
    let perShard = limit * 2 / shards.count + 4
    let start = rotation.tenant
    let tenants = max(4, limit * 2 / shards.count + 1)
    let (items, hopped) = try await pool.run { connection -> ([WorkItem], Bool) in
      let rows = try connection.query(
        """
        SELECT w.tenant, w.uid, w.kind, w.shard, w.dirty, w.attempts, w.due FROM unnest($1::bigint[]) s(id) CROSS JOIN LATERAL
          (SELECT * FROM work WHERE shard = s.id AND due <= clock_timestamp() ORDER BY due LIMIT $2::bigint) w
        """, [.ints(shards), .int(perShard)])
      var counts: [Int: Int] = [:]
      let items = rows.map { row -> WorkItem in
        counts[row.int(3), default: 0] += 1
        return Self.item(row, kinds)
      }
      if items.count <= limit, !counts.values.contains(where: { $0 >= perShard }) { return (items, false) }
      return (try Self.dueByTenant(connection, shards, limit, tenants, after: start, kinds), true)
    }
    let fair = Self.inTurn(items, limit)
    if hopped { rotation.tenant = WorkRotation.next(items, taken: fair, after: start, tenantsPerShard: tenants) }
    return fair
  }

  private static func item(_ row: Row, _ kinds: KindDictionary) -> WorkItem {
    WorkItem(
      tenant: row.uid(0), uid: row.uid(1), kind: kinds.name(row.int(2)), shard: row.int(3), dirty: row.int(4),
      attempts: row.int(5),
      due: row.time(6))
  }

  /// Hops through index (shard, tenant, due): in each shard the tenants after `after`, then the others, a few items of each.
  private static func dueByTenant(
    _ connection: Connection, _ shards: [Int], _ limit: Int, _ tenants: Int, after: UID, _ kinds: KindDictionary
  ) throws -> [WorkItem] {
    let rows = try connection.query(
      """
      WITH RECURSIVE hop AS (
          SELECT s.id AS shard, (SELECT tenant FROM work WHERE shard = s.id AND tenant > $3::uuid
            AND due <= clock_timestamp() ORDER BY tenant LIMIT 1) AS tenant, 1 AS n FROM unnest($1::bigint[]) s(id)
        UNION ALL
          SELECT h.shard, (SELECT w.tenant FROM work w WHERE w.shard = h.shard AND w.tenant > h.tenant AND w.due <= clock_timestamp()
            ORDER BY w.tenant LIMIT 1), h.n + 1 FROM hop h WHERE h.tenant IS NOT NULL AND h.n < $4::int),
        again AS (
          SELECT s.id AS shard, (SELECT tenant FROM work WHERE shard = s.id AND due <= clock_timestamp() ORDER BY tenant LIMIT 1) AS tenant,
            1 AS n FROM unnest($1::bigint[]) s(id)
        UNION ALL
          SELECT h.shard, (SELECT w.tenant FROM work w WHERE w.shard = h.shard AND w.tenant > h.tenant AND w.due <= clock_timestamp()
            ORDER BY w.tenant LIMIT 1), h.n + 1 FROM again h WHERE h.tenant IS NOT NULL AND h.n < $4::int)
      SELECT w.tenant, w.uid, w.kind, w.shard, w.dirty, w.attempts, w.due
      FROM (SELECT shard, tenant FROM hop WHERE tenant IS NOT NULL UNION SELECT shard, tenant FROM again WHERE tenant IS NOT NULL) t
      CROSS JOIN LATERAL (SELECT * FROM work WHERE shard = t.shard AND tenant = t.tenant AND due <= clock_timestamp()
        ORDER BY due LIMIT $2::bigint) w ORDER BY (w.tenant <= $3::uuid), w.tenant, w.due
      """, [.ints(shards), .int(max(2, limit / shards.count + 1)), .uid(after), .int(tenants)])
    return rows.map { item($0, kinds) }
  }

  /// One item of each tenant, then a second of each, and so on.
  static func inTurn(_ items: [WorkItem], _ limit: Int) -> [WorkItem] {
    var order: [UID] = []
    var queues: [UID: [WorkItem]] = [:]
    for item in items {
      if queues[item.tenant] == nil { order.append(item.tenant) }
      queues[item.tenant, default: []].append(item)
    }
    for tenant in order { queues[tenant]?.sort { ($0.due, $0.uid) < ($1.due, $1.uid) } }
    var fair: [WorkItem] = []
    var round = 0
    while fair.count < min(limit, items.count) {
      for tenant in order {
        guard let queue = queues[tenant], round < queue.count, fair.count < limit else { continue }
        fair.append(queue[round])
      }
      round += 1
    }
    return fair
  }

  public func nextDue(fences: [Fence]) async throws -> Timestamp? {
    let shards = Set(fences.map(\.shard)).sorted()
    if shards.isEmpty { return nil }
    return try await pool.run { connection in
      try connection.query(
        """
        SELECT min(w.due) FROM unnest($1::bigint[]) s(id) CROSS JOIN LATERAL
          (SELECT due FROM work WHERE shard = s.id ORDER BY due LIMIT 1) w
        """, [.ints(shards)])[0].optionalTime(0)
    }
  }

  public func wake(_ requests: [WorkRequest]) async throws {
    if requests.isEmpty { return }
    let kinds = dictionary
    try await pool.run { connection in
      try connection.transaction {
        let flight = Flight(connection)
        try SideStatements(kinds: kinds, flight: flight).work(finished: [], requests: requests)
        try flight.run()
      }
    }
    signalHub.committed(tenants: [], shards: Set(requests.map { ShardCount.of($0.uid) }).sorted())
  }
}
