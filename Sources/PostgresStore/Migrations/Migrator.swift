// Brings a database to this program's layout, one replica at a time.
import Core

/// Applies the migrations that a database lacks, each in a transaction of its own.
struct Migrator {
  /// Any number that no other program is likely to take an advisory lock on.
  private static let lock = 7_011_984_120
  let schema: String

  /// Waits for another replica that migrates. Throws Problem(.unavailable) when the database is newer than the program.
  /// `then` runs under the same lock, once the layout is ours.
  func run<T>(_ connection: Connection, migrations: [Migration] = Migration.all, then: () throws -> T) throws -> T {
    try connection.command("SET lock_timeout TO '60s'; SELECT pg_advisory_lock(\(Self.lock)); SET lock_timeout TO '20s'")
    defer { if !connection.isBroken { try? connection.command("SELECT pg_advisory_unlock(\(Self.lock))") } }
    if try connection.query("SELECT 1 FROM pg_namespace WHERE nspname = $1", [.text(schema)]).isEmpty {
      try connection.command("CREATE SCHEMA \(DatabaseAddress.identifier(schema))")
    }
    try connection.command(
      """
      CREATE TABLE IF NOT EXISTS schema_version (number int PRIMARY KEY, title text NOT NULL,
        applied timestamptz NOT NULL DEFAULT clock_timestamp())
      """)
    let present = try connection.query("SELECT coalesce(max(number), 0) FROM schema_version")[0].int(0)
    let newest = migrations.last?.number ?? 0
    guard present <= newest else {
      throw Problem(
        .unavailable, code: "database_newer",
        "The database has layout \(present), and this program knows only \(newest): a newer plumb has been here.",
        fix: "Run the newer program, or restore a backup from before the upgrade.")
    }
    for migration in migrations where migration.number > present {
      try connection.transaction {
        try connection.command(migration.sql)
        _ = try connection.query(
          "INSERT INTO schema_version (number, title) VALUES ($1::int, $2)", [.int(migration.number), .text(migration.title)])
      }
    }
    return try then()
  }
}
