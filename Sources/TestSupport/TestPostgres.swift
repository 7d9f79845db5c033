// A real PostgreSQL for tests: one server a process in a folder of its own, a fresh database for each store.
import Core
import Foundation
import Kinds
import PostgresStore

/// Started on first use, stopped and removed when the process ends. Works as root and as an ordinary user.
public final class TestPostgres: @unchecked Sendable {
  /// Databases are forgotten by a crash of the machine, not of a process: that is all that tests need.
  private static let settings = [
    ("fsync", "off"), ("max_connections", "200"), ("max_wal_size", "1GB"), ("superuser_reserved_connections", "0"),
  ]

  private static let lock = NSLock()
  nonisolated(unsafe) private static var started: Task<TestPostgres, Error>?

  public let server: PrivatePostgres
  private let folder: String
  private let counter = NSLock()
  nonisolated(unsafe) private var made = 0
  private let admin: ConnectionPool

  private init(folder: String) async throws {
    self.folder = folder
    Self.removeLeftovers()
    server = try await PrivatePostgres.start(directory: folder, settings: Self.settings)
    admin = ConnectionPool(address: DatabaseAddress(socketDirectory: server.socketFolder, schema: "public"), size: 1)
    try await admin.execute("CREATE DATABASE plumb_template")
    let template = ConnectionPool(address: address(of: "plumb_template"), size: 1)
    try await PostgresStore(pool: template, catalog: KindCatalog(kinds: [], families: [], routes: [], views: [:], digest: ""))
      .close()
  }

  /// The process's server.
  public static var shared: TestPostgres {
    get async throws {
      let task = lock.withLock { () -> Task<TestPostgres, Error> in
        if let started { return started }
        let folder = NSTemporaryDirectory() + "plumb-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        let task = Task { try await TestPostgres(folder: folder) }
        started = task
        atexit { TestPostgres.cleanUp() }
        return task
      }
      return try await task.value
    }
  }

  /// Folders of test processes that were killed. Their servers ended with them.
  private static func removeLeftovers() {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: NSTemporaryDirectory())) ?? []
    where name.hasPrefix("plumb-test-") {
      guard let pid = pid_t(name.split(separator: "-").dropFirst(2).first ?? ""), kill(pid, 0) != 0, errno == ESRCH else {
        continue
      }
      try? FileManager.default.removeItem(atPath: NSTemporaryDirectory() + name)
    }
  }

  private static func cleanUp() {
    guard let task = lock.withLock({ started }) else { return }
    let done = DispatchSemaphore(value: 0)
    Task.detached {
      if let shared = try? await task.value {
        shared.admin.close()
        await shared.server.stop()
        try? FileManager.default.removeItem(atPath: shared.folder)
      }
      done.signal()
    }
    _ = done.wait(timeout: .now() + 10)
  }

  public func address(of database: String) -> DatabaseAddress {
    DatabaseAddress(socketDirectory: server.socketFolder, database: database)
  }

  /// A fresh database. `laidOut`: with our tables in it already.
  public func database(laidOut: Bool = true) async throws -> DatabaseAddress {
    let name = counter.withLock {
      made += 1
      return "test_\(made)"
    }
    try await admin.execute("CREATE DATABASE \(name)\(laidOut ? " TEMPLATE plumb_template" : "")")
    return address(of: name)
  }

  /// A store in a database of its own. The caller closes it.
  public static func store(_ catalog: KindCatalog, connections: Int = ConnectionPool.standardSize) async throws -> PostgresStore {
    let address = try await shared.database()
    return try await PostgresStore(pool: ConnectionPool(address: address, size: connections), catalog: catalog)
  }
}
