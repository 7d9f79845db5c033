// The numbers that stand for kinds in the tables, and which indexed field sits in which slot of `object`.
import Core
import Kinds

/// A loaded copy of tables `kind` and `slot`. Immutable.
struct KindDictionary: Sendable {
  private(set) var numbers: [String: Int] = [:]
  private(set) var names: [Int: String] = [:]
  /// Kind name → field → column.
  private(set) var slots: [String: [String: String]] = [:]
  /// Kinds whose lists have an index of their own.
  private(set) var listed: Set<String> = []
  /// Kinds whose older objects are brought to the present revision when they are read.
  private(set) var changing: [String: KindSpec] = [:]

  /// Texts are cut to this many characters in slots: index rows are limited.
  static let slotCharacters = 200

  func number(_ kind: String) throws -> Int {
    guard let number = numbers[kind] else {
      throw Problem(.failure, code: "unknown_kind", "The kind \(kind) is not in the catalog that the store was opened with.")
    }
    return number
  }
  func name(_ number: Int) -> String { names[number] ?? "?" }

  /// Columns that fit a field's type, in the order they are given out. Empty: the type has no slots.
  static func columns(for type: FieldSpec.FieldType) -> [String] {
    switch type {
    case .string, .date, .boolean: ["t1", "t2", "t3", "t4", "t5", "t6"]
    case .integer: ["i1", "i2", "i3"]
    case .timestamp: ["d1", "d2"]
    default: []
    }
  }

  /// Adds the catalog's new kinds, gives slots to its new indexed fields and fills them, and loads the result.
  /// Called under the migration lock.
  static func load(_ connection: Connection, catalog: KindCatalog) throws -> KindDictionary {
    if !catalog.kinds.isEmpty {
      _ = try connection.query(
        "INSERT INTO kind (name) SELECT n FROM unnest($1::text[]) WITH ORDINALITY x(n, o) WHERE n NOT IN (SELECT name FROM kind) ORDER BY o",
        [.texts(catalog.kinds.map(\.name))])
    }
    var dictionary = KindDictionary()
    let rows = try connection.query("SELECT id, name FROM kind")
    for row in rows.map({ $0 }) {
      dictionary.numbers[row.text(1)] = row.int(0)
      dictionary.names[row.int(0)] = row.text(1)
    }
    for row in try connection.query("SELECT kind, field, col FROM slot").map({ $0 }) {
      dictionary.slots[dictionary.name(row.int(0)), default: [:]][row.text(1)] = row.text(2)
    }
    for kind in catalog.kinds where !kind.migrations.isEmpty { dictionary.changing[kind.name] = kind }
    for kind in catalog.kinds where kind.storage != .record { try dictionary.assign(kind, connection) }
    try dictionary.indexLists(catalog, connection)
    return dictionary
  }

  /// Gives each indexed field of `kind` a slot. Fields beyond the slots are searched in the document: slower, not wrong.
  private mutating func assign(_ kind: KindSpec, _ connection: Connection) throws {
    let indexed = kind.fields.filter { $0.indexed && !$0.isObserved && $0.computed == nil }
    var taken = slots[kind.name] ?? [:]
    for field in indexed {
      let columns = Self.columns(for: field.type)
      if let column = taken[field.name] {
        if columns.contains(column) { continue }
        taken[field.name] = nil
      }
      let free = columns.first { column in !taken.values.contains(column) }
      let stale = taken.first { name, column in columns.contains(column) && !indexed.contains { $0.name == name } }
      guard let column = free ?? stale?.value else { continue }
      if free == nil, let stale { taken[stale.key] = nil }
      taken[field.name] = column
      let number = try self.number(kind.name)
      try connection.transaction {
        _ = try connection.query(
          "DELETE FROM slot WHERE kind = $1::smallint AND (col = $2 OR field = $3)",
          [.int(number), .text(column), .text(field.name)])
        _ = try connection.query(
          "INSERT INTO slot (kind, field, col) VALUES ($1::smallint, $3, $2)", [.int(number), .text(column), .text(field.name)])
        _ = try connection.query(
          "UPDATE object SET \(column) = \(Self.filling(column)) WHERE kind = $1::smallint", [.int(number), .text(field.name)])
      }
    }
    slots[kind.name] = taken
  }

  /// One partial index for each kind with `lists`: counts and pages are read from it alone. Those of no use any more go.
  private mutating func indexLists(_ catalog: KindCatalog, _ connection: Connection) throws {
    var wanted: [String: String] = [:]
    for kind in catalog.kinds where !kind.lists.isEmpty {
      let number = try self.number(kind.name)
      let columns = kind.lists.compactMap { $0 == "createdAt" ? "created" : slots[kind.name]?[$0] }
      let name = "object_list_\(number)_\(columns.joined())"
      wanted[name] = """
        CREATE INDEX \(name) ON object (tenant, \(columns.joined(separator: ", "))) INCLUDE (uid) WHERE kind = \(number) AND NOT deleted
        """
      listed.insert(kind.name)
    }
    let present = try connection.query(
      "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema() AND tablename = 'object' AND indexname ~ '^object_list_'"
    ).map { $0.text(0) }
    for name in present where wanted[name] == nil { _ = try connection.query("DROP INDEX IF EXISTS \(name)") }
    for (name, sql) in wanted.sorted(by: { $0.key < $1.key }) where !present.contains(name) { _ = try connection.query(sql) }
  }

  /// SQL that reads a slot's value out of a document; $2 is the field.
  private static func filling(_ column: String) -> String {
    switch column.first {
    case "t": "left(spec ->> $2, \(slotCharacters))"
    case "i":
      "CASE WHEN jsonb_typeof(spec -> $2) = 'number' AND abs((spec ->> $2)::numeric) < 9e18 THEN round((spec ->> $2)::numeric)::bigint END"
    default: "as_time(spec -> $2)"
    }
  }
}
