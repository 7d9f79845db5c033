// Running sums over record kinds: the statement parts that keep them, their first computation, and reading them.
import Core
import Kinds
import Ports

/// SQL over `ins`, the rows that one statement appended.
struct TotalSQL {
  let table: RecordTable

  private func column(_ field: String) -> String { table.columns.first { $0.field == field }?.name ?? "NULL" }

  /// The values of `by` as a JSON list, spelled as PostgreSQL spells jsonb: reading spells its keys the same way.
  private func key(_ total: KindSpec.Total) -> String {
    "key_text(jsonb_build_array(\(total.by.map(column).joined(separator: ", ")))::text)"
  }

  private func amount(_ total: KindSpec.Total) -> String { "sum(\(column(total.sum))::numeric)" }

  /// Columns that `ins` must return.
  var returned: String {
    (["tenant"] + Set(table.kind.totals.flatMap { [$0.sum] + $0.by }).sorted().map(column)).joined(separator: ", ")
  }

  /// Further members of the WITH, and the SELECT that gives (name, sum, change) of every sum that moved.
  /// Sums are locked in one order everywhere; they are locked to the end of the transaction.
  var update: (with: String, select: String) {
    let parts = table.kind.totals.sorted { $0.name < $1.name }.map { total in
      """
      SELECT tenant, '\(total.name)' AS name, \(key(total)) AS key, \(amount(total)) AS change FROM ins
      WHERE \(column(total.sum)) IS NOT NULL GROUP BY 1, 3
      """
    }
    let with = """
      , moved AS MATERIALIZED (\(parts.joined(separator: " UNION ALL "))),
      kept AS (INSERT INTO record_total AS t (tenant, kind, name, key, sum)
        SELECT tenant, '\(table.kind.name)', name, key, change FROM moved ORDER BY tenant, name, key
        ON CONFLICT (tenant, kind, name, key) DO UPDATE SET sum = t.sum + excluded.sum RETURNING tenant, name, key, sum)
      """
    return (with, "SELECT k.name, k.sum::text, m.change::text FROM kept k JOIN moved m USING (tenant, name, key)")
  }

  /// How a total is computed; kept beside it.
  func rule(_ total: KindSpec.Total) -> String { "\(total.sum) by \(total.by.joined(separator: ","))" }

  /// All of a total from the rows that are there.
  func whole(_ total: KindSpec.Total) -> String {
    """
    INSERT INTO record_total (tenant, kind, name, key, sum)
    SELECT tenant, '\(table.kind.name)', '\(total.name)', \(key(total)), \(amount(total)) FROM \(table.name)
    WHERE \(column(total.sum)) IS NOT NULL GROUP BY tenant, 4
    """
  }
}

extension RecordTables {
  /// Sums anew what has another rule than before, and forgets totals that are no longer declared. Under the migration lock.
  func migrateTotals(_ connection: Connection) throws {
    var present: [String: String] = [:]
    for row in try connection.query("SELECT kind, name, rule FROM record_total_rule").map({ $0 }) {
      present["\(row.text(0)).\(row.text(1))"] = row.text(2)
    }
    var wanted: Set<String> = []
    for table in tables.values.sorted(by: { $0.plainName < $1.plainName }) {
      let sql = TotalSQL(table: table)
      for total in table.kind.totals {
        let name = "\(table.kind.name).\(total.name)"
        wanted.insert(name)
        guard present[name] != sql.rule(total) else { continue }
        try connection.transaction {
          // Nobody appends meanwhile; the bound of a new rule holds for what comes, not for what is there.
          try connection.command("LOCK TABLE \(table.name) IN SHARE ROW EXCLUSIVE MODE")
          try forget(table.kind.name, total.name, connection)
          try connection.command(sql.whole(total))
          _ = try connection.query(
            "INSERT INTO record_total_rule (kind, name, rule) VALUES ($1, $2, $3)",
            [.text(table.kind.name), .text(total.name), .text(sql.rule(total))])
        }
      }
    }
    for name in present.keys.sorted() where !wanted.contains(name) {
      let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { continue }
      try connection.transaction { try forget(parts[0], parts[1], connection) }
    }
  }

  private func forget(_ kind: String, _ name: String, _ connection: Connection) throws {
    for table in ["record_total", "record_total_rule"] {
      _ = try connection.query("DELETE FROM \(table) WHERE kind = $1 AND name = $2", [.text(kind), .text(name)])
    }
  }
}

extension PostgresStore {
  public func totals(tenant: UID, kind: String, name: String, keys: [[Value]]) async throws -> [Value] {
    guard let spec = catalog.kind(kind), let total = spec.totals.first(where: { $0.name == name }) else {
      throw Problem(.failure, code: "unknown_total", "\(kind) has no total \(name).")
    }
    if keys.isEmpty { return [] }
    let isWhole = spec.field(total.sum)?.type == .integer
    return try await reading { connection in
      var found = [Value](repeating: isWhole ? 0 : "0", count: keys.count)
      let rows = try connection.query(
        """
        SELECT w.n, t.sum::text FROM unnest($4::text[]) WITH ORDINALITY w(key, n)
        JOIN record_total t ON t.tenant = $1::uuid AND t.kind = $2 AND t.name = $3 AND t.key = key_text(w.key::jsonb::text)
        """, [.uid(tenant), .text(kind), .text(name), .texts(keys.map { JSON.text(.list($0)) })])
      for row in rows.map({ $0 }) { found[row.int(0) - 1] = TotalValue.of(row.text(1), isWhole: isWhole) }
      return found
    }
  }
}

/// A sum as expressions and clients see it.
enum TotalValue {
  static func of(_ text: String, isWhole: Bool) -> Value {
    if isWhole, let number = Int(text) { return .int(number) }
    return .string(DecimalText.canonical(.string(text)) ?? text)
  }
}
