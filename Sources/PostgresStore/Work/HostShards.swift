// Shards that belong to hosts: what runs as processes of a host is worked on by the replica of that host, whoever else is there.
import Core
import Ports

extension PostgresStore {
  /// The shard of this host, made on first use, and held by the replica. Takes over the work of hosts that are gone.
  /// Nil when the replica is not known yet, or another one makes a shard at this moment: ask again.
  public func claimHost(_ host: UID, replica: UID) async throws -> Fence? {
    let patience = WorkTimes.interval(times.hostPatience)
    return try await pool.run { connection in
      let rows = try connection.pipeline([
        ("SELECT id, holder, epoch FROM shard WHERE host = $1::uuid", [.uid(host)]),
        (
          """
          SELECT s.id FROM shard s WHERE s.host <> $1::uuid AND NOT EXISTS (SELECT 1 FROM replica r WHERE r.id = s.holder)
            AND (s.freed IS NULL OR s.freed < clock_timestamp() - \(patience))
            AND EXISTS (SELECT 1 FROM work w WHERE w.shard = s.id)
          """, [.uid(host)]
        ),
      ])
      if rows[0].isEmpty {
        _ = try connection.query(
          "INSERT INTO shard (id, host) SELECT greatest(\(ShardCount.total), max(id) + 1), $1::uuid FROM shard ON CONFLICT DO NOTHING",
          [.uid(host)])
      }
      var mine: Fence?
      if let row = rows[0].map({ $0 }).first, row.optionalUID(1) == replica {
        mine = Fence(shard: row.int(0), holder: replica, epoch: row.int(2))
      } else {
        mine = try connection.query(
          """
          UPDATE shard SET holder = $2::uuid, epoch = epoch + 1, freed = NULL WHERE host = $1::uuid
            AND EXISTS (SELECT 1 FROM replica WHERE id = $2::uuid) RETURNING id, epoch
          """, [.uid(host), .uid(replica)]
        ).map { Fence(shard: $0.int(0), holder: replica, epoch: $0.int(1)) }.first
      }
      if let mine, !rows[1].isEmpty {
        // The new epoch fences whoever held it; the lock waits for its last write.
        _ = try connection.query(
          """
          WITH l AS MATERIALIZED (SELECT s.id FROM shard s WHERE s.id = ANY($1::bigint[])
              AND NOT EXISTS (SELECT 1 FROM replica r WHERE r.id = s.holder) ORDER BY s.id FOR UPDATE OF s),
            u AS (UPDATE shard s SET holder = NULL, epoch = s.epoch + 1 FROM l WHERE s.id = l.id)
          UPDATE work w SET shard = $2::smallint, due = least(w.due, clock_timestamp()), dirty = w.dirty + 1 FROM l WHERE w.shard = l.id
          """, [.ints(rows[1].map { $0.int(0) }), .int(mine.shard)])
      }
      return mine
    }
  }

  /// Moves due items from shards of this replica to its host's, and returns those that are there now.
  public func bind(_ items: [WorkItem], from fences: [Fence], to host: Fence) async throws -> [WorkItem] {
    if items.isEmpty { return [] }
    let moved = try await pool.run { connection in
      try connection.query(
        """
        WITH f AS MATERIALIZED (SELECT s.id FROM shard s JOIN unnest($1::bigint[], $2::bigint[]) x(id, epoch) ON x.id = s.id AND x.epoch = s.epoch
            WHERE s.holder = $3::uuid ORDER BY s.id FOR SHARE OF s),
          h AS MATERIALIZED (SELECT id FROM shard WHERE id = $4::smallint AND holder = $3::uuid AND epoch = $5::bigint FOR SHARE)
        UPDATE work w SET shard = h.id FROM f, h WHERE w.shard = f.id AND w.uid = ANY($6::uuid[]) RETURNING w.uid
        """,
        [
          .ints(fences.map(\.shard)), .ints(fences.map(\.epoch)), .uid(host.holder), .int(host.shard), .int(host.epoch),
          .uids(items.map(\.uid)),
        ]
      ).map { $0.uid(0) }
    }
    let there = Set(moved)
    return items.filter { there.contains($0.uid) }.map { item in
      var item = item
      item.shard = host.shard
      return item
    }
  }

  /// Binds what no host works on yet to this one, and returns those of the objects that are another host's.
  public func foreign(_ uids: [UID], host: Fence) async throws -> [UID] {
    if uids.isEmpty { return [] }
    return try await pool.run { connection in
      try connection.pipeline([
        (
          """
          UPDATE work w SET shard = $1::smallint FROM shard s WHERE s.id = $1::smallint AND s.holder = $2::uuid AND s.epoch = $3::bigint
            AND w.uid = ANY($4::uuid[]) AND w.shard < \(ShardCount.total)
          """, [.int(host.shard), .uid(host.holder), .int(host.epoch), .uids(uids)]
        ),
        (
          "SELECT uid FROM work WHERE uid = ANY($1::uuid[]) AND shard >= \(ShardCount.total) AND shard <> $2::smallint",
          [.uids(uids), .int(host.shard)]
        ),
      ])[1].map { $0.uid(0) }
    }
  }
}
