// Runs SQL files: in a read-only transaction, with a deadline, over the kinds of one tenant.
import Core
import Foundation
import Kinds
import Ports

extension PostgresStore: SQLPort {
  public func check(_ files: [(text: SQLText, family: String)]) async throws -> [Problem] {
    var problems: [Problem] = []
    for file in files {
      do { _ = try await statement(file.text, family: file.family) } catch let problem as Problem where problem.code == "sql" {
        problems.append(problem)
      }
    }
    return problems
  }

  public func rows(_ query: SQLQuery) async throws -> SQLPage {
    let statement = try await statement(query.text, family: query.family)
    let parameters = statement.parameters(query)
    let limit = min(max(0, query.limit), SQLQuery.maxRows)
    let timeout = min(query.timeout, SQLQuery.maxTimeout)
    return try await pool.run { connection in
      try Self.reading(connection, timeout: timeout) {
        do {
          let rows = try connection.query(statement.rows, parameters + [.int(limit), .int(max(0, query.offset))])
          let total = query.wantsTotal ? try connection.query(statement.count, parameters)[0].int(0) : nil
          return SQLPage(rows: try rows.map { try statement.row($0.text(0)) }, total: total)
        } catch let error as DatabaseError where error.state.hasPrefix("22") && error.state != "22021" {
          throw Problem(.invalid, code: "bad_query", "A parameter has no value of its type: \(error.message).")
        }
      }
    }
  }

  /// Nothing here can write, see other schemas without naming them, or go on for long.
  private static func reading<T>(_ connection: Connection, timeout: Duration, _ body: () throws -> T) throws -> T {
    let milliseconds = max(1, timeout.microseconds / 1000)
    try connection.command(
      "BEGIN READ ONLY; SET LOCAL search_path TO pg_catalog; SET LOCAL statement_timeout TO \(milliseconds); SET LOCAL work_mem TO '16MB'"
    )
    let value = try body()
    try connection.command("COMMIT")
    return value
  }

  private func statement(_ text: SQLText, family: String) async throws -> SQLStatement {
    let key = "\(family) \(text.name)"
    if let known = sqlStatements.get(key, text) { return known }
    let schema = pool.address.schema
    if text.identifiers.contains(schema.lowercased()) {
      throw Problem(.invalid, code: "sql", "\"\(schema)\" is not for SQL files: tables are kinds.", place: text.place(0))
    }
    let views = try catalog.kinds.filter { text.identifiers.contains($0.name) }.map { kind in
      KindView(
        kind: kind, number: kind.storage == .record ? 0 : try dictionary.number(kind.name),
        schema: DatabaseAddress.identifier(schema), style: style(kind, family), record: recordTables.tables[kind.name])
    }
    let statement = try await pool.run { [statement = SQLStatement(text, views: views)] connection in
      try Self.reading(connection, timeout: SQLQuery.standardTimeout) {
        var statement = statement
        do { try statement.describe(connection.columns(of: statement.description)) } catch let error as DatabaseError
          where !error.connectionLost && !error.isShutdown
        {
          throw statement.problem(Self.told(error.message, views), at: error.position)
        }
        return statement
      }
    }
    sqlStatements.keep(key, statement)
    return statement
  }

  /// PostgreSQL's words, and the columns that there are where one is missing.
  private static func told(_ message: String, _ views: [KindView]) -> String {
    guard message.contains("column"), message.contains("does not exist") else { return message }
    return "\(message). " + views.map { "\($0.kind.name) has \($0.columns.joined(separator: ", "))." }.joined(separator: " ")
  }

  private func style(_ kind: KindSpec, _ family: String) -> KindSpec.IDStyle {
    let family = catalog.family(family)
    return family?.ids[kind.name] ?? (kind.id == .uuid ? family?.ids["default"] ?? .uuid : kind.id)
  }
}

/// Compiled files, by family and name.
final class SQLStatements: @unchecked Sendable {
  private let lock = NSLock()
  private var known: [String: SQLStatement] = [:]
  private static let limit = 2000

  func get(_ key: String, _ text: SQLText) -> SQLStatement? {
    lock.withLock { known[key].flatMap { $0.text.source == text.source ? $0 : nil } }
  }

  func keep(_ key: String, _ statement: SQLStatement) {
    lock.withLock {
      if known.count >= Self.limit { known.removeAll() }
      known[key] = statement
    }
  }
}
