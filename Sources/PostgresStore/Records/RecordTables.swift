// Makes and mends the tables of record kinds, and their partitions.
import Core
import Foundation
import Kinds
import Ports

/// Which partitions are known to exist. Days are counted from 1970.
final class RecordTables: @unchecked Sendable {
  /// Rows up to this many days old get a partition of their day; older ones go to one for all that is old.
  static let partitionedDays = 60
  /// Clocks differ; rows further ahead than this are refused.
  static let daysAhead = 2

  let tables: [String: RecordTable]
  private let lock = NSLock()
  private var known: Set<String> = []

  init(_ catalog: KindCatalog) throws {
    tables = Dictionary(
      try catalog.kinds.filter { $0.storage == .record }.map { ($0.name, try RecordTable($0)) },
      uniquingKeysWith: { first, _ in first })
  }

  /// Creates missing tables and columns. Called under the migration lock.
  func migrate(_ connection: Connection, schema: String) throws {
    var present: [String: [String: String]] = [:]
    let rows = try connection.query(
      """
      SELECT c.relname::text, a.attname::text, format_type(a.atttypid, NULL)::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid WHERE n.nspname = $1 AND c.relkind = 'p' AND a.attnum > 0 AND NOT a.attisdropped
      """, [.text(schema)])
    for row in rows.map({ $0 }) { present[row.text(0), default: [:]][row.text(1)] = row.text(2) }
    var sql = ""
    for table in tables.values.sorted(by: { $0.plainName < $1.plainName }) {
      guard let columns = present[table.plainName] else {
        sql += table.creation
        continue
      }
      for column in table.columns {
        guard let type = columns["f_\(column.field)"] else {
          sql +=
            "ALTER TABLE \(table.name) ADD COLUMN \(column.name) \(column.type);" + (column.indexed ? table.index(column) : "")
          continue
        }
        if type != (column.type == "timestamptz" ? "timestamp with time zone" : column.type) {
          throw Problem(
            .invalid, code: "record_type",
            "\(table.kind.name).\(column.field) is stored as \(type) and would now be \(column.type).",
            place: table.kind.field(column.field)?.place ?? table.kind.place,
            fix: "Rows of records do not change: add a field of another name.")
        }
      }
    }
    if !sql.isEmpty { try connection.transaction { try connection.command(sql) } }
    try migrateTotals(connection)
  }

  /// Refuses rows of unknown kinds or from the future, and makes the partitions that the rows need.
  func prepare(_ rows: [RecordRow], _ pool: ConnectionPool) async throws {
    if rows.isEmpty { return }
    let today = RecordTable.day(SystemClock().now())
    var missing: [(table: RecordTable, day: Int)] = []
    var asked: Set<String> = []
    for row in rows {
      guard let table = tables[row.kind] else {
        throw Problem(
          .failure, code: "unknown_kind", "\(row.kind) is no record kind of the catalog that the store was opened with.")
      }
      let day = RecordTable.day(row.at)
      if day > today + Self.daysAhead {
        throw Problem(
          .invalid, code: "record_ahead", "A \(row.kind) of \(row.at) lies in the future.", fix: "Check the sender's clock.")
      }
      let partition = table.partition(day)
      if day >= today - Self.partitionedDays, asked.insert(partition).inserted, !lock.withLock({ known.contains(partition) }) {
        missing.append((table, day))
      }
    }
    if missing.isEmpty { return }
    let wanted = missing
    try await pool.run { connection in
      for (table, day) in wanted { try self.makePartition(table, day, connection) }
    }
  }

  func makePartition(_ table: RecordTable, _ day: Int, _ connection: Connection) throws {
    let partition = table.partition(day)
    if try connection.query("SELECT to_regclass($1)::text", [.text(DatabaseAddress.identifier(partition))])[0].isNull(0) {
      do { try connection.command(table.partitionCreation(day)) } catch let error as DatabaseError
        where error.state == "42P07" || error.state == "42P17"
      {
        // Another replica made it in this moment.
      }
    }
    lock.withLock {
      if known.count > 10_000 { known = [] }
      _ = known.insert(partition)
    }
  }

  func forget(_ partition: String) { lock.withLock { _ = known.remove(partition) } }
}
