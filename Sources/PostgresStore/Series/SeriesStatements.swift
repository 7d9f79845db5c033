// Writes of series and tallies inside a commit: typed arrays, one statement for each owner and sort of row.
import Core
import Ports

struct SeriesStatements {
  let flight: Flight

  /// Owners in uid order, so that commits wait for each other and do not lock up.
  func write(_ writes: [SeriesWrite]) throws {
    for write in writes.sorted(by: { ($0.tenant, $0.owner) < ($1.tenant, $1.owner) }) {
      if write.replaces {
        try flight.add(
          "DELETE FROM series WHERE tenant = $1::uuid AND owner = $2::uuid", [.uid(write.tenant), .uid(write.owner)])
      }
      for chunk in write.points.chunks {
        var at = ArrayColumn(.bigint)
        var channel = ArrayColumn(.bigint)
        var value = ArrayColumn(.double)
        var mark = ArrayColumn(.boolean)
        for point in chunk {
          at.add(point.at.microseconds)
          channel.add(point.channel)
          value.add(point.value)
          mark.add(point.mark)
        }
        try flight.add(
          """
          INSERT INTO series AS s (tenant, owner, at, channel, value, mark)
          SELECT $1::uuid, $2::uuid, * FROM unnest($3::bigint[], $4::bigint[], $5::double precision[], $6::boolean[])
          ON CONFLICT (tenant, owner, at, channel) DO UPDATE SET value = excluded.value, mark = excluded.mark
            WHERE s.value <> excluded.value OR s.mark <> excluded.mark
          """,
          [.uid(write.tenant), .uid(write.owner), at.parameter, channel.parameter, value.parameter, mark.parameter])
      }
    }
  }

  /// Hours that an owner no longer adds to go; unchanged ones are not written.
  func write(_ tallies: [TallyWrite]) throws {
    for tally in tallies.sorted(by: { ($0.tenant, $0.owner) < ($1.tenant, $1.owner) }) {
      let amounts = tally.amounts.sorted { $0.hour < $1.hour }
      var value = ArrayColumn(.double)
      for amount in amounts { value.add(amount.amount) }
      let hours = Parameter.ints(amounts.map(\.hour.microseconds))
      try flight.add(
        """
        DELETE FROM tally WHERE tenant = $1::uuid AND owner = $2::uuid
          AND (grp <> $3::uuid OR part <> $4::uuid OR NOT hour = ANY($5::bigint[]))
        """, [.uid(tally.tenant), .uid(tally.owner), .uid(tally.group), .uid(tally.part), hours])
      if amounts.isEmpty { continue }
      try flight.add(
        """
        INSERT INTO tally AS t (tenant, owner, grp, part, hour, amount)
        SELECT $1::uuid, $2::uuid, $3::uuid, $4::uuid, * FROM unnest($5::bigint[], $6::double precision[])
        ON CONFLICT (tenant, owner, hour) DO UPDATE SET grp = excluded.grp, part = excluded.part, amount = excluded.amount
          WHERE t.amount <> excluded.amount
        """, [.uid(tally.tenant), .uid(tally.owner), .uid(tally.group), .uid(tally.part), hours, value.parameter])
    }
  }
}
