// An SQL file as a statement of ours: its kinds become table expressions of one tenant, its rows typed JSON.
import Core
import Kinds
import Ports

/// Compiled once for each file and family.
struct SQLStatement: Sendable {
  struct Column: Sendable {
    var name: String
    /// PostgreSQL's number of the type.
    var type: Int
  }

  let text: SQLText
  /// `WITH "App" AS (…) `
  private let tables: String
  /// The file with `$n` for its parameters.
  private let body: String
  /// Where each piece of the file stands in `body`, in characters: for PostgreSQL's error positions.
  private let starts: [(body: Int, file: Int)]
  private(set) var columns: [Column] = []

  /// Parameter 1 is the tenant.
  private static let first = 2

  init(_ text: SQLText, views: [KindView]) {
    self.text = text
    let names = text.parameters
    let used = views.filter { text.identifiers.contains($0.kind.name) }
    tables =
      used.isEmpty
      ? ""
      : "WITH "
        + used.map { "\(DatabaseAddress.identifier($0.kind.name)) AS NOT MATERIALIZED (\($0.sql(tenant: "$1")))" }
        .joined(separator: ", ") + " "
    var body = ""
    var starts: [(Int, Int)] = []
    for (piece, offset) in text.pieces {
      starts.append((body.unicodeScalars.count, offset))
      switch piece {
      case .text(let text): body += text
      case .parameter(let name): body += "$\((names.firstIndex(of: name) ?? 0) + Self.first)"
      }
    }
    self.body = body
    self.starts = starts
  }

  /// Says its columns; also what is prepared to find the file's faults. The tenant stands in a condition even if no kind is read.
  var description: String { head + "SELECT q.* FROM (\n\(body)\n) q WHERE $1::uuid IS NOT NULL" }
  private var head: String { tables }
  /// Characters before the file's first.
  private var lead: Int { (head + "SELECT q.* FROM (\n").unicodeScalars.count }

  mutating func describe(_ columns: [Column]) throws {
    var seen: Set<String> = []
    for column in columns where !seen.insert(column.name).inserted {
      throw Problem(
        .invalid, code: "sql", "Two columns are named \"\(column.name)\".", place: text.place(0), fix: "Name one of them with AS."
      )
    }
    self.columns = columns
  }

  /// One JSON text a row.
  var rows: String {
    let shown = columns.map { column in
      let name = "q.\(DatabaseAddress.identifier(column.name))"
      return column.type == PostgresType.numeric ? "\(name)::text AS \(DatabaseAddress.identifier(column.name))" : name
    }
    let limit = text.parameters.count + Self.first
    return head + """
      SELECT row_to_json(x)::text FROM (SELECT \(shown.joined(separator: ", ")) FROM (
      \(body)
      ) q WHERE $1::uuid IS NOT NULL LIMIT $\(limit)::bigint OFFSET $\(limit + 1)::bigint) x
      """
  }

  var count: String { head + "SELECT count(*) FROM (\n\(body)\n) q WHERE $1::uuid IS NOT NULL" }

  func parameters(_ query: SQLQuery) -> [Parameter] {
    [.uid(query.tenant)] + text.parameters.map { Self.parameter(query.parameters[$0] ?? .null) }
  }

  private static func parameter(_ value: Value) -> Parameter {
    switch value {
    case .null: .null
    case .string(let text): .text(text)
    case .bool(let flag): .bool(flag)
    case .list(let items): .text("{" + items.map(element).joined(separator: ",") + "}")
    default: .text(JSON.text(value))
    }
  }

  /// In text form, since the statement alone knows the type of the array.
  private static func element(_ value: Value) -> String {
    if value.isNull { return "NULL" }
    let text = value.string ?? JSON.text(value)
    return "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }

  /// Times in the form that every answer has.
  func row(_ text: String) throws -> ObjectMap {
    guard case .object(var row) = try JSON.parse(Array(text.utf8)) else { return [:] }
    for column in columns where column.type == PostgresType.timestamptz {
      if let time = row[column.name]?.string.flatMap({ Timestamp($0) }) { row[column.name] = .string(time.description) }
    }
    return row
  }

  /// A fault at a character of `description`, counted from 1.
  func problem(_ message: String, at position: Int?) -> Problem {
    let character = (position ?? 0) - 1 - lead
    var place = text.place(0)
    if position != nil, character >= 0, let start = starts.last(where: { $0.body <= character }) {
      let inside = String(String.UnicodeScalarView(body.unicodeScalars.dropFirst(start.body).prefix(character - start.body)))
      place = text.place(start.file + inside.utf8.count)
    }
    return Problem(.invalid, code: "sql", message, place: place)
  }
}

/// Numbers that PostgreSQL has for types.
enum PostgresType {
  static let numeric = 1700
  static let timestamptz = 1184
}
