// A primary and a hot standby that streams from it, made for one test: for reads from a standby, and for failover.
import Core
import Foundation
import PostgresStore

public final class ReplicatedPostgres: @unchecked Sendable {
  private static let startSeconds = 60.0

  public let folder: String
  private let programs: PostgresPrograms
  private let user: ServerUser
  private var processes: [String: Process] = [:]

  /// Both run when this returns, and the standby streams.
  /// - Parameter synchronous: a commit is acknowledged only when the standby has it too.
  public init(synchronous: Bool = false) throws {
    programs = try PostgresPrograms.find()
    user = try ServerUser.choose()
    folder = "/tmp/plumb-repl-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    for name in ["", "/s1", "/s2"] { try own(folder + name) }
    try run([
      "\(programs.folder)/initdb", "-D", "\(folder)/d1", "-U", "plumb", "--auth=trust", "--encoding=UTF8", "--locale=C",
      "--no-sync",
    ])
    try start("1")
    try run([
      "\(programs.folder)/pg_basebackup", "-h", "\(folder)/s1", "-U", "plumb", "-D", "\(folder)/d2", "-R", "-X", "stream", "-c",
      "fast",
    ])
    try start("2")
    try wait("the standby streams") {
      (try? self.query("1", "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'")) == "1"
    }
    if synchronous {
      _ = try query("1", "ALTER SYSTEM SET synchronous_standby_names = '*'")
      _ = try query("1", "SELECT pg_reload_conf()")
      try wait("the standby is synchronous") {
        (try? self.query("1", "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'")) == "1"
      }
    }
  }

  /// Libpq connection strings.
  public func address(primary: Bool) -> String { "host='\(folder)/s\(primary ? 1 : 2)' port=5432 user=plumb dbname=postgres" }
  /// Whichever of the two takes writes.
  public var either: String {
    "host='\(folder)/s1,\(folder)/s2' port=5432,5432 user=plumb dbname=postgres target_session_attrs=read-write"
  }

  /// The standby stops replaying what it gets, or goes on.
  public func pauseReplay(_ pause: Bool) throws { _ = try query("2", "SELECT pg_wal_replay_\(pause ? "pause" : "resume")()") }

  /// The primary dies, and the standby takes its place. What was acknowledged without `synchronous` may be lost.
  public func failOver() throws {
    kill("1", SIGKILL)
    _ = try query("2", "SELECT pg_promote(true, 60)")
    _ = try query("2", "ALTER SYSTEM RESET synchronous_standby_names")
    _ = try query("2", "SELECT pg_reload_conf()")
  }

  public func stopStandby() { kill("2", SIGQUIT) }

  public func removeAll() {
    for name in ["2", "1"] { kill(name, SIGQUIT) }
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// First value of the first row, as text.
  public func query(_ server: String, _ sql: String) throws -> String {
    try run([
      "\(programs.folder)/psql", "-X", "-q", "-At", "-h", "\(folder)/s\(server)", "-U", "plumb", "-d", "postgres", "-c", sql,
    ])
    .split(separator: "\n").first.map(String.init) ?? ""
  }

  // MARK: Programs

  private func own(_ path: String) throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    guard chmod(path, 0o755) == 0, geteuid() != 0 || chown(path, user.uid, user.gid) == 0 else {
      throw Problem(.failure, code: "test", "\(path) cannot be given away")
    }
  }

  private func start(_ name: String) throws {
    let process = Process()
    let words = try user.command(
      [
        "\(programs.folder)/postgres", "-D", "\(folder)/d\(name)", "-k", "\(folder)/s\(name)", "-c", "listen_addresses=", "-c",
        "fsync=off", "-c",
        "wal_level=replica", "-c", "max_wal_senders=5", "-c", "hot_standby=on", "-c", "wal_keep_size=512MB", "-c",
        "max_connections=100",
      ], tied: false)
    process.executableURL = URL(fileURLWithPath: words[0])
    process.arguments = Array(words.dropFirst())
    process.currentDirectoryURL = URL(fileURLWithPath: "/")
    let log = "\(folder)/log\(name)"
    FileManager.default.createFile(atPath: log, contents: nil)
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
    process.standardOutput = handle
    process.standardError = handle
    process.standardInput = FileHandle.nullDevice
    try process.run()
    processes[name] = process
    try wait("PostgreSQL \(name) answers") { (try? self.query(name, "SELECT 1")) == "1" }
  }

  private func kill(_ name: String, _ signal: Int32) {
    guard let process = processes.removeValue(forKey: name) else { return }
    // The children of a killed server end by themselves: they notice.
    Glibc.kill(process.processIdentifier, signal)
    process.waitUntilExit()
  }

  private func wait(_ what: String, until: () -> Bool) throws {
    let end = Date(timeIntervalSinceNow: Self.startSeconds)
    while Date() < end {
      if until() { return }
      usleep(50_000)
    }
    throw Problem(.timeout, code: "test", "not within \(Self.startSeconds) s: \(what)")
  }

  @discardableResult private func run(_ arguments: [String]) throws -> String {
    let process = Process()
    let words = try user.command(arguments, tied: false)
    process.executableURL = URL(fileURLWithPath: words[0])
    process.arguments = Array(words.dropFirst())
    process.currentDirectoryURL = URL(fileURLWithPath: "/")
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let text = String(decoding: output, as: UTF8.self)
    guard process.terminationStatus == 0 else { throw Problem(.failure, code: "test", "\(arguments[0]): \(text.suffix(500))") }
    return text
  }
}
