// The PostgreSQL that `plumb serve` starts for itself, stops with itself, and takes over from a predecessor that was killed.
import Core
import Foundation

/// A server in `DIR/postgres`, reached through a Unix socket only. fsync and synchronous commits stay on.
public final class PrivatePostgres: @unchecked Sendable {
  /// Small: the data of a small installation, without what only large ones need.
  private static let settings: [(String, String)] = [
    ("listen_addresses", ""), ("port", "5432"), ("max_connections", "40"), ("shared_buffers", "24MB"), ("wal_level", "replica"),
    ("max_wal_senders", "4"), ("max_wal_size", "256MB"), ("min_wal_size", "32MB"), ("checkpoint_timeout", "10min"),
    ("jit", "off"),
    ("autovacuum", "on"), ("autovacuum_max_workers", "2"), ("max_worker_processes", "2"), ("max_parallel_workers", "0"),
    ("max_parallel_workers_per_gather", "0"), ("effective_cache_size", "256MB"), ("random_page_cost", "1.1"), ("work_mem", "4MB"),
    ("maintenance_work_mem", "32MB"), ("huge_pages", "off"), ("logging_collector", "off"), ("log_min_messages", "warning"),
    ("log_line_prefix", "%m [%p] "), ("track_activities", "on"), ("unix_socket_permissions", "0700"), ("timezone", "UTC"),
    ("log_timezone", "UTC"),
  ]
  private static let startSeconds = 120.0
  private static let stopSeconds = 15.0
  /// The log is begun anew when it is longer than this.
  private static let maxLog = 10 << 20
  /// A server that ends by itself is started again after this, in seconds; each time in a row the wait doubles, up to the longest.
  private static let firstRestart = 0.1
  private static let longestRestart = 5.0
  /// One that ran this long had a good start.
  private static let goodRun = 60.0
  private static let pollMicroseconds: UInt32 = 4_000

  public let address: DatabaseAddress
  public let socketFolder: String

  private let folder: PostgresFolder
  private let programs: PostgresPrograms
  private let extra: [(String, String)]
  private let lockDescriptor: Int32
  private let condition = NSCondition()
  private var pid: pid_t = 0
  private var stopping = false
  private var ended = true
  /// It took connections once: when it ends by itself, it is started again.
  private var everReady = false

  private init(directory: String, settings: [(String, String)]) throws {
    folder = try PostgresFolder(directory: directory, user: try ServerUser.choose())
    programs = try PostgresPrograms.find(major: try folder.version())
    extra = settings
    socketFolder = try folder.socketFolder()
    address = DatabaseAddress(socketDirectory: socketFolder)
    lockDescriptor = try folder.lock()
  }

  /// Starts it, making it first when there is none, or adopts the one that still runs. Returns when it takes connections.
  /// Throws Problem with the reason in plain words.
  public static func start(directory: String, settings: [(String, String)] = []) async throws -> PrivatePostgres {
    try await withCheckedThrowingContinuation { continuation in
      Thread { continuation.resume(with: Result { try startBlocking(directory: directory, settings: settings) }) }.start()
    }
  }

  static func startBlocking(directory: String, settings: [(String, String)] = []) throws -> PrivatePostgres {
    let server = try PrivatePostgres(directory: directory, settings: settings)
    do {
      if try server.folder.version() == nil { try server.folder.create(with: server.programs) }
      try server.bringUp()
      server.condition.withLock { server.everReady = true }
    } catch {
      close(server.lockDescriptor)
      throw error
    }
    return server
  }

  private func bringUp() throws {
    let deadline = Date(timeIntervalSinceNow: Self.startSeconds)
    // One that is stopping (its plumb was killed just now) must be gone before the next one starts.
    while let living = folder.livingServer(), living.state != "ready" {
      guard Date() < deadline else {
        throw Problem(.timeout, code: "postgres_slow", "The PostgreSQL that runs in \(folder.data) does not stop.")
      }
      usleep(Self.pollMicroseconds)
    }
    if let living = folder.livingServer(), socketExists {
      pid = living.pid
      ended = false
      watchAdopted(living.pid)
      return
    }
    startGuardian()
    while true {
      condition.lock()
      let (over, current) = (ended, pid)
      condition.unlock()
      if over { throw PostgresFolder.explain("The database did not start", logTail()) }
      if let living = folder.livingServer(), living.state == "ready", current != 0, socketExists { return }
      if Date() >= deadline {
        stopBlocking()
        throw Problem(
          .timeout, code: "postgres_slow", "The database was not ready within \(Int(Self.startSeconds)) s.",
          fix: "See \(folder.log).")
      }
      usleep(Self.pollMicroseconds)
    }
  }

  private var socketExists: Bool { access("\(socketFolder)/.s.PGSQL.5432", F_OK) == 0 }

  // MARK: Guarding

  /// A thread that starts the server and waits for its end. The server is tied to this very thread: it lives as long as the server.
  private func startGuardian() {
    ended = false
    let thread = Thread { [self] in
      var pause = Self.firstRestart
      while run(goodRun: { pause = Self.firstRestart }) {
        condition.lock()
        // A stop ends the wait.
        let end = Date(timeIntervalSinceNow: pause)
        while !stopping, condition.wait(until: end) {}
        condition.unlock()
        pause = min(pause * 2, Self.longestRestart)
      }
      finish()
    }
    thread.stackSize = 256 << 10
    thread.name = "postgres-guard"
    thread.start()
  }

  /// Runs the server to its end. True when it is to be started again: a first start that fails is for people to look at, one that
  /// served before is wanted back, however long that takes.
  private func run(goodRun: () -> Void) -> Bool {
    let began = Date()
    condition.lock()
    let wanted = !stopping
    condition.unlock()
    guard wanted else { return false }
    if let child = spawn() {
      condition.lock()
      pid = child
      // A stop that came in between did not see the process.
      if stopping { kill(child, SIGINT) }
      condition.unlock()
      var status: Int32 = 0
      while waitpid(child, &status, 0) < 0, errno == EINTR {}
    }
    if Date().timeIntervalSince(began) > Self.goodRun { goodRun() }
    condition.lock()
    defer { condition.unlock() }
    pid = 0
    return !stopping && everReady
  }

  /// An adopted server is no child of ours: its end is seen by looking.
  private func watchAdopted(_ adopted: pid_t) {
    let thread = Thread { [self] in
      while folder.livingServer()?.pid == adopted {
        condition.lock()
        _ = condition.wait(until: Date(timeIntervalSinceNow: stopping ? 0.005 : 1))
        condition.unlock()
      }
      condition.lock()
      let again = !stopping
      pid = 0
      condition.unlock()
      if again { startGuardian() } else { finish() }
    }
    thread.stackSize = 256 << 10
    thread.start()
  }

  private func finish() {
    condition.lock()
    ended = true
    pid = 0
    condition.broadcast()
    condition.unlock()
  }

  private func spawn() -> pid_t? {
    var info = stat()
    if stat(folder.log, &info) == 0, info.st_size > Self.maxLog { truncate(folder.log, 0) }
    let log = open(folder.log, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0o600)
    guard log >= 0 else { return nil }
    defer { close(log) }
    var arguments = ["\(programs.folder)/postgres", "-D", folder.told(folder.data)]
    for (name, value) in Self.settings + [("unix_socket_directories", folder.told(socketFolder))] + extra {
      arguments += ["-c", "\(name)=\(value)"]
    }
    guard let handle = try? folder.handle() ?? -1 else { return nil }
    defer { if handle >= 0 { close(handle) } }
    return try? Subprocess.spawn(
      folder.user.command(arguments, tied: true), output: log, handing: handle >= 0 ? handle : nil)
  }

  private func logTail() -> String {
    guard let handle = FileHandle(forReadingAtPath: folder.log) else { return "no log" }
    defer { try? handle.close() }
    let size = (try? handle.seekToEnd()) ?? 0
    try? handle.seek(toOffset: size > 4096 ? size - 4096 : 0)
    return String(decoding: (try? handle.readToEnd()) ?? Data(), as: UTF8.self)
  }

  // MARK: Stopping

  /// Fast shutdown: open transactions are rolled back, all is written. After 15 s it is made to stop at once; its log recovers it.
  public func stop() async {
    await withCheckedContinuation { continuation in
      Thread { [self] in
        stopBlocking()
        continuation.resume()
      }.start()
    }
  }

  func stopBlocking() {
    condition.lock()
    let first = !stopping
    stopping = true
    if pid > 0, !ended { kill(pid, SIGINT) }
    condition.broadcast()
    if !wait(Self.stopSeconds), pid > 0 { kill(pid, SIGQUIT) }
    if !wait(Self.stopSeconds / 3), pid > 0 { kill(pid, SIGKILL) }
    _ = wait(1)
    let gone = ended
    condition.unlock()
    if first, gone { folder.removeSocketFolder(socketFolder) }
    if first { close(lockDescriptor) }
  }

  /// Called with the lock held. True when the server has ended.
  private func wait(_ seconds: Double) -> Bool {
    let end = Date(timeIntervalSinceNow: seconds)
    while !ended, condition.wait(until: end) {}
    return ended
  }
}
