// Finds the PostgreSQL that is installed, and the user to run it as.
import Core
import Foundation

/// A folder with `initdb` and `postgres` of one major version.
public struct PostgresPrograms {
  static let oldest = 15
  public var folder: String
  var major: Int

  /// The newest one, or that of the given major version (whose data is already there).
  public static func find(major wanted: Int? = nil) throws -> PostgresPrograms {
    let all = installed()
    if let wanted {
      if let fit = all.first(where: { $0.major == wanted }) { return fit }
      let present = all.isEmpty ? "none is installed" : "installed: \(all.map { "\($0.major)" }.joined(separator: ", "))"
      throw Problem(
        .unavailable, code: "postgres_version", "The data was made by PostgreSQL \(wanted), which is not installed (\(present)).",
        fix: "apt-get install postgresql-\(wanted), or move the data with pg_upgrade.")
    }
    guard let newest = all.first else {
      throw Problem(
        .unavailable, code: "postgres_missing", "PostgreSQL is not installed.",
        fix: "apt-get install postgresql, or name a database with --database URL.")
    }
    guard newest.major >= oldest else {
      throw Problem(
        .unavailable, code: "postgres_old", "PostgreSQL \(newest.major) is installed; \(oldest) or newer is needed.",
        fix: "apt-get install postgresql-\(oldest), or name a database with --database URL.")
    }
    return newest
  }

  /// Newest first.
  static func installed() -> [PostgresPrograms] {
    var found: [PostgresPrograms] = []
    for (root, suffix) in [("/usr/lib/postgresql", "/bin"), ("/usr/local/pgsql", "")] {
      for name in (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? [] {
        let folder = suffix.isEmpty ? "\(root)/\(name)" : "\(root)/\(name)\(suffix)"
        if let major = Int(name), isComplete(folder) { found.append(PostgresPrograms(folder: folder, major: major)) }
      }
    }
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    for folder in path.split(separator: ":").map(String.init)
    where isComplete(folder) && !found.contains(where: { $0.folder == folder }) {
      if let major = version(folder) { found.append(PostgresPrograms(folder: folder, major: major)) }
    }
    return found.sorted { $0.major > $1.major }
  }

  private static func isComplete(_ folder: String) -> Bool {
    access("\(folder)/initdb", X_OK) == 0 && access("\(folder)/postgres", X_OK) == 0
  }

  /// `postgres (PostgreSQL) 15.14 …`
  private static func version(_ folder: String) -> Int? {
    guard let (status, text) = try? Subprocess.run(["\(folder)/postgres", "--version"], seconds: 5), status == 0 else {
      return nil
    }
    return text.split(separator: " ").dropFirst(2).first.flatMap { Int($0.prefix { $0.isNumber }) }
  }
}

/// PostgreSQL refuses to run as root: then another user runs it.
public struct ServerUser {
  var name: String
  public var uid: uid_t
  public var gid: gid_t
  /// True when we are this user ourselves.
  var isSelf: Bool

  public static func choose() throws -> ServerUser {
    if geteuid() != 0 { return ServerUser(name: "", uid: geteuid(), gid: getegid(), isSelf: true) }
    for name in ["postgres", "nobody"] {
      if let entry = getpwnam(name) {
        return ServerUser(name: name, uid: entry.pointee.pw_uid, gid: entry.pointee.pw_gid, isSelf: false)
      }
    }
    throw Problem(
      .unavailable, code: "no_user", "PostgreSQL does not run as root, and there is neither a user postgres nor nobody.",
      fix: "Run plumb as an ordinary user, or name a database with --database URL.")
  }

  /// The command line that runs `arguments` as this user. `tied`: the program is told to stop (SIGINT) when the thread that
  /// started it ends, so that a killed `plumb serve` leaves no server behind.
  public func command(_ arguments: [String], tied: Bool) throws -> [String] {
    let setpriv = ["/usr/bin/setpriv", "/bin/setpriv"].first(where: Self.isProgram)
    let tie = tied ? ["--pdeathsig", "INT"] : []
    if isSelf {
      if let setpriv, tied { return [setpriv] + tie + ["--"] + arguments }
      return arguments
    }
    if let setpriv { return [setpriv, "--reuid=\(uid)", "--regid=\(gid)", "--clear-groups"] + tie + ["--"] + arguments }
    if let runuser = ["/usr/sbin/runuser", "/sbin/runuser"].first(where: Self.isProgram) {
      return [runuser, "-u", name, "--"] + arguments
    }
    throw Problem(
      .unavailable, code: "no_setpriv", "PostgreSQL does not run as root, and neither setpriv nor runuser is installed.",
      fix: "apt-get install util-linux, or run plumb as an ordinary user.")
  }

  private static func isProgram(_ path: String) -> Bool { access(path, X_OK) == 0 }

  /// False when this user may not pass through a folder on the way to `path`, as into root's home.
  func mayReach(_ path: String) -> Bool {
    var folder = ""
    for part in path.split(separator: "/") {
      folder += "/\(part)"
      var info = stat()
      guard stat(folder, &info) == 0 else { return true }
      let bits: mode_t = info.st_uid == uid ? 0o100 : info.st_gid == gid ? 0o010 : 0o001
      if uid != 0, info.st_mode & bits == 0 { return false }
    }
    return true
  }
}
