// The private server: from nothing, again, after being killed, adopted, in a long folder, misused.
import Core
import Foundation
import TestSupport
import XCTest

@testable import PostgresStore

final class PrivatePostgresTests: XCTestCase {
  private var folder = ""

  override func setUp() { folder = NSTemporaryDirectory() + "plumb-private-\(getpid())-\(UInt32.random(in: 0...UInt32.max))" }
  override func tearDown() { try? FileManager.default.removeItem(atPath: folder) }

  private func answers(_ server: PrivatePostgres) async throws -> Int {
    let pool = ConnectionPool(address: DatabaseAddress(socketDirectory: server.socketFolder, schema: "public"), size: 1)
    defer { pool.close() }
    return try await pool.run { try $0.query("SELECT count(*) FROM pg_tables WHERE tablename = 'kept'")[0].int(0) }
  }
  private func keep(_ server: PrivatePostgres) async throws {
    let pool = ConnectionPool(address: DatabaseAddress(socketDirectory: server.socketFolder, schema: "public"), size: 1)
    defer { pool.close() }
    try await pool.execute("CREATE TABLE kept (x int)")
  }
  private var postmaster: pid_t? { try? PostgresFolder(directory: folder, user: ServerUser.choose()).livingServer()?.pid }

  func testStartsStopsAndKeepsItsData() async throws {
    let first = try await PrivatePostgres.start(directory: folder)
    try await keep(first)
    do {
      _ = try await PrivatePostgres.start(directory: folder)
      XCTFail("two servers in one folder")
    } catch let problem as Problem { XCTAssertEqual(problem.code, "data_in_use") }
    let settings = ConnectionPool(address: first.address, size: 1)
    let durable = try await settings.run { connection in
      try ["fsync", "synchronous_commit", "full_page_writes", "data_checksums", "listen_addresses"].map {
        try connection.query("SHOW \($0)")[0].text(0)
      }
    }
    settings.close()
    XCTAssertEqual(durable, ["on", "on", "on", "on", ""])
    await first.stop()
    XCTAssertNil(postmaster)
    await first.stop()
    let second = try await PrivatePostgres.start(directory: folder)
    let kept = try await answers(second)
    XCTAssertEqual(kept, 1)
    await second.stop()
  }

  /// The postmaster is killed: its guardian starts it again, with all that was committed.
  func testComesBackAfterBeingKilled() async throws {
    let server = try await PrivatePostgres.start(directory: folder)
    try await keep(server)
    let before = try XCTUnwrap(postmaster)
    kill(before, SIGKILL)
    let kept = try await answers(server)
    XCTAssertEqual(kept, 1)
    XCTAssertNotEqual(postmaster, before)
    await server.stop()
  }

  /// A server that nobody owns any more (its plumb was killed) is taken over as it is, and stopped by its new owner.
  func testAdoptsALivingServer() async throws {
    await (try await PrivatePostgres.start(directory: folder)).stop()
    let place = try PostgresFolder(directory: folder, user: ServerUser.choose())
    let programs = try PostgresPrograms.find(major: nil)
    let orphan = try Subprocess.spawn(
      place.user.command(
        [
          "\(programs.folder)/postgres", "-D", place.data, "-c", "listen_addresses=", "-c",
          "unix_socket_directories=\(place.socketFolder())",
        ], tied: false),
      output: 2)
    for _ in 0..<1000 where place.livingServer()?.state != "ready" { usleep(10_000) }
    XCTAssertEqual(postmaster, orphan)
    let adopted = try await PrivatePostgres.start(directory: folder)
    XCTAssertEqual(postmaster, orphan)
    let reached = try await answers(adopted)
    XCTAssertEqual(reached, 0)
    let reaper = Task.detached { waitpid(orphan, nil, 0) }
    await adopted.stop()
    _ = await reaper.value
    XCTAssertNil(postmaster)
  }

  func testALongFolderGetsAShortSocket() async throws {
    let long = folder + "/" + String(repeating: "d", count: 100)
    let server = try await PrivatePostgres.start(directory: long)
    XCTAssertTrue(server.socketFolder.hasPrefix("/tmp/plumb-"))
    let reached = try await answers(server)
    XCTAssertEqual(reached, 0)
    await server.stop()
    XCTAssertFalse(FileManager.default.fileExists(atPath: server.socketFolder))
    await (try await PrivatePostgres.start(directory: long)).stop()
  }

  /// As in root's home on a fresh machine: closed to the user that PostgreSQL runs as.
  func testAFolderThatItsUserCannotPassTo() async throws {
    try XCTSkipUnless(geteuid() == 0, "Only root runs PostgreSQL as another user.")
    try FileManager.default.createDirectory(
      atPath: folder + "/closed", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    for round in 1...2 {
      let server = try await PrivatePostgres.start(directory: folder + "/closed")
      if round == 1 { try await keep(server) }
      let kept = try await answers(server)
      XCTAssertEqual(kept, 1)
      await server.stop()
    }
    var facts = stat()
    XCTAssertEqual(stat(folder + "/closed", &facts), 0)
    XCTAssertEqual(facts.st_mode & 0o777, 0o700)
  }

  func testWhatIsWrongIsSaidPlainly() async throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    func code(_ directory: String) async -> String {
      do {
        await (try await PrivatePostgres.start(directory: directory)).stop()
        return "started"
      } catch { return (error as? Problem)?.code ?? "\(error)" }
    }
    try Data().write(to: URL(fileURLWithPath: folder + "/file"))
    let atFile = await code(folder + "/file/x")
    XCTAssertEqual(atFile, "data_folder")
    let place = try PostgresFolder(directory: folder + "/old", user: ServerUser.choose())
    try FileManager.default.createDirectory(atPath: place.data, withIntermediateDirectories: true)
    let damaged = await code(folder + "/old")
    XCTAssertEqual(damaged, "data_damaged")
    try "9\n".write(toFile: place.data + "/PG_VERSION", atomically: true, encoding: .utf8)
    let version = await code(folder + "/old")
    XCTAssertEqual(version, "postgres_version")
  }
}
