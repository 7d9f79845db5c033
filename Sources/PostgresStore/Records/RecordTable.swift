// The table of a record kind: typed columns from the kind's fields, one partition a day.
import Core
import Kinds

/// Names and types of one record kind's table.
struct RecordTable: Sendable {
  struct Column: Sendable {
    var field: String
    /// Quoted identifier.
    var name: String
    /// SQL type.
    var type: String
    var indexed: Bool
  }

  let kind: KindSpec
  let columns: [Column]
  /// Unquoted.
  let plainName: String
  var name: String { DatabaseAddress.identifier(plainName) }

  init(_ kind: KindSpec) throws {
    self.kind = kind
    plainName = "record_\(kind.name)"
    columns = kind.fields.filter { $0.computed == nil }.map {
      Column(field: $0.name, name: DatabaseAddress.identifier("f_\($0.name)"), type: Self.type($0), indexed: $0.indexed)
    }
    // Partitions add `_yyyymmdd`; PostgreSQL cuts identifiers after 63 bytes.
    for text in [plainName + "_20260101_x"] + kind.fields.map({ "f_\($0.name)" }) where text.utf8.count > 63 {
      throw Problem(.invalid, code: "name_too_long", "\(kind.name): the name \(text) is too long for a table.", place: kind.place)
    }
  }

  static func type(_ field: FieldSpec) -> String {
    switch field.type {
    case .integer: "bigint"
    case .number: "double precision"
    case .boolean: "boolean"
    case .timestamp: "timestamptz"
    case .map, .list, .object, .any, .blob: "jsonb"
    case .string, .decimal, .date, .duration, .bytes: "text"
    }
  }

  func partition(_ day: Int) -> String {
    let (year, month, date) = Timestamp.civil(day)
    return "\(plainName)_\(year * 10_000 + month * 100 + date)"
  }

  /// SQL that makes the table, and a partition for what is older than partitions are made for.
  var creation: String {
    let columns = self.columns.map { ", \($0.name) \($0.type)" }.joined()
    var sql = """
      CREATE TABLE \(name) (tenant uuid NOT NULL, uid uuid NOT NULL, at timestamptz NOT NULL\(columns), PRIMARY KEY (tenant, at, uid))
        PARTITION BY RANGE (at);
      CREATE TABLE \(DatabaseAddress.identifier(plainName + "_old")) PARTITION OF \(name) DEFAULT;
      """
    for column in self.columns where column.indexed { sql += index(column) }
    return sql
  }

  func index(_ column: Column) -> String {
    column.type == "jsonb"
      ? "" : "CREATE INDEX ON \(name) (tenant, \(column.type == "text" ? "left(\(column.name), 200)" : column.name), at);"
  }

  func partitionCreation(_ day: Int) -> String {
    """
    CREATE TABLE IF NOT EXISTS \(DatabaseAddress.identifier(partition(day))) PARTITION OF \(name)
      FOR VALUES FROM ('\(Self.midnight(day))') TO ('\(Self.midnight(day + 1))')
    """
  }

  static func midnight(_ day: Int) -> String { Timestamp(microseconds: day * 86_400_000_000).description }
  static func day(_ time: Timestamp) -> Int { Int((Double(time.microseconds) / 86_400_000_000).rounded(.down)) }
}
