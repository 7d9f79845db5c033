// Which replica works on which shards. Renewals touch only the replica's own row; a shard's row changes when it changes hands.
import Core
import Ports

extension PostgresStore {
  /// `until` is read as a span from now by this machine's clock and kept by the database's, so that clocks need not agree.
  public func renew(
    replica: UID, until: Timestamp, catalogDigest: String, wantsWork: Bool, keeping busy: Set<Int>
  ) async throws -> Renewal {
    let lease = max(0, (until - SystemClock().now()).microseconds)
    let forgetAfter = WorkTimes.interval(times.forgetAfter)
    return try await pool.run { connection in
      let rows = try connection.pipeline([
        (
          """
          INSERT INTO replica (id, expires, digest, works)
          VALUES ($1::uuid, clock_timestamp() + $2::bigint * interval '1 microsecond', $3, $4::boolean)
          ON CONFLICT (id) DO UPDATE SET expires = excluded.expires, digest = excluded.digest, works = excluded.works
          """, [.uid(replica), .int(lease), .text(catalogDigest), .bool(wantsWork)]
        ),
        (
          "DELETE FROM replica WHERE expires < clock_timestamp() - \(forgetAfter) AND id <> $1::uuid",
          [.uid(replica)]
        ),
        (
          """
          SELECT s.id, s.holder, s.epoch, r.id IS NOT NULL, (SELECT count(*) FROM replica WHERE works AND expires > clock_timestamp())
          FROM shard s LEFT JOIN replica r ON r.id = s.holder AND r.works AND r.expires > clock_timestamp() WHERE s.host IS NULL ORDER BY s.id
          """, []
        ),
      ])[2].map { (id: $0.int(0), holder: $0.optionalUID(1), epoch: $0.int(2), alive: $0.bool(3), workers: $0.int(4)) }
      var mine = rows.filter { $0.holder == replica }.map { Fence(shard: $0.id, holder: replica, epoch: $0.epoch) }
      let workers = max(1, rows.first?.workers ?? 1)
      let share = wantsWork ? (ShardCount.total + workers - 1) / workers : 0
      if mine.count > share {
        let surplus = mine.filter { !busy.contains($0.shard) }.suffix(mine.count - share)
        _ = try connection.query(
          """
          WITH l AS MATERIALIZED (SELECT id FROM shard WHERE id = ANY($1::bigint[]) AND holder = $2::uuid ORDER BY id FOR UPDATE)
          UPDATE shard s SET holder = NULL FROM l WHERE s.id = l.id
          """, [.ints(surplus.map(\.shard)), .uid(replica)])
        let given = Set(surplus.map(\.shard))
        mine.removeAll { given.contains($0.shard) }
      }
      let free = rows.filter { $0.holder != replica && ($0.holder == nil || !$0.alive) }.prefix(max(0, share - mine.count))
      if free.isEmpty { return Renewal(fences: mine, surplus: max(0, mine.count - share)) }
      // The epoch says that nobody took it since it was seen; the lock waits for a write of the holder before.
      let taken = try connection.query(
        """
        WITH l AS MATERIALIZED (SELECT s.id FROM shard s JOIN unnest($1::bigint[], $2::bigint[]) x(id, epoch) ON x.id = s.id
            WHERE s.epoch = x.epoch AND (s.holder IS NULL OR s.holder <> $3::uuid) ORDER BY s.id FOR UPDATE OF s)
        UPDATE shard s SET holder = $3::uuid, epoch = s.epoch + 1 FROM l WHERE s.id = l.id RETURNING s.id, s.epoch
        """, [.ints(free.map(\.id)), .ints(free.map(\.epoch)), .uid(replica)])
      mine += taken.map { Fence(shard: $0.int(0), holder: replica, epoch: $0.int(1)) }
      return Renewal(fences: mine.sorted { $0.shard < $1.shard })
    }
  }

  /// Gives all up at once, so that others need not wait for the lease to end.
  public func release(replica: UID) async throws {
    try await pool.run { connection in
      _ = try connection.pipeline([
        (
          """
          WITH l AS MATERIALIZED (SELECT id FROM shard WHERE holder = $1::uuid ORDER BY id FOR UPDATE)
          UPDATE shard s SET holder = NULL, freed = CASE WHEN s.host IS NOT NULL THEN clock_timestamp() END FROM l WHERE s.id = l.id
          """, [.uid(replica)]
        ),
        ("DELETE FROM replica WHERE id = $1::uuid", [.uid(replica)]),
      ])
    }
  }
}
