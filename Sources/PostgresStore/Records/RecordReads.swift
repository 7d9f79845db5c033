// Reads of record kinds: pages and sums.
import Core
import Kinds
import Ports

/// Where fields stand in a record table, as `o`.
struct RecordLocator: FieldLocating {
  let table: RecordTable

  func column(_ path: FieldPath, _ b: inout StatementBuilder) -> FieldColumn {
    switch path {
    case .uid: return .uid("o.uid")
    case .created, .updated: return .time("o.at")
    case .spec(let steps):
      guard let first = steps.first, let column = table.columns.first(where: { $0.field == first }) else {
        return .json("NULL::jsonb", nil)
      }
      let type = ObjectLocator.type(of: steps, in: table.kind)
      if column.type == "jsonb" {
        return .json(
          steps.count == 1 ? "o.\(column.name)" : "(o.\(column.name) #> \(b.bind(.texts(steps.dropFirst()), "text[]")))", type)
      }
      switch column.type {
      case "bigint", "double precision": return .number("o.\(column.name)")
      case "timestamptz": return .time("o.\(column.name)")
      case "text" where column.indexed: return .slot("left(o.\(column.name), 200)", whole: "to_jsonb(o.\(column.name))")
      default: return .json("to_jsonb(o.\(column.name))", type)
      }
    case .name, .version, .label, .status: return .json("NULL::jsonb", nil)
    }
  }
}

extension PostgresStore {
  /// Groups of one aggregate, at most.
  private static let maxGroups = 10_000

  private func table(_ kind: String) throws -> RecordTable {
    guard let table = recordTables.tables[kind] else {
      throw Problem(.failure, code: "unknown_kind", "\(kind) is no record kind of the catalog that the store was opened with.")
    }
    return table
  }

  private static func filter(_ query: RecordQuery, _ table: RecordTable, _ b: inout StatementBuilder) -> String {
    var parts = ["o.tenant = \(b.bind(.uid(query.tenant), "uuid"))"]
    if let from = query.from { parts.append("o.at >= \(b.bind(.time(from), "timestamptz"))") }
    if let to = query.to { parts.append("o.at < \(b.bind(.time(to), "timestamptz"))") }
    parts.append(PredicateSQL(locator: RecordLocator(table: table)).sql(query.predicate, &b))
    return parts.joined(separator: " AND ")
  }

  /// `from` is included, `to` is not.
  public func records(_ query: RecordQuery) async throws -> RecordPage {
    let table = try table(query.kind)
    var b = StatementBuilder()
    let filter = Self.filter(query, table, &b)
    let direction = query.ascending ? "ASC" : "DESC"
    let limit = b.bind(.int(min(max(0, query.limit), Self.maxPage)), "bigint")
    let offset = b.bind(.int(max(0, query.offset)), "bigint")
    let total = query.wantsTotal ? "(SELECT count(*) FROM \(table.name) o WHERE \(filter))" : "NULL::bigint"
    let columns = (["uid", "at"] + table.columns.map(\.name)).map { "o.\($0)" }.joined(separator: ", ")
    let sql = """
      SELECT h.total, x.* FROM (SELECT \(total) AS total) h LEFT JOIN LATERAL (SELECT \(columns) FROM \(table.name) o WHERE \(filter)
        ORDER BY o.at \(direction), o.uid \(direction) LIMIT \(limit) OFFSET \(offset)) x ON true
      """
    let parameters = b.parameters
    return try await reading { connection in
      let rows = try connection.query(sql, parameters)
      let records = try rows.map { $0 }.filter { !$0.isNull(1) }.map { row in
        var fields = ObjectMap()
        for (n, column) in table.columns.enumerated() where !row.isNull(n + 3) {
          fields.append(column.field, try Self.value(row, n + 3, column.type))
        }
        return RecordRow(tenant: query.tenant, uid: row.uid(1), kind: query.kind, at: row.time(2), fields: fields)
      }
      return RecordPage(rows: records, total: rows[0].optionalInt(0))
    }
  }

  private static func value(_ row: Row, _ column: Int, _ type: String) throws -> Value {
    switch type {
    case "bigint": .int(row.int(column))
    case "double precision": .double(row.double(column))
    case "boolean": .bool(row.bool(column))
    case "timestamptz": .string(row.time(column).description)
    case "jsonb": try row.json(column)
    default: .string(row.text(column))
    }
  }

  /// By group. Values that are no numbers count as 0 in the sum.
  public func aggregate(_ query: RecordQuery, sum field: String?, by: String?) async throws -> [(
    group: String, count: Int, sum: Double
  )] {
    let statement = try summing(query, field, by)
    return try await reading { connection in
      let rows = try connection.query(statement.sql, statement.parameters).map {
        (group: $0.text(0), count: $0.int(1), sum: $0.double(2))
      }
      return by == nil && rows.first?.count == 0 ? [] : rows
    }
  }

  public func aggregates(_ questions: [(query: RecordQuery, sum: String?)]) async throws -> [(count: Int, sum: Double)] {
    let statements = try questions.map { try summing($0.query, $0.sum, nil) }
    return try await reading { connection in
      try connection.pipeline(statements).map { rows in rows.isEmpty ? (0, 0) : (rows[0].int(1), rows[0].double(2)) }
    }
  }

  private func summing(_ query: RecordQuery, _ field: String?, _ by: String?) throws -> (sql: String, parameters: [Parameter]) {
    let table = try table(query.kind)
    func column(_ name: String) throws -> RecordTable.Column {
      guard let column = table.columns.first(where: { $0.field == name }) else {
        throw Problem(.failure, code: "unknown_field", "\(query.kind) has no field \(name).")
      }
      return column
    }
    let sum = try field.map { "coalesce(sum(as_number(to_jsonb(o.\(try column($0).name)))), 0)::float8" } ?? "0::float8"
    let group = try by.map { "coalesce(to_jsonb(o.\(try column($0).name)) #>> '{}', '') COLLATE \"C\"" } ?? "''"
    var b = StatementBuilder()
    let filter = Self.filter(query, table, &b)
    let sql =
      "SELECT \(group), count(*), \(sum) FROM \(table.name) o WHERE \(filter) \(by == nil ? "" : "GROUP BY 1 ORDER BY 1") LIMIT \(Self.maxGroups)"
    return (sql, b.parameters)
  }

  /// Outside any commit; a row that is already there is kept as it is. Throws `CommitFailure.exceeded` where a total forbids it.
  public func append(records rows: [RecordRow]) async throws {
    if rows.isEmpty { return }
    try await recordTables.prepare(rows, pool)
    let statements = RecordStatements(kinds: dictionary, catalog: catalog)
    let woken = Wakes.requests(rows, catalog: catalog)
    let kinds = dictionary
    defer { if !woken.isEmpty { signalHub.committed(tenants: [], shards: Set(woken.map { ShardCount.of($0.uid) }).sorted()) } }
    try await pool.run { connection in
      try connection.transaction {
        let flight = Flight(connection)
        let faults = CommitFaults()
        try statements.append(rows, flight, faults)
        try SideStatements(kinds: kinds, flight: flight).work(finished: [], requests: woken)
        try flight.run()
        if let failure = faults.failure { throw failure }
      }
    }
  }
}
