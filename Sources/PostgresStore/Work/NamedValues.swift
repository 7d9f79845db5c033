// Small things beside objects: named values, times of last use, sequences.
import Core
import Ports

extension PostgresStore {
  public func value(tenant: UID, key: String) async throws -> Value? {
    try await pool.run { connection in
      let rows = try connection.query(
        "SELECT value FROM kv WHERE tenant = $1::uuid AND key = $2 AND (expires IS NULL OR expires > clock_timestamp())",
        [.uid(tenant), .text(key)])
      // `nil` alone would be the JSON null here.
      return rows.isEmpty ? Optional<Value>.none : .some(try rows[0].json(0))
    }
  }

  public func putValue(tenant: UID, key: String, _ value: Value?, expecting: Value??, expires: Timestamp?) async throws -> Bool {
    let identity: [Parameter] = [.uid(tenant), .text(key)]
    let live = "(k.expires IS NULL OR k.expires > clock_timestamp())"
    // What must be true of the row that is there; $3 is the value expected.
    let (condition, expected): (String, [Parameter]) =
      switch expecting {
      case .none: ("true", [])
      case .some(.none): ("NOT \(live)", [])
      case .some(.some(let present)): ("\(live) AND k.value = $3::jsonb", [.json(present)])
      }
    let n = expected.count + 2
    return try await pool.run { connection in
      guard let value else {
        let deleted = try connection.query(
          "DELETE FROM kv k WHERE tenant = $1::uuid AND key = $2 AND \(condition)", identity + expected
        ).affected
        if deleted > 0 { return true }
        guard case .some(.some) = expecting else { return try expecting == nil || self.isAbsent(connection, identity) }
        return false
      }
      if case .some(.some) = expecting {
        return try connection.query(
          "UPDATE kv k SET value = $\(n + 1)::jsonb, expires = $\(n + 2)::timestamptz WHERE tenant = $1::uuid AND key = $2 AND \(condition)",
          identity + expected + [.json(value), .optional(expires)]
        ).affected > 0
      }
      return try connection.query(
        """
        INSERT INTO kv AS k (tenant, key, value, expires) VALUES ($1::uuid, $2, $3::jsonb, $4::timestamptz)
        ON CONFLICT (tenant, key) DO UPDATE SET value = excluded.value, expires = excluded.expires WHERE \(condition)
        """, identity + [.json(value), .optional(expires)]
      ).affected > 0
    }
  }

  private func isAbsent(_ connection: Connection, _ identity: [Parameter]) throws -> Bool {
    try connection.query(
      "SELECT 1 FROM kv WHERE tenant = $1::uuid AND key = $2 AND (expires IS NULL OR expires > clock_timestamp())", identity
    ).isEmpty
  }

  public func note(lastUsed: [(tenant: UID, uid: UID, at: Timestamp)]) async throws {
    if lastUsed.isEmpty { return }
    var latest: [UID: (tenant: UID, at: Timestamp)] = [:]
    for use in lastUsed where (latest[use.uid]?.at ?? Timestamp(microseconds: .min)) < use.at {
      latest[use.uid] = (use.tenant, use.at)
    }
    let rows = latest.sorted { ($0.value.tenant, $0.key) < ($1.value.tenant, $1.key) }
    try await pool.run { connection in
      try connection.transaction {
        let flight = Flight(connection)
        for chunk in rows.chunks {
          var at = ArrayColumn(.timestamptz)
          for row in chunk { at.add(row.value.at) }
          try flight.add(
            """
            INSERT INTO last_used AS l (tenant, uid, at) SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[])
            ON CONFLICT (tenant, uid) DO UPDATE SET at = greatest(l.at, excluded.at)
            """, [.uids(chunk.map(\.value.tenant)), .uids(chunk.map(\.key)), at.parameter])
        }
        try flight.run()
      }
    }
  }

  public func lastUsed(tenant: UID, uids: [UID]) async throws -> [UID: Timestamp] {
    if uids.isEmpty { return [:] }
    return try await pool.run { connection in
      let rows = try connection.query(
        "SELECT uid, at FROM last_used WHERE tenant = $1::uuid AND uid = ANY($2::uuid[])", [.uid(tenant), .uids(uids)])
      return Dictionary(rows.map { ($0.uid(0), $0.time(1)) }, uniquingKeysWith: { first, _ in first })
    }
  }

  /// Starts at 1. Numbers once given are not given again, used or not.
  public func sequence(tenant: UID, name: String, count: Int) async throws -> Range<Int> {
    let count = max(0, count)
    return try await pool.run { connection in
      let next = try connection.query(
        """
        INSERT INTO sequence AS s (tenant, name, next) VALUES ($1::uuid, $2, 1 + $3::bigint)
        ON CONFLICT (tenant, name) DO UPDATE SET next = s.next + $3::bigint RETURNING next
        """, [.uid(tenant), .text(name), .int(count)])[0].int(0)
      return next - count..<next
    }
  }
}
