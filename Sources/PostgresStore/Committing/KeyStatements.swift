// Unique keys and references: what written objects held before, and what they hold now.
import Core
import Kinds
import Ports

/// Reads the keys and references of objects to be updated, and writes only the differences.
struct KeyStatements {
  struct HeldKey: Hashable {
    var scope: UID
    var kind: Int
    var rule: Int
    var value: String
  }
  struct Wanted {
    var key: HeldKey
    var tenant: UID
    var uid: UID
    var until: Timestamp?
  }

  let kinds: KindDictionary
  private(set) var heldKeys: [UID: [HeldKey: Timestamp?]] = [:]
  private(set) var heldReferences: [UID: Set<ObjectReference>] = [:]

  init(kinds: KindDictionary) { self.kinds = kinds }

  static func readKeys(_ writes: ArraySlice<ObjectWrite>) -> (String, [Parameter]) {
    (
      """
      SELECT k.uid, k.scope, k.kind, k.rule, k.value, k.until FROM unnest($1::uuid[], $2::uuid[]) w(tenant, uid)
      JOIN unique_key k ON k.tenant = w.tenant AND k.uid = w.uid
      """, [.uids(writes.map(\.object.tenant)), .uids(writes.map(\.object.uid))]
    )
  }
  static func readReferences(_ writes: ArraySlice<ObjectWrite>) -> (String, [Parameter]) {
    (
      """
      SELECT r.uid, r.field, r.target FROM unnest($1::uuid[], $2::uuid[]) w(tenant, uid)
      JOIN ref r ON r.tenant = w.tenant AND r.uid = w.uid
      """, [.uids(writes.map(\.object.tenant)), .uids(writes.map(\.object.uid))]
    )
  }
  mutating func tookKeys(_ rows: Rows) {
    for row in rows.map({ $0 }) {
      let key = HeldKey(scope: row.uid(1), kind: row.int(2), rule: row.int(3), value: row.text(4))
      heldKeys[row.uid(0), default: [:]][key] = .some(row.optionalTime(5))
    }
  }
  mutating func tookReferences(_ rows: Rows) {
    for row in rows.map({ $0 }) {
      heldReferences[row.uid(0), default: []].insert(ObjectReference(field: row.text(1), target: row.uid(2)))
    }
  }

  func key(_ key: UniqueKey, of object: StoredObject) throws -> HeldKey {
    HeldKey(
      scope: key.global ? PostgresStore.everywhere : object.tenant, kind: try kinds.number(object.kind), rule: key.rule,
      value: key.value)
  }

  /// Writes of `writes` that set keys and references anew: creations, updates, restorations.
  static func sets(_ operation: ObjectWrite.Operation) -> Bool {
    operation == .create || operation == .update || operation == .restore
  }
  static func drops(_ operation: ObjectWrite.Operation) -> Bool { operation == .softDelete || operation == .remove }

  /// `blocked` is called with keys of which others hold some: `holders` tells which and who, in the same transaction.
  func write(_ writes: [ObjectWrite], to flight: Flight, blocked: @escaping ([Wanted]) -> Void) throws {
    try writeReferences(writes, to: flight)
    var dropped: [(tenant: UID, uid: UID, key: HeldKey)] = []
    var wanted: [Wanted] = []
    for write in writes where Self.sets(write.operation) {
      var old = heldKeys[write.object.uid] ?? [:]
      for unique in write.uniqueKeys {
        let key = try self.key(unique, of: write.object)
        if let until = old.removeValue(forKey: key), until == unique.until { continue }
        wanted.append(Wanted(key: key, tenant: write.object.tenant, uid: write.object.uid, until: unique.until))
      }
      for key in old.keys { dropped.append((write.object.tenant, write.object.uid, key)) }
    }
    let gone = writes.filter { Self.drops($0.operation) || $0.freesKeys }
    for chunk in gone.chunks {
      try flight.add(
        "DELETE FROM unique_key k USING unnest($1::uuid[], $2::uuid[]) w(tenant, uid) WHERE k.tenant = w.tenant AND k.uid = w.uid",
        [.uids(chunk.map(\.object.tenant)), .uids(chunk.map(\.object.uid))])
    }
    for chunk in dropped.chunks {
      try flight.add(
        """
        DELETE FROM unique_key k USING unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::uuid[], $6::uuid[])
        w(scope, kind, rule, value, tenant, uid) WHERE k.scope = w.scope AND k.kind = w.kind AND k.rule = w.rule AND k.value = w.value
        AND k.tenant = w.tenant AND k.uid = w.uid
        """,
        [
          .uids(chunk.map(\.key.scope)), .ints(chunk.map(\.key.kind)), .ints(chunk.map(\.key.rule)),
          .texts(chunk.map(\.key.value)),
          .uids(chunk.map(\.tenant)), .uids(chunk.map(\.uid)),
        ])
    }
    // Keys in one order everywhere: two commits that want each other's keys wait, and do not lock up.
    wanted.sort { a, b in
      (a.key.scope, a.key.kind, a.key.rule, a.key.value) < (b.key.scope, b.key.kind, b.key.rule, b.key.value)
    }
    for chunk in wanted.chunks { try insert(Array(chunk), to: flight, blocked: blocked) }
  }

  private func insert(_ wanted: [Wanted], to flight: Flight, blocked: @escaping ([Wanted]) -> Void) throws {
    var until = ArrayColumn(.timestamptz)
    for want in wanted { until.add(want.until) }
    // A key whose time is over goes to the next who wants it.
    try flight.add(
      """
      WITH i AS (INSERT INTO unique_key AS k (scope, kind, rule, value, tenant, uid, until)
      SELECT scope, kind, rule, key_text(value), tenant, uid, until
      FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::uuid[], $6::uuid[], $7::timestamptz[])
        WITH ORDINALITY w(scope, kind, rule, value, tenant, uid, until, n) ORDER BY n
      ON CONFLICT (scope, kind, rule, value) DO UPDATE SET tenant = excluded.tenant, uid = excluded.uid, until = excluded.until
      WHERE k.until <= clock_timestamp() OR (k.tenant = excluded.tenant AND k.uid = excluded.uid) RETURNING 1)
      SELECT count(*) FROM i
      """, Self.columns(wanted) + [until.parameterOrNull]
    ) { rows in if rows[0].int(0) < wanted.count { blocked(wanted) } }
  }

  private static func columns(_ wanted: [Wanted]) -> [Parameter] {
    [
      .uids(wanted.map(\.key.scope)), .ints(wanted.map(\.key.kind)), .ints(wanted.map(\.key.rule)),
      .texts(wanted.map(\.key.value)), .uids(wanted.map(\.tenant)), .uids(wanted.map(\.uid)),
    ]
  }

  /// Those of the wanted keys that others hold, and who.
  static func holders(_ wanted: [Wanted], _ connection: Connection) throws -> [(wanted: Wanted, by: UID)] {
    try connection.query(
      """
      SELECT w.n, k.uid FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::uuid[], $6::uuid[])
        WITH ORDINALITY w(scope, kind, rule, value, tenant, uid, n)
      JOIN unique_key k ON k.scope = w.scope AND k.kind = w.kind AND k.rule = w.rule AND k.value = key_text(w.value)
      WHERE k.tenant <> w.tenant OR k.uid <> w.uid ORDER BY w.n
      """, columns(wanted)
    ).map { (wanted: wanted[$0.int(0) - 1], by: $0.uid(1)) }
  }

  private func writeReferences(_ writes: [ObjectWrite], to flight: Flight) throws {
    typealias Row = (tenant: UID, uid: UID, reference: ObjectReference)
    var added: [Row] = []
    var dropped: [Row] = []
    for write in writes where Self.sets(write.operation) {
      let (tenant, uid) = (write.object.tenant, write.object.uid)
      let new = Set(write.references)
      let old = heldReferences[uid] ?? []
      added += new.subtracting(old).map { (tenant, uid, $0) }
      dropped += old.subtracting(new).map { (tenant, uid, $0) }
    }
    for chunk in writes.filter({ Self.drops($0.operation) }).chunks {
      try flight.add(
        "DELETE FROM ref r USING unnest($1::uuid[], $2::uuid[]) w(tenant, uid) WHERE r.tenant = w.tenant AND r.uid = w.uid",
        [.uids(chunk.map(\.object.tenant)), .uids(chunk.map(\.object.uid))])
    }
    func parameters(_ rows: ArraySlice<Row>) -> [Parameter] {
      [
        .uids(rows.map(\.tenant)), .uids(rows.map(\.uid)), .texts(rows.map(\.reference.field)),
        .uids(rows.map(\.reference.target)),
      ]
    }
    for chunk in dropped.chunks {
      try flight.add(
        """
        DELETE FROM ref r USING unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[]) w(tenant, uid, field, target)
        WHERE r.tenant = w.tenant AND r.uid = w.uid AND r.field = w.field AND r.target = w.target
        """, parameters(chunk))
    }
    for chunk in added.chunks {
      try flight.add(
        "INSERT INTO ref (tenant, uid, field, target) SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[]) ON CONFLICT DO NOTHING",
        parameters(chunk))
    }
  }
}
