// Versions of objects that have had their time: kept as long as their kind, or the installation, says.
import Core
import Kinds
import Ports

extension PostgresStore {
  /// For kinds that say nothing themselves, where the installation says nothing either.
  public static let standardHistory = Duration.seconds(400 * 86_400)

  /// One statement for each length of time that kinds ask for; each deletes at most `bite` rows. What held at any moment within the
  /// time stays: only versions that were replaced before it go, and objects that were deleted before it.
  func sweepHistory(_ connection: Connection, keep: Duration?, bite: Int) throws {
    let kinds = dictionary
    let standard = keep ?? Self.standardHistory
    let groups = Dictionary(grouping: catalog.kinds.filter { $0.storage != .record }) { $0.lifecycle.history ?? standard }
    for (keep, group) in groups.sorted(by: { $0.key < $1.key }) {
      let numbers = group.compactMap { kinds.numbers[$0.name] }.sorted()
      if numbers.isEmpty { continue }
      _ = try connection.query(
        """
        DELETE FROM history WHERE ctid = ANY(ARRAY(SELECT h.ctid FROM history h
          WHERE h.at < clock_timestamp() - $1::bigint * interval '1 microsecond' AND h.kind = ANY($2::bigint[])
            AND (h.op = 'd' AND NOT EXISTS (SELECT 1 FROM object o WHERE o.tenant = h.tenant AND o.uid = h.uid)
              OR EXISTS (SELECT 1 FROM history n WHERE n.tenant = h.tenant AND n.uid = h.uid AND n.version > h.version
                AND n.at < clock_timestamp() - $1::bigint * interval '1 microsecond'))
          LIMIT \(bite)))
        """, [.int(keep.microseconds), .ints(numbers)])
    }
  }
}
