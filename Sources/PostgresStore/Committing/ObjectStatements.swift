// The statements that write objects and, from the same rows, their history.
import Core
import Kinds
import Ports

/// Column arrays of many object writes, for `unnest`.
struct ObjectArrays {
  private static let slotColumns = ["t1", "t2", "t3", "t4", "t5", "t6", "i1", "i2", "i3", "d1", "d2"]
  private static let slotTypes =
    Array(repeating: "text", count: 6) + Array(repeating: "bigint", count: 3) + ["timestamptz", "timestamptz"]

  private var tenant = ArrayColumn(.uuid), uid = ArrayColumn(.uuid), kind = ArrayColumn(.bigint), name = ArrayColumn(.text)
  private var rev = ArrayColumn(.bigint), version = ArrayColumn(.bigint), generation = ArrayColumn(.bigint)
  private var spec = ArrayColumn(.jsonb), owners = ArrayColumn(.jsonb), labels = ArrayColumn(.jsonb),
    protect = ArrayColumn(.boolean)
  private var created = ArrayColumn(.timestamptz), deleting = ArrayColumn(.timestamptz), deleted = ArrayColumn(.boolean)
  private var operation = ArrayColumn(.text)
  private var updated = ArrayColumn(.timestamptz)
  private var slots = slotTypes.map { ArrayColumn(.init(sql: $0)) }
  private let kinds: KindDictionary
  /// Kind → field in each slot.
  private var layouts: [String: [String?]] = [:]

  init(_ kinds: KindDictionary) { self.kinds = kinds }

  mutating func add(_ write: ObjectWrite, version newVersion: Int, now: Timestamp) throws {
    let object = write.object
    tenant.add(object.tenant)
    uid.add(object.uid)
    kind.add(try kinds.number(object.kind))
    name.add(object.name)
    rev.add(object.rev)
    version.add(newVersion)
    generation.add(object.generation)
    spec.add(.object(object.spec))
    owners.add(OwnersCoding.value(object.owners))
    if object.labels.isEmpty {
      labels.addNull()
    } else {
      labels.add(
        .object(ObjectMap(object.labels.sorted { $0.key < $1.key }.map { ($0.key, Value.string($0.value)) })))
    }
    protect.add(object.protected)
    created.add(object.created)
    updated.add(object.updated)
    operation.add(write.operation.rawValue)
    switch write.operation {
    case .startDelete, .softDelete: deleting.add(object.deleting ?? now)
    case .restore: deleting.addNull()
    default: deleting.add(object.deleting)
    }
    deleted.add(write.operation == .softDelete || write.operation == .update && object.deleted)
    addSlots(object)
  }

  private mutating func addSlots(_ object: StoredObject) {
    let layout: [String?]
    if let known = layouts[object.kind] {
      layout = known
    } else {
      let byField = kinds.slots[object.kind] ?? [:]
      let byColumn = Dictionary(byField.map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
      layout = Self.slotColumns.map { byColumn[$0] }
      layouts[object.kind] = layout
    }
    for at in slots.indices {
      guard let field = layout[at], let value = object.spec[field] else {
        slots[at].addNull()
        continue
      }
      switch (value, at) {
      case (.string(let text), 0..<6): slots[at].add(SlotText.cut(text))
      case (.bool(let flag), 0..<6): slots[at].add(flag ? "true" : "false")
      case (.int(let number), 6..<9): slots[at].add(number)
      case (.string(let text), 9...): slots[at].add(Timestamp(text))
      default: slots[at].addNull()
      }
    }
  }

  private static let row = """
    WITH w AS MATERIALIZED (SELECT * FROM unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[], \
    $9::jsonb[], $10::jsonb[], $11::jsonb[], $12::boolean[], $13::timestamptz[], $14::timestamptz[], $15::boolean[], $16::text[], \
    \(slotTypes.enumerated().map { "$\($0 + 17)::\($1)[]" }.joined(separator: ", ")), $\(slotTypes.count + 17)::timestamptz[]) \
    AS w(tenant, uid, kind, name, rev, version, generation, spec, owners, labels, protect, created, deleting, deleted, op, \
    \(slotColumns.joined(separator: ", ")), updated))
    """
  private static let history = """
    INSERT INTO history (tenant, uid, version, kind, name, rev, generation, op, commit, spec, owners, labels, protect, created) \
    SELECT tenant, uid, version, kind, name, rev, generation, op::"char", $1::uuid, spec, owners, labels, protect, created FROM
    """

  /// Returns the uids that existed before, which are not written: the commit fails then, and its history goes with it.
  static let insert = """
    \(row), i AS (INSERT INTO object (tenant, uid, kind, name, rev, version, generation, spec, owners, labels, protect, created, updated, \
    deleting, deleted, \(slotColumns.joined(separator: ", "))) \
    SELECT tenant, uid, kind, name, rev, version, generation, spec, owners, labels, protect, created, updated, deleting, \
    deleted, \(slotColumns.joined(separator: ", ")) FROM w ORDER BY tenant, uid ON CONFLICT DO NOTHING RETURNING uid), \
    h AS (\(history) w ON CONFLICT DO NOTHING) SELECT uid FROM w WHERE uid NOT IN (SELECT uid FROM i)
    """

  /// Rows are locked by now, so their order does not matter. Returns the uids that are gone.
  static let update = """
    \(row), u AS (UPDATE object o SET name = w.name, rev = w.rev, version = w.version, generation = w.generation, spec = w.spec, \
    owners = w.owners, labels = w.labels, protect = w.protect, updated = greatest(o.updated, w.updated), deleting = w.deleting, \
    deleted = w.deleted, \(slotColumns.map { "\($0) = w.\($0)" }.joined(separator: ", ")) \
    FROM w WHERE o.tenant = w.tenant AND o.uid = w.uid RETURNING o.uid), \
    h AS (\(history) w ON CONFLICT DO NOTHING) SELECT uid FROM w WHERE uid NOT IN (SELECT uid FROM u)
    """

  func parameters(commit: UID) -> [Parameter] {
    [
      .uid(commit), tenant.parameter, uid.parameter, kind.parameter, name.parameter, rev.parameter, version.parameter,
      generation.parameter, spec.parameter, owners.parameter, labels.parameterOrNull, protect.parameter, created.parameter,
      deleting.parameterOrNull, deleted.parameter, operation.parameter,
    ] + slots.map(\.parameterOrNull) + [updated.parameter]
  }

  /// $1 commit, $2 tenants, $3 uids, $4 versions. What hangs on the objects goes with them; their history stays.
  static let remove = """
    WITH w AS MATERIALIZED (SELECT * FROM unnest($2::uuid[], $3::uuid[], $4::bigint[]) AS w(tenant, uid, v)), \
    d AS (DELETE FROM object o USING w WHERE o.tenant = w.tenant AND o.uid = w.uid RETURNING o.tenant, o.uid, w.v AS version, o.kind, \
    o.name, o.rev, o.generation, 'd' AS op, o.spec, o.owners, o.labels, o.protect, o.created), \
    s AS (DELETE FROM observed s USING w WHERE s.tenant = w.tenant AND s.uid = w.uid), \
    e AS (DELETE FROM effect e USING w WHERE e.tenant = w.tenant AND e.uid = w.uid), \
    l AS (DELETE FROM last_used l USING w WHERE l.tenant = w.tenant AND l.uid = w.uid), \
    n AS (DELETE FROM series n USING w WHERE n.tenant = w.tenant AND n.owner = w.uid), \
    t AS (DELETE FROM tally t USING w WHERE t.tenant = w.tenant AND t.owner = w.uid), \
    h AS (\(history) d) SELECT count(*) FROM d
    """
}
