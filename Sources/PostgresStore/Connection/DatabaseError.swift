// What PostgreSQL said went wrong, and the words in which a user hears of it.
import Core

/// A failed statement or connection, before it is put into words.
struct DatabaseError: Error, CustomStringConvertible {
  /// Five characters of SQLSTATE; empty when the connection failed.
  var state: String
  var message: String
  var connectionLost: Bool
  /// The statement, for failures that are our own mistakes.
  var sql: String = ""
  /// The character of the statement that it is about, counted from 1.
  var position: Int?

  var description: String { state.isEmpty ? message : "\(message) (SQLSTATE \(state))" }

  /// Deadlock or serialization failure: the same transaction may succeed when run again.
  var isTransient: Bool { state == "40P01" || state == "40001" }
  /// The server is starting, stopping or told us to go: another connection will do.
  var isShutdown: Bool { state.hasPrefix("57P") }

  var problem: Problem {
    switch state {
    case _ where connectionLost || isShutdown || state.hasPrefix("08"):
      return Problem(.unavailable, code: "database_unavailable", "The database cannot be reached: \(firstLine).")
    case "53100":
      return Problem(
        .unavailable, code: "disk_full", "The database's disk is full: \(firstLine).", fix: "Free disk space; nothing was lost.")
    case "53300":
      return Problem(.unavailable, code: "database_busy", "The database accepts no more connections.")
    case "57014", "55P03", "25P03":
      return Problem(.timeout, code: "database_timeout", "The database did not finish in time: \(firstLine).")
    case "40P01", "40001":
      return Problem(.conflict, code: "busy", "Others kept changing the same objects.", fix: "Try again.")
    case "22P05", "22021":
      return Problem(
        .invalid, code: "bad_text", "A text holds a character that cannot be stored (NUL, or half a surrogate pair).")
    case "22003":
      return Problem(.invalid, code: "number_range", "A number is out of the range that can be stored.")
    case "42501", "28000", "28P01":
      return Problem(
        .unavailable, code: "database_denied", "The database refuses us: \(firstLine).",
        fix: "Grant the user of --database CREATE on the database, or correct its password.")
    case "25006":
      return Problem(.unavailable, code: "read_only", "The database is a read-only standby.")
    default:
      return Problem(
        .failure, code: "database_error",
        "The database refused a statement: \(description)\(sql.isEmpty ? "" : " in \(sql.prefix(160))")")
    }
  }

  private var firstLine: String {
    String(message.split(separator: "\n").first.map(String.init)?.trimmingPrefix("ERROR:").trimmingPrefix(" ") ?? "no message")
  }
}

/// The connection broke after COMMIT was sent and before it was answered: the commit happened or it did not.
struct AmbiguousCommit: Error {
  var id: UID
  var result: CommitOutcome
}
