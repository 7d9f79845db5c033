// Appending rows of record kinds. A row sent twice (same uid, or a taken key of the kind's `unique`) is kept once.
import Core
import Kinds
import Ports

struct RecordStatements: Sendable {
  let kinds: KindDictionary
  let catalog: KindCatalog

  /// What cannot be kept (a key that is taken where the row must be new, a sum out of bounds) goes into `faults` when the flight has run.
  func append(_ rows: [RecordRow], _ flight: Flight, _ faults: CommitFaults) throws {
    var byKind: [String: [RecordRow]] = [:]
    for row in rows { byKind[row.kind, default: []].append(row) }
    for (kind, rows) in byKind.sorted(by: { $0.key < $1.key }) {
      guard let spec = catalog.kind(kind) else { continue }
      let table = try RecordTable(spec)
      let rules = spec.unique.enumerated().filter { !$0.element.fields.isEmpty && $0.element.condition == nil }
      for chunk in rows.chunks {
        if rules.isEmpty {
          try insert(Array(chunk), table, "", [], flight, faults)
        } else {
          try insertOnce(Array(chunk), table, rules, flight, faults)
        }
      }
    }
  }

  /// `filter` limits the rows of `w`; its parameters come after those of the columns.
  private func insert(
    _ rows: [RecordRow], _ table: RecordTable, _ filter: String, _ extra: [Parameter], _ flight: Flight, _ faults: CommitFaults
  ) throws {
    var at = ArrayColumn(.timestamptz)
    for row in rows { at.add(row.at) }
    var parameters: [Parameter] = [.uids(rows.map(\.tenant)), .uids(rows.map(\.uid)), at.parameter]
    var types = ["uuid[]", "uuid[]", "timestamptz[]"]
    for column in table.columns {
      var array = ArrayColumn(.init(sql: column.type))
      for row in rows { Self.add(row.fields[column.field] ?? .null, column.type, &array) }
      parameters.append(array.parameterOrNull)
      types.append(column.type + "[]")
    }
    let names = (["tenant", "uid", "at"] + table.columns.map(\.name)).joined(separator: ", ")
    let arrays = types.enumerated().map { "$\($0 + 1)::\($1)" }.joined(separator: ", ")
    let source = "unnest(\(arrays)) w(\(names)) \(filter.replacing("$extra", with: "$\(parameters.count + 1)"))"
    let insertion = GaplessSQL(table: table).insertion(names: names, source: source)
    guard !table.kind.totals.isEmpty else {
      try flight.add("\(insertion.with)\(insertion.insert) ON CONFLICT DO NOTHING", parameters + extra)
      return
    }
    let totals = TotalSQL(table: table)
    let (update, select) = totals.update
    let with = insertion.with.isEmpty ? "WITH " : insertion.with + ", "
    try flight.add(
      "\(with)ins AS (\(insertion.insert) ON CONFLICT DO NOTHING RETURNING \(totals.returned))\(update) \(select)",
      parameters + extra
    ) { moved in
      for row in moved.map({ $0 }) {
        guard let total = table.kind.totals.first(where: { $0.name == row.text(0) }),
          let problem = total.problem(
            kind: table.kind.name, value: DecimalText.canonical(.string(row.text(1))) ?? row.text(1), delta: row.text(2))
        else { continue }
        faults.exceeded.append(problem)
      }
    }
  }

  /// Takes the rows' keys first; rows whose keys others hold are left out, or are faults where they must be new.
  private func insertOnce(
    _ rows: [RecordRow], _ table: RecordTable, _ rules: [(offset: Int, element: KindSpec.Unique)], _ flight: Flight,
    _ faults: CommitFaults
  ) throws {
    let kind = try kinds.number(table.kind.name)
    struct Key: Hashable {
      var tenant: UID
      var rule: Int
      var value: String
    }
    var keys: [(key: Key, uid: UID, until: Timestamp?)] = []
    var first: [Key: UID] = [:]
    var twice: Set<UID> = []
    for row in rows {
      for (number, rule) in rules {
        let values = rule.fields.map { row.fields[$0] ?? .null }
        if values.contains(where: \.isNull) { continue }
        let key = Key(tenant: row.tenant, rule: number, value: JSON.canonical(.list(values)))
        if let other = first[key] {
          if other != row.uid {
            twice.insert(row.uid)
            if row.mustBeNew { faults.taken.append((uid: row.uid, rule: number, by: other, kind: row.kind)) }
          }
          continue
        }
        first[key] = row.uid
        let keep = rule.duration ?? table.kind.lifecycle.keep
        keys.append((key, row.uid, keep.map { row.at + $0 }))
      }
    }
    keys.sort { ($0.key.tenant, $0.key.rule, $0.key.value) < ($1.key.tenant, $1.key.rule, $1.key.value) }
    var until = ArrayColumn(.timestamptz)
    for key in keys { until.add(key.until) }
    let parameters: [Parameter] = [
      .int(kind), .uids(keys.map(\.key.tenant)), .ints(keys.map(\.key.rule)), .texts(keys.map(\.key.value)),
      .uids(keys.map(\.uid)),
      until.parameterOrNull,
    ]
    try flight.add(
      """
      INSERT INTO record_key AS k (tenant, kind, rule, value, uid, until)
      SELECT tenant, $1::smallint, rule, key_text(value), uid, until
      FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::uuid[], $6::timestamptz[]) WITH ORDINALITY w(tenant, rule, value, uid, until, n)
      ORDER BY n ON CONFLICT (tenant, kind, rule, value) DO UPDATE SET uid = excluded.uid, until = excluded.until
      WHERE k.until <= clock_timestamp()
      """, parameters)
    try checkNew(
      rows, keys.map { (tenant: $0.key.tenant, rule: $0.key.rule, value: $0.key.value, uid: $0.uid) }, kind, flight, faults)
    let fresh = rows.filter { !twice.contains($0.uid) }
    // A row is kept when every key of its own is held by it.
    let filter = """
      WHERE NOT EXISTS (SELECT 1 FROM unnest($extra::uuid[], \(Self.parameter(table, 1))::bigint[], \(Self.parameter(table, 2))::text[], \
      \(Self.parameter(table, 3))::uuid[]) q(tenant, rule, value, uid) JOIN record_key k ON k.tenant = q.tenant \
      AND k.kind = \(Self.parameter(table, 4))::smallint AND k.rule = q.rule AND k.value = key_text(q.value) \
      WHERE q.uid = w.uid AND k.uid <> q.uid)
      """
    try insert(fresh, table, filter, [parameters[1], parameters[2], parameters[3], parameters[4], parameters[0]], flight, faults)
  }

  /// Keys of rows that must be new, when others hold them.
  private func checkNew(
    _ rows: [RecordRow], _ keys: [(tenant: UID, rule: Int, value: String, uid: UID)], _ kind: Int, _ flight: Flight,
    _ faults: CommitFaults
  ) throws {
    let new = Set(rows.filter(\.mustBeNew).map(\.uid))
    if new.isEmpty { return }
    let asked = keys.filter { new.contains($0.uid) }
    let name = rows[0].kind
    try flight.add(
      """
      SELECT q.uid, q.rule, k.uid FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::uuid[]) q(tenant, rule, value, uid)
      JOIN record_key k ON k.tenant = q.tenant AND k.kind = $1::smallint AND k.rule = q.rule AND k.value = key_text(q.value)
      WHERE k.uid <> q.uid
      """,
      [
        .int(kind), .uids(asked.map(\.tenant)), .ints(asked.map(\.rule)), .texts(asked.map(\.value)), .uids(asked.map(\.uid)),
      ]
    ) { held in
      faults.taken += held.map { (uid: $0.uid(0), rule: $0.int(1), by: $0.uid(2), kind: name) }
    }
  }

  /// The parameter that stands `n` after the first one behind the columns.
  private static func parameter(_ table: RecordTable, _ n: Int) -> String { "$\(4 + table.columns.count + n)" }

  private static func add(_ value: Value, _ type: String, _ array: inout ArrayColumn) {
    switch (type, value) {
    case (_, .null): array.addNull()
    case ("jsonb", _): array.add(value)
    case ("bigint", .int(let number)): array.add(number)
    case ("double precision", _): if let number = value.double { array.add(number) } else { array.addNull() }
    case ("boolean", .bool(let flag)): array.add(flag)
    case ("timestamptz", .string(let text)): array.add(Timestamp(text))
    case ("text", .string(let text)): array.add(text)
    case ("text", let other): array.add(JSON.text(other))
    default: array.addNull()
    }
  }
}
