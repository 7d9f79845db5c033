// Reads of series and tallies: one statement each.
import Core
import Ports

extension PostgresStore {
  public func series(tenant: UID, owners: [UID]) async throws -> [UID: [SeriesPoint]] {
    if owners.isEmpty { return [:] }
    return try await pool.run { connection in
      let rows = try connection.query(
        """
        SELECT owner, at, channel, value, mark FROM series WHERE tenant = $1::uuid AND owner = ANY($2::uuid[])
        ORDER BY owner, at, channel LIMIT \(SeriesLimits.points)
        """, [.uid(tenant), .uids(owners)])
      var found: [UID: [SeriesPoint]] = [:]
      var run: [SeriesPoint] = []
      var owner: UID?
      for at in 0..<rows.count {
        let row = rows[at]
        let next = row.uid(0)
        if next != owner {
          if let owner { found[owner] = run }
          run = []
          owner = next
        }
        run.append(
          SeriesPoint(at: Timestamp(microseconds: row.int(1)), channel: row.int(2), value: row.double(3), mark: row.bool(4)))
      }
      if let owner { found[owner] = run }
      return found
    }
  }

  public func tallies(tenant: UID, group: UID, lastHours hours: Int?) async throws -> [TallyRow] {
    let hour = 3_600_000_000
    let since =
      hours.map {
        """
        AND hour > coalesce((SELECT hour FROM tally WHERE tenant = $1::uuid AND grp = $2::uuid ORDER BY hour DESC LIMIT 1), 0)
          - \(min(max($0, 1), 1_000_000) * hour)
        """
      } ?? ""
    return try await pool.run { connection in
      try connection.query(
        """
        SELECT part, hour, sum(amount) FROM tally WHERE tenant = $1::uuid AND grp = $2::uuid \(since) GROUP BY hour, part
        ORDER BY hour, part LIMIT \(SeriesLimits.tallyRows)
        """, [.uid(tenant), .uid(group)]
      ).map { TallyRow(part: $0.uid(0), hour: Timestamp(microseconds: $0.int(1)), amount: $0.double(2)) }
    }
  }
}
