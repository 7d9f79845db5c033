// Where a PostgreSQL is, and in which schema of it our tables stand.
import Core

/// How to reach a database. Made by `PrivatePostgres`, or from the URL that `--database` gives.
public struct DatabaseAddress: Sendable, Hashable {
  /// A libpq connection string or `postgresql://` URL.
  public var connection: String
  /// Schema that holds all our tables.
  public var schema: String

  public init(connection: String, schema: String = "plumb") {
    self.connection = connection
    self.schema = schema
  }

  /// Over a Unix socket, as the private server's owner.
  public init(socketDirectory: String, user: String = "plumb", database: String = "postgres", schema: String = "plumb") {
    self.init(
      connection: "host=\(Self.quoted(socketDirectory)) port=5432 user=\(Self.quoted(user)) dbname=\(Self.quoted(database))",
      schema: schema)
  }

  private static func quoted(_ text: String) -> String {
    "'" + text.reduce(into: "") { $0 += $1 == "'" || $1 == "\\" ? "\\\($1)" : "\($1)" } + "'"
  }

  /// An SQL identifier in quotes.
  static func identifier(_ name: String) -> String {
    "\"" + name.reduce(into: "") { $0 += $1 == "\"" ? "\"\"" : "\($1)" } + "\""
  }

  /// An SQL text literal, for the few places where a parameter cannot stand.
  static func literal(_ text: String) -> String {
    "'" + text.reduce(into: "") { $0 += $1 == "'" ? "''" : "\($1)" } + "'"
  }
}
