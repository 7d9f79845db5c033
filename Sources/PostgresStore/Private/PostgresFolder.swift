// The folder of a private PostgreSQL: its layout, its making, and who owns it.
import CLinux
import Core
import Foundation

/// `DIR/postgres`: `data` (the cluster), `log`, `lock`, and the socket, or `socket-folder` that names where the socket is.
struct PostgresFolder {
  /// Longest path of a Unix socket that Linux takes.
  private static let maxSocketPath = 107
  private static let initSeconds = 120.0

  let root: String
  let user: ServerUser
  /// Where PostgreSQL's user cannot pass to `root`, its programs are handed the open folder as descriptor 3, and know it by that.
  let isHanded: Bool
  static let handed = "/proc/self/fd/3"
  var data: String { "\(root)/data" }
  var log: String { "\(root)/log" }

  init(directory: String, user: ServerUser) throws {
    let absolute = directory.hasPrefix("/") ? directory : FileManager.default.currentDirectoryPath + "/" + directory
    root = URL(fileURLWithPath: absolute).standardizedFileURL.path + "/postgres"
    self.user = user
    do {
      try FileManager.default.createDirectory(
        atPath: (root as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    } catch {
      throw Self.cannot("make the folder \((root as NSString).deletingLastPathComponent)")
    }
    try Self.makePrivate(root, user)
    isHanded = !user.mayReach(root)
  }

  /// Makes a folder that only `user` may enter, or checks that it is one.
  private static func makePrivate(_ path: String, _ user: ServerUser) throws {
    if mkdir(path, 0o700) != 0, errno != EEXIST { throw cannot("make the folder \(path)") }
    var info = stat()
    guard lstat(path, &info) == 0, info.st_mode & S_IFMT == S_IFDIR else { throw cannot("use \(path) as a folder") }
    if info.st_uid != user.uid {
      guard info.st_uid == geteuid(), chown(path, user.uid, user.gid) == 0 else {
        throw Problem(
          .denied, code: "data_owner", "\(path) belongs to user \(info.st_uid); PostgreSQL runs as \(user.uid).",
          fix: "Run plumb as the user who made the folder, or choose another --data folder.")
      }
    }
    if info.st_mode & 0o777 != 0o700, chmod(path, 0o700) != 0 { throw cannot("protect the folder \(path)") }
  }

  private static func cannot(_ what: String) -> Problem {
    let full = errno == ENOSPC
    return Problem(
      full ? .unavailable : .denied, code: full ? "disk_full" : "data_folder",
      "Cannot \(what): \(String(cString: strerror(errno))).",
      fix: full ? "Free disk space." : "Choose another --data folder, or its rights.")
  }

  /// A path below the folder as PostgreSQL's programs know it.
  func told(_ path: String) -> String {
    isHanded && (path == root || path.hasPrefix(root + "/")) ? Self.handed + path.dropFirst(root.count) : path
  }

  /// The open folder for a program that is started; nil where the program finds it by its path. The caller closes it.
  func handle() throws -> Int32? {
    guard isHanded else { return nil }
    let descriptor = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.cannot("open \(root)") }
    return descriptor
  }

  /// Keeps a second `plumb serve` out. Held as long as the descriptor is open.
  func lock() throws -> Int32 {
    let descriptor = open("\(root)/lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Self.cannot("open \(root)/lock") }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw Problem(
        .conflict, code: "data_in_use", "Another plumb serve uses \((root as NSString).deletingLastPathComponent).",
        fix: "Stop it, or choose another --data folder.")
    }
    return descriptor
  }

  /// Major version of the cluster that is there; nil when there is none.
  func version() throws -> Int? {
    guard access(data, F_OK) == 0 else { return nil }
    guard let text = try? String(contentsOfFile: "\(data)/PG_VERSION", encoding: .utf8),
      let major = Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
    else {
      throw Problem(
        .failure, code: "data_damaged", "\(data) is no PostgreSQL data folder, or may not be read.",
        fix: "Restore it from a backup, or move it away to start anew.")
    }
    return major
  }

  /// Makes the cluster beside its place and moves it there when it is whole and on disk, so that a crash leaves none or all.
  /// `initdb`'s own sync takes 2 s (a thousand files one by one); syncing the file system once takes 0.1 s and is as safe.
  func create(with programs: PostgresPrograms) throws {
    let fresh = "\(root)/data.new"
    try? FileManager.default.removeItem(atPath: fresh)
    // Character types of C.UTF-8: lower() then knows all letters. Order stays that of bytes.
    let type = newlocale(Int32(1 << LC_CTYPE), "C.UTF-8", nil)
    if let type { freelocale(type) }
    let handle = try handle()
    defer { if let handle { close(handle) } }
    let (status, output) = try Subprocess.run(
      user.command(
        [
          "\(programs.folder)/initdb", "-D", told(fresh), "-U", "plumb", "--auth=trust", "--encoding=UTF8", "--locale=C",
          "--lc-ctype=\(type == nil ? "C" : "C.UTF-8")", "--data-checksums", "--no-sync", "--no-instructions",
        ], tied: false), seconds: Self.initSeconds, handing: handle)
    guard status == 0 else { throw Self.explain("The database could not be made", output) }
    let descriptor = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.cannot("open \(root)") }
    defer { close(descriptor) }
    guard syncfs(descriptor) == 0, rename(fresh, data) == 0, fsync(descriptor) == 0 else {
      throw Self.cannot("put \(data) in its place")
    }
  }

  /// Where the socket goes: here, or in a short folder under /tmp that is remembered.
  func socketFolder() throws -> String {
    if "\(root)/.s.PGSQL.5432".utf8.count <= Self.maxSocketPath { return root }
    let note = "\(root)/socket-folder"
    if let known = try? String(contentsOfFile: note, encoding: .utf8), known.hasPrefix("/tmp/plumb-") {
      var info = stat()
      if lstat(known, &info) == 0, info.st_mode & S_IFMT == S_IFDIR, info.st_uid == user.uid, info.st_mode & 0o777 == 0o700 {
        return known
      }
    }
    var template = Array(("/tmp/plumb-" + String(repeating: "X", count: 6)).utf8CString)
    guard mkdtemp(&template) != nil else { throw Self.cannot("make a folder in /tmp for the database's socket") }
    let made = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    try Self.makePrivate(made, user)
    do { try made.write(toFile: note, atomically: true, encoding: .utf8) } catch { throw Self.cannot("write \(note)") }
    return made
  }

  /// Removes the folder that was made under /tmp, once the server has ended.
  func removeSocketFolder(_ path: String) {
    if path != root, rmdir(path) == 0 { unlink("\(root)/socket-folder") }
  }

  /// The server that `postmaster.pid` names, when it lives and is this folder's: its id and whether it is ready or stopping.
  func livingServer() -> (pid: pid_t, state: String)? {
    guard let text = try? String(contentsOfFile: "\(data)/postmaster.pid", encoding: .utf8) else { return nil }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
    guard let first = lines.first, let pid = pid_t(first), pid > 1, kill(pid, 0) == 0 || errno == EPERM else { return nil }
    // The id may be another program's by now.
    guard let name = try? String(contentsOfFile: "/proc/\(pid)/comm", encoding: .utf8), name.hasPrefix("postgres") else {
      return nil
    }
    if let folder = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd"), folder != data { return nil }
    return (pid, lines.count > 7 ? lines[7] : "starting")
  }

  /// What PostgreSQL wrote about a failure, in plain words.
  static func explain(_ what: String, _ output: String) -> Problem {
    let lines = output.split(separator: "\n").filter {
      $0.contains("FATAL") || $0.contains("PANIC") || $0.contains("error:") || $0.contains("HINT")
    }
    let said = (lines.isEmpty ? output.split(separator: "\n").suffix(3) : lines.suffix(3)).joined(separator: " ")
    if output.contains("No space left on device") {
      return Problem(.unavailable, code: "disk_full", "\(what): the disk is full.", fix: "Free disk space, then start again.")
    }
    if output.contains("Permission denied") {
      return Problem(
        .denied, code: "data_rights", "\(what): \(said)", fix: "Give PostgreSQL's user the rights to the --data folder.")
    }
    return Problem(.failure, code: "postgres_failed", "\(what): \(said)")
  }
}
