// SIGTERM: nothing stays but the data directory, watchers see a clean end, and the next start goes on where this one stopped.
import Core
import Foundation
import TestSupport
import XCTest

final class GracefulStopTests: XCTestCase {
  private static let readySeconds = 60.0

  func testAStopLeavesNothingAndAStartResumes() throws {
    let server = try ServeProcess()
    addTeardownBlock { server.removeAll() }
    try server.start()
    let ports = try CaseSocket.freePorts(3)
    let app = """
      apiVersion: deploy/v1
      kind: App
      metadata: {name: web}
      spec: {command: ["\(CaseServer.binary.path)", hello], port: \(ports), replicas: 3}
      """
    XCTAssertEqual(try server.client.apply("web", app).status, 200)
    XCTAssertNil(try server.client.unready("web", within: Self.readySeconds))
    let before = ProcessScan.replicas(of: server.data.path)
    XCTAssertEqual(before.count, 3)
    let feed = try Database(of: server.data).rows("SELECT max(pos) FROM change")

    // curl ends with 18 when a chunked answer is cut off.
    let heard = server.folder.appendingPathComponent("heard").path
    let watcher = try Child.spawn(
      [
        "/usr/bin/curl", "-sN", "-H", "Authorization: Bearer \(server.token)",
        "http://127.0.0.1:\(server.port)/plumb/v1/watch?after=0",
      ], output: heard)
    let until = Date(timeIntervalSinceNow: Self.readySeconds)
    while Date() < until, !((try? String(contentsOfFile: heard, encoding: .utf8)) ?? "").contains("\"web\"") { usleep(20_000) }

    let began = Date()
    XCTAssertEqual(server.stop(), 0, "exit code; log:\n\(server.log.suffix(2000))")
    XCTAssertLessThan(Date().timeIntervalSince(began), 40, "the stop took long")
    XCTAssertEqual(Child.wait(watcher, seconds: 30), 0, "the watcher saw no clean end")
    XCTAssertEqual(ProcessScan.replicas(of: server.data.path).map(\.pid), [], "children are left")
    XCTAssertEqual(ProcessScan.all(naming: server.data.path).map(\.command), [], "processes are left")
    let files = try FileManager.default.contentsOfDirectory(atPath: server.folder.path).sorted()
    XCTAssertEqual(files, ["data", "data.log", "heard"], "files are left beside the data directory")
    let kept = try FileManager.default.contentsOfDirectory(atPath: server.data.path).sorted()
    XCTAssertEqual(kept, ["admin-token", "apps", "host", "key", "lock", "postgres"])

    let token = server.token
    try server.start()
    XCTAssertEqual(server.token, token, "the admin key changed")
    XCTAssertNil(try server.client.unready("web", within: Self.readySeconds))
    let untilBack = Date(timeIntervalSinceNow: Self.readySeconds)
    // `unready` may still have seen what was observed before the stop.
    while Date() < untilBack, ProcessScan.replicas(of: server.data.path).count < 3 { usleep(50_000) }
    let after = ProcessScan.replicas(of: server.data.path)
    XCTAssertEqual(Set(after.map(\.id)), Set(before.map(\.id)), "the apps do not run again")
    XCTAssertEqual(after.count, 3)
    XCTAssertTrue(Set(after.map(\.pid)).isDisjoint(with: before.map(\.pid)))
    let position = try Database(of: server.data).rows("SELECT max(pos) FROM change").first?.first.flatMap { Int($0) } ?? 0
    XCTAssertGreaterThanOrEqual(position, Int(feed[0][0]) ?? 0, "the feed began anew")
    try Database(of: server.data).checkFeed()
    XCTAssertEqual(server.stop(), 0)
  }

  /// The socket of a long path is elsewhere: that folder goes too.
  func testAStopRemovesTheSocketFolderOfALongPath() throws {
    let folder = try ServeProcess.newFolder()
    let long = String(repeating: "d", count: 100)
    let server = try ServeProcess(folder: folder, data: long)
    addTeardownBlock { server.removeAll() }
    try server.start()
    let note = server.data.appendingPathComponent("postgres/socket-folder")
    let socket = try String(contentsOf: note, encoding: .utf8)
    XCTAssertTrue(FileManager.default.fileExists(atPath: socket))
    XCTAssertEqual(server.stop(), 0)
    XCTAssertFalse(FileManager.default.fileExists(atPath: socket), "\(socket) is left in /tmp")
    try server.start()
    XCTAssertEqual(server.stop(), 0)
  }
}
