// One commit as one transaction: lock, write, take the heads, check what it rests on, announce, commit.
import Core
import Kinds
import Ports

/// What a commit did, and whom to tell.
struct CommitOutcome: Sendable {
  var result: CommitResult
  var changed: [UID]
  var shards: [Int]
}

/// In three flights (docs/STORE.md): locks and reads; writes, heads and checks; COMMIT. Rows of each table are locked in one
/// order everywhere, tables too, so commits wait for each other and do not lock up.
struct CommitTransaction {
  let id: UID
  let commit: Commit
  let kinds: KindDictionary
  let catalog: KindCatalog
  let records: RecordStatements

  /// A row of the feed to be. `back`: how far before its tenant's new position it stands.
  private struct Announcement {
    var tenant: UID
    var uid: UID
    var kind: String
    var name: String
    var operation: String
    var events: [String]
    var version: Int
  }

  func run(_ connection: Connection) throws -> CommitOutcome {
    do {
      let outcome = try body(connection)
      do { try connection.commit() } catch let error as DatabaseError
        where connection.commitSent && (error.connectionLost || error.isShutdown)
      {
        throw AmbiguousCommit(id: id, result: outcome)
      }
      return outcome
    } catch {
      if !connection.isBroken, connection.inTransaction { try? connection.rollback() }
      throw error
    }
  }

  private func body(_ connection: Connection) throws -> CommitOutcome {
    let faults = CommitFaults()
    let flight = Flight(connection)
    var keys = KeyStatements(kinds: kinds)
    var locked: [UID: Int] = [:]
    var observed: [UID: (name: String, version: Int)] = [:]
    let writes = commit.writes.sorted { ($0.object.tenant, $0.object.uid) < ($1.object.tenant, $1.object.uid) }
    try lockAndRead(writes, flight, &keys, &locked, &observed)

    let versions = newVersions(writes, locked, faults)
    // Nothing more can be learned from writing on top of what moved.
    if let failure = faults.failure { throw failure }
    try writeObjects(writes, versions, flight, faults)
    let side = SideStatements(kinds: kinds, flight: flight)
    let gone = Set(writes.filter { $0.operation == .remove }.map(\.object.uid))
    let statuses = commit.statuses.filter { (observed[$0.uid] != nil || versions[$0.uid] != nil) && !gone.contains($0.uid) }
    try side.statuses(statuses)
    try keys.write(writes, to: flight) { faults.blocked.append($0) }
    for change in commit.inventory.sorted(by: { ($0.owner, $0.set) < ($1.owner, $1.set) }) {
      try side.inventory(change, versions: versions)
    }
    try side.effects(commit.effects)
    try side.story(commit.story)
    try records.append(commit.records, flight, faults)
    let series = SeriesStatements(flight: flight)
    try series.write(commit.series)
    try series.write(commit.tallies)
    try side.work(finished: commit.finished, requests: commit.work)

    let announcements = self.announcements(statuses, versions, observed)
    let heads = try takeHeads(announcements, flight)
    try PinStatements(kinds: kinds, catalog: catalog).check(commit, lockedVersions: locked, flight: flight, faults: faults)
    let at = try announce(announcements, heads, flight, connection)
    for wanted in faults.blocked {
      faults.taken += try KeyStatements.holders(wanted, connection).map {
        (uid: $0.wanted.uid, rule: $0.wanted.key.rule, by: $0.by, kind: kinds.name($0.wanted.key.kind))
      }
    }
    if let failure = faults.failure { throw failure }
    return CommitOutcome(
      result: CommitResult(positions: heads.positions, at: at(), versions: versions), changed: heads.counts.keys.sorted(),
      shards: Set(commit.work.map { ShardCount.of($0.uid) }).sorted())
  }

  // MARK: Before writing

  private func lockAndRead(
    _ writes: [ObjectWrite], _ flight: Flight, _ keys: inout KeyStatements, _ locked: inout [UID: Int],
    _ observed: inout [UID: (name: String, version: Int)]
  ) throws {
    try flight.add("BEGIN")
    if !commit.fences.isEmpty {
      // Holds off takeovers until this transaction ends; sees one that came first.
      let fences = commit.fences.sorted { $0.shard < $1.shard }
      try flight.add(
        """
        SELECT s.id FROM unnest($1::bigint[], $2::uuid[], $3::bigint[]) f(id, holder, epoch)
        JOIN shard s ON s.id = f.id AND s.holder = f.holder AND s.epoch = f.epoch ORDER BY s.id FOR SHARE OF s
        """, [.ints(fences.map(\.shard)), .uids(fences.map(\.holder)), .ints(fences.map(\.epoch))]
      ) { rows in if rows.count != fences.count { throw CommitFailure.fenced } }
      try flight.run()
    }
    var versions: [UID: Int] = [:]
    var statusOf: [UID: (name: String, version: Int)] = [:]
    var reading = keys
    let creations = writes.filter { $0.operation == .create }
    for chunk in creations.chunks {
      // A uid that comes back (an import, a rollback of a removal) goes on counting where its history ended.
      try flight.add(
        """
        SELECT h.uid, max(h.version) FROM unnest($1::uuid[], $2::uuid[]) w(tenant, uid)
        JOIN history h ON h.tenant = w.tenant AND h.uid = w.uid GROUP BY h.uid
        """, [.uids(chunk.map(\.object.tenant)), .uids(chunk.map(\.object.uid))]
      ) { rows in for row in rows.map({ $0 }) { versions[row.uid(0)] = row.int(1) } }
    }
    let changes = writes.filter { $0.operation != .create }
    let strength = changes.contains { $0.operation == .remove } ? "UPDATE" : "NO KEY UPDATE"
    for chunk in changes.chunks {
      try flight.add(
        """
        SELECT o.uid, o.version FROM unnest($1::uuid[], $2::uuid[]) w(tenant, uid)
        JOIN object o ON o.tenant = w.tenant AND o.uid = w.uid ORDER BY o.tenant, o.uid FOR \(strength) OF o
        """, [.uids(chunk.map(\.object.tenant)), .uids(chunk.map(\.object.uid))]
      ) { rows in for row in rows.map({ $0 }) { versions[row.uid(0)] = row.int(1) } }
    }
    for chunk in changes.filter({ KeyStatements.sets($0.operation) }).chunks {
      let (keySQL, keyParameters) = KeyStatements.readKeys(chunk)
      try flight.add(keySQL, keyParameters) { reading.tookKeys($0) }
      let (referenceSQL, referenceParameters) = KeyStatements.readReferences(chunk)
      try flight.add(referenceSQL, referenceParameters) { reading.tookReferences($0) }
    }
    for chunk in commit.statuses.chunks {
      try flight.add(
        """
        SELECT o.uid, o.name, o.version FROM unnest($1::uuid[], $2::uuid[]) w(tenant, uid)
        JOIN object o ON o.tenant = w.tenant AND o.uid = w.uid
        """, [.uids(chunk.map(\.tenant)), .uids(chunk.map(\.uid))]
      ) { rows in for row in rows.map({ $0 }) { statusOf[row.uid(0)] = (row.text(1), row.int(2)) } }
    }
    try flight.run()
    keys = reading
    locked = versions
    observed = statusOf
  }

  private func newVersions(_ writes: [ObjectWrite], _ locked: [UID: Int], _ faults: CommitFaults) -> [UID: Int] {
    var versions: [UID: Int] = [:]
    versions.reserveCapacity(writes.count)
    for write in writes {
      let uid = write.object.uid
      let present = locked[uid]
      if write.operation == .create {
        versions[uid] = max(present ?? 0, write.object.version) + 1
      } else if let present, write.expected == nil || write.expected == present {
        versions[uid] = present + 1
      } else {
        faults.moved.append(uid)
      }
    }
    return versions
  }

  // MARK: Writing

  private func writeObjects(_ writes: [ObjectWrite], _ versions: [UID: Int], _ flight: Flight, _ faults: CommitFaults) throws {
    let now = SystemClock().now()
    func add(_ part: [ObjectWrite], _ sql: String) throws {
      for chunk in part.chunks {
        var arrays = ObjectArrays(kinds)
        for write in chunk { try arrays.add(write, version: versions[write.object.uid] ?? 1, now: now) }
        try flight.add(sql, arrays.parameters(commit: id)) { rows in faults.moved += rows.map { $0.uid(0) } }
      }
    }
    for chunk in writes.filter({ $0.operation == .remove }).chunks {
      try flight.add(
        ObjectArrays.remove,
        [
          .uid(id), .uids(chunk.map(\.object.tenant)), .uids(chunk.map(\.object.uid)),
          .ints(chunk.map { versions[$0.object.uid] ?? 1 }),
        ])
    }
    try add(writes.filter { $0.operation != .remove && $0.operation != .create }, ObjectArrays.update)
    try add(writes.filter { $0.operation == .create }, ObjectArrays.insert)
  }

  /// Object writes in the order that the commit gives them, then observed state that nothing else announces.
  private func announcements(
    _ statuses: [StatusWrite], _ versions: [UID: Int], _ observed: [UID: (name: String, version: Int)]
  ) -> [Announcement] {
    var list = commit.writes.map { write in
      Announcement(
        tenant: write.object.tenant, uid: write.object.uid, kind: write.object.kind, name: write.object.name,
        operation: write.operation.rawValue, events: write.events, version: versions[write.object.uid] ?? 1)
    }
    for status in statuses where status.announce && versions[status.uid] == nil {
      guard let about = observed[status.uid] else { continue }
      list.append(
        Announcement(
          tenant: status.tenant, uid: status.uid, kind: status.kind, name: about.name, operation: "o",
          events: status.events,
          version: about.version))
    }
    return list
  }

  // MARK: The heads, last

  /// Filled in when the flight has run.
  private final class Heads {
    /// Announcements by tenant.
    var counts: [UID: Int] = [:]
    var positions: [UID: Int] = [:]
    var locked: [UID] = []
  }

  /// Moves the head of each tenant with announcements, and locks those of pins. From here on others of these tenants wait.
  private func takeHeads(_ announcements: [Announcement], _ flight: Flight) throws -> Heads {
    let heads = Heads()
    for announcement in announcements { heads.counts[announcement.tenant, default: 0] += 1 }
    var tenants = Set(heads.counts.keys)
    for pin in commit.pins {
      switch pin {
      case .version(let tenant, _, _), .exists(let tenant, _), .atMost(let tenant, _, _, _, _), .unreferenced(let tenant, _):
        tenants.insert(tenant)
      case .total, .members: break  // a total's own row stands for it; members lock nothing
      }
    }
    heads.locked = tenants.sorted()
    for chunk in heads.locked.chunks {
      try flight.add(
        """
        INSERT INTO head AS h (tenant, pos) SELECT tenant, n FROM unnest($1::uuid[], $2::bigint[]) WITH ORDINALITY x(tenant, n, o) ORDER BY o
        ON CONFLICT (tenant) DO UPDATE SET pos = h.pos + excluded.pos, at = greatest(clock_timestamp(), h.at + interval '1 microsecond')
        RETURNING tenant, pos
        """, [.uids(chunk), .ints(chunk.map { heads.counts[$0] ?? 0 })]
      ) { rows in for row in rows.map({ $0 }) { heads.positions[row.uid(0)] = row.int(1) } }
    }
    if heads.locked.count > 1 {
      // One commit has one time: the latest of its heads.
      try flight.add(
        "UPDATE head SET at = (SELECT max(at) FROM head WHERE tenant = ANY($1::uuid[])) WHERE tenant = ANY($1::uuid[])",
        [.uids(heads.locked)])
    }
    return heads
  }

  /// Observed state carries the version that the object has under the head lock: another may have written since it was read.
  /// Writes the feed rows and the log, runs all that is gathered, and gives the commit's time.
  private func announce(_ announcements: [Announcement], _ heads: Heads, _ flight: Flight, _ connection: Connection) throws -> ()
    -> Timestamp
  {
    var left = heads.counts
    let rows = announcements.map { announcement -> (Announcement, back: Int) in
      left[announcement.tenant, default: 1] -= 1
      return (announcement, left[announcement.tenant] ?? 0)
    }
    for chunk in rows.chunks {
      var events = ArrayColumn(.text)
      for (row, _) in chunk { events.add(row.events.isEmpty ? nil : row.events.joined(separator: ",")) }
      try flight.add(
        """
        INSERT INTO change (tenant, pos, uid, kind, name, op, events, version, commit, at)
        SELECT x.tenant, h.pos - x.back, x.uid, x.kind, x.name, x.op::"char", x.events,
          CASE x.op WHEN 'o' THEN coalesce((SELECT o.version FROM object o WHERE o.tenant = x.tenant AND o.uid = x.uid), x.version)
            ELSE x.version END, $9::uuid, h.at
        FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::bigint[])
          x(tenant, back, uid, kind, name, op, events, version) JOIN head h ON h.tenant = x.tenant
        """,
        [
          .uids(chunk.map(\.0.tenant)), .ints(chunk.map(\.back)), .uids(chunk.map(\.0.uid)),
          .ints(try chunk.map { try kinds.number($0.0.kind) }), .texts(chunk.map(\.0.name)), .texts(chunk.map(\.0.operation)),
          events.parameterOrNull, .ints(chunk.map(\.0.version)), .uid(id),
        ])
    }
    var at = Timestamp(microseconds: 0)
    let origin = commit.origin
    try flight.add(
      """
      INSERT INTO commit_log (id, at, manager, actor, source, action, lasting)
      VALUES ($1::uuid, coalesce((SELECT at FROM head WHERE tenant = $2::uuid), clock_timestamp()), $3, $4, $5, $6, $7::boolean) RETURNING at
      """,
      [
        .uid(id), heads.locked.first.map { .uid($0) } ?? .null, .text(origin.manager.description), .text(origin.actor),
        .optional(origin.commit), .text(origin.action), .bool(!commit.writes.isEmpty),
      ]
    ) { at = $0[0].time(0) }
    try flight.run()
    return { at }
  }
}
