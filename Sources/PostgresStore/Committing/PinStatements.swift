// The facts a commit rests on, checked while the heads are locked.
import Core
import Kinds
import Ports

/// Adds one statement for each class of pins, however many there are, and gathers what does not hold.
struct PinStatements {
  let kinds: KindDictionary
  let catalog: KindCatalog
  /// Referrers named in a refusal, at most.
  private static let maxReferrers = 100

  /// `lockedVersions`: what this commit's own objects were before it.
  func check(
    _ commit: Commit, lockedVersions: [UID: Int], flight: Flight, faults: CommitFaults
  ) throws {
    var exists: [(UID, UID)] = []
    var versions: [(tenant: UID, uid: UID, version: Int)] = []
    var unreferenced: [UID] = []
    var members: [String: [(tenant: UID, versions: [UID: Int])]] = [:]
    for pin in commit.pins {
      switch pin {
      case .exists(let tenant, let uid): exists.append((tenant, uid))
      case .version(let tenant, let uid, let version):
        if let locked = lockedVersions[uid] {
          if locked != version { faults.moved.append(uid) }
        } else {
          versions.append((tenant, uid, version))
        }
      case .unreferenced(_, let uid): unreferenced.append(uid)
      case .members(let tenant, let kind, let versions): members[kind, default: []].append((tenant, versions))
      case .atMost(let tenant, let kind, let predicate, let most, let problem):
        try count(ObjectQuery(tenant: tenant, kind: kind, predicate: predicate), most, problem, flight, faults)
      case .total(let tenant, let kind, let name, let by, let value, let problem):
        try flight.add(
          """
          SELECT coalesce((SELECT sum FROM record_total WHERE tenant = $1::uuid AND kind = $2 AND name = $3
            AND key = key_text($4::jsonb::text)), 0)::text
          """, [.uid(tenant), .text(kind), .text(name), .json(.list(by))]
        ) { rows in
          if DecimalText.canonical(.string(rows[0].text(0))) != DecimalText.canonical(value) { faults.exceeded.append(problem) }
        }
      }
    }
    for chunk in exists.chunks {
      try flight.add(
        """
        SELECT DISTINCT w.uid FROM unnest($1::uuid[], $2::uuid[]) w(tenant, uid)
        LEFT JOIN object o ON o.tenant = w.tenant AND o.uid = w.uid WHERE o.uid IS NULL OR o.deleted OR o.deleting IS NOT NULL ORDER BY 1
        """, [.uids(chunk.map(\.0)), .uids(chunk.map(\.1))]
      ) { rows in faults.missing += rows.map { $0.uid(0) } }
    }
    for chunk in versions.chunks {
      try flight.add(
        """
        SELECT DISTINCT w.uid FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) w(tenant, uid, version)
        LEFT JOIN object o ON o.tenant = w.tenant AND o.uid = w.uid WHERE o.uid IS NULL OR o.deleted OR o.version <> w.version ORDER BY 1
        """, [.uids(chunk.map(\.tenant)), .uids(chunk.map(\.uid)), .ints(chunk.map(\.version))]
      ) { rows in faults.moved += rows.map { $0.uid(0) } }
    }
    for (kind, groups) in members.sorted(by: { $0.key < $1.key }) {
      let rows = groups.flatMap { $0.versions.sorted { $0.key < $1.key } }
      try flight.add(
        """
        SELECT coalesce(o.uid, w.uid) FROM (SELECT uid, version FROM object
          WHERE tenant = ANY($1::uuid[]) AND kind = $2::smallint AND NOT deleted AND NOT uid = ANY($3::uuid[])) o
        FULL JOIN (SELECT * FROM unnest($4::uuid[], $5::bigint[]) x(uid, version) WHERE NOT uid = ANY($3::uuid[])) w ON w.uid = o.uid
        WHERE o.uid IS NULL OR w.uid IS NULL OR o.version <> w.version ORDER BY 1
        """,
        [
          .uids(groups.map(\.tenant)), .int(try kinds.number(kind)), .uids(commit.writes.map(\.object.uid)),
          .uids(rows.map(\.key)),
          .ints(rows.map(\.value)),
        ]
      ) { rows in faults.moved += rows.map { $0.uid(0) } }
    }
    if !unreferenced.isEmpty {
      let going = commit.writes.filter { [.startDelete, .softDelete, .remove].contains($0.operation) }.map(\.object.uid)
      try flight.add(
        """
        SELECT DISTINCT r.uid FROM ref r JOIN object o ON o.tenant = r.tenant AND o.uid = r.uid
        WHERE r.target = ANY($1::uuid[]) AND NOT o.deleted AND r.uid <> r.target AND NOT r.uid = ANY($2::uuid[])
        ORDER BY r.uid LIMIT \(Self.maxReferrers)
        """, [.uids(unreferenced), .uids(going)]
      ) { rows in faults.referenced += rows.map { $0.uid(0) } }
    }
  }

  private func count(_ query: ObjectQuery, _ most: Int, _ problem: Problem, _ flight: Flight, _ faults: CommitFaults) throws {
    var b = StatementBuilder()
    let locator = ObjectLocator(kind: catalog.kind(query.kind), slots: kinds.slots[query.kind] ?? [:])
    let tenant = b.bind(.uid(query.tenant), "uuid")
    let filter = PostgresStore.filter(query, kinds, locator, tenant: tenant, &b)
    try flight.add("SELECT count(*) FROM \(ObjectRow.join) WHERE \(filter)", b.parameters) { rows in
      if rows[0].int(0) > most { faults.exceeded.append(problem) }
    }
  }
}

/// What stands against a commit, gathered while its statements run.
final class CommitFaults {
  var moved: [UID] = []
  /// Keys of which some are taken, before it is known which.
  var blocked: [[KeyStatements.Wanted]] = []
  var taken: [(uid: UID, rule: Int, by: UID, kind: String)] = []
  var missing: [UID] = []
  var referenced: [UID] = []
  var exceeded: [Problem] = []

  /// The first class that has any, in order of what a caller can do about it.
  var failure: CommitFailure? {
    if !moved.isEmpty { return .moved(unique(moved)) }
    if !taken.isEmpty { return .taken(taken) }
    if !missing.isEmpty { return .missing(unique(missing)) }
    if !referenced.isEmpty { return .referenced(unique(referenced)) }
    if !exceeded.isEmpty { return .exceeded(exceeded) }
    return nil
  }

  private func unique(_ uids: [UID]) -> [UID] { Set(uids).sorted() }
}
