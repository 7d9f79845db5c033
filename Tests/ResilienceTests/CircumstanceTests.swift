// Bad circumstances: each start that cannot be says why in plain words, ends with the right code, and leaves nothing running.
import Core
import Foundation
import TestSupport
import XCTest

final class CircumstanceTests: XCTestCase {
  private static let endSeconds = 90.0

  /// Starts a server that is to end by itself.
  private func refusal(_ server: ServeProcess, file: StaticString = #filePath, line: UInt = #line) throws -> Int32? {
    try server.spawn()
    let status = server.ended()
    XCTAssertFalse(server.log.contains("Fatal error") || server.log.contains("crashed"), server.log, file: file, line: line)
    if status != nil {
      XCTAssertEqual(ProcessScan.all(naming: server.data.path).map(\.command), [], "left running", file: file, line: line)
    }
    return status
  }

  func testAnAddressInUse() throws {
    let taken = try CaseReceiver()
    defer { taken.stop() }
    let server = try ServeProcess(port: taken.port)
    addTeardownBlock { server.removeAll() }
    XCTAssertEqual(try refusal(server), 5)
    XCTAssertTrue(server.log.contains("127.0.0.1:\(taken.port)") && server.log.contains("in use"), server.log)
  }

  func testADirectoryInUse() throws {
    let folder = try ServeProcess.newFolder()
    let server = try ServeProcess(folder: folder)
    let second = try ServeProcess(folder: folder)
    addTeardownBlock { server.removeAll() }
    try server.start()
    try second.spawn()
    XCTAssertEqual(second.ended(), 5)
    XCTAssertTrue(server.log.contains("Another plumb serve uses \(server.data.path)"), server.log)
    XCTAssertEqual(try server.client.call("GET", "/plumb/v1/objects/Project").status, 200, "the first one suffered")
    XCTAssertEqual(server.stop(), 0)
  }

  func testADirectoryThatCannotBeMade() throws {
    let folder = try ServeProcess.newFolder()
    try "in the way".write(to: folder.appendingPathComponent("file"), atomically: true, encoding: .utf8)
    let (status, said) = try Child.run([
      CaseServer.binary.path, "serve", "--data", folder.path + "/file/data", "--listen", "127.0.0.1:0",
    ])
    try FileManager.default.removeItem(at: folder)
    XCTAssertEqual(status, 1)
    XCTAssertTrue(said.contains("\(folder.path)/file/data cannot be made") && said.contains("--data"), said)
  }

  func testADatabaseThatIsNewer() throws {
    let server = try ServeProcess()
    addTeardownBlock { server.removeAll() }
    try server.start()
    _ = try Database(of: server.data).rows("INSERT INTO schema_version (number, title) VALUES (9999, 'from the future')")
    XCTAssertEqual(server.stop(), 0)
    XCTAssertEqual(try refusal(server), 1)
    XCTAssertTrue(server.log.contains("a newer plumb has been here"), server.log)
  }

  func testADatabaseThatCannotBeReached() throws {
    let server = try ServeProcess(["--database", "postgresql://127.0.0.1:1/none"])
    addTeardownBlock { server.removeAll() }
    XCTAssertEqual(try refusal(server), 1)
    XCTAssertTrue(server.log.contains("The database cannot be reached"), server.log)
  }

  /// A namespace in which other things are mounted: as root, or where users may make one.
  private static let namespace: [String]? = {
    let command = geteuid() == 0 ? ["/usr/bin/unshare", "-m"] : ["/usr/bin/unshare", "-Um", "--map-current-user"]
    let tried = try? Child.run(command + ["/bin/sh", "-c", "mount -t tmpfs none /mnt"])
    return tried?.status == 0 ? command : nil
  }()

  func testPostgreSQLThatIsNotInstalled() throws {
    guard let namespace = Self.namespace else { return print("not checked: mount namespaces are not allowed here") }
    let folder = try ServeProcess.newFolder()
    let script = """
      for d in /usr/lib/postgresql /usr/local/pgsql; do if [ -d $d ]; then mount -t tmpfs none $d; fi; done
      PATH=/usr/bin:/bin exec "$0" serve --data "$1" --listen 127.0.0.1:0
      """
    let (status, said) = try Child.run(namespace + ["/bin/sh", "-c", script, CaseServer.binary.path, folder.path + "/data"])
    try FileManager.default.removeItem(at: folder)
    XCTAssertEqual(status, 1)
    XCTAssertTrue(said.contains("PostgreSQL is not installed") && said.contains("apt-get install postgresql"), said)
  }

  /// A small file system fills up under a running server, and is emptied again.
  func testADiskThatIsFull() throws {
    guard let namespace = Self.namespace else { return print("not checked: mount namespaces are not allowed here") }
    let folder = try ServeProcess.newFolder()
    let server = try ServeProcess(folder: folder)
    addTeardownBlock { server.removeAll() }
    let script = """
      mount -t tmpfs -o size=160m,mode=755 none "$1"
      exec "$0" serve --data "$1/data" --listen "127.0.0.1:$2"
      """
    let pid = try Child.spawn(
      namespace + ["/bin/sh", "-c", script, CaseServer.binary.path, folder.path, "\(server.port)"], output: "/dev/null")
    defer {
      kill(pid, SIGTERM)
      XCTAssertEqual(Child.wait(pid, seconds: Self.endSeconds), 0)
    }
    let inside = "/proc/\(pid)/root\(folder.path)"
    var token = ""
    let ready = Date(timeIntervalSinceNow: ServeProcess.startSeconds)
    while token.isEmpty, Date() < ready {
      if (try? server.http.send(CaseRequest("GET", "/readyz")))?.status == 200 {
        token =
          (try? String(contentsOfFile: inside + "/data/admin-token", encoding: .utf8))?.trimmingCharacters(
            in: .whitespacesAndNewlines) ?? ""
      }
      usleep(50_000)
    }
    let client = Client(http: server.http, token: token)
    // Until nothing more goes in.
    let fill = open(inside + "/fill", O_WRONLY | O_CREAT, 0o600)
    XCTAssertGreaterThanOrEqual(fill, 0)
    let block = [UInt8](repeating: 7, count: 1 << 16)
    while write(fill, block, block.count) > 0 {}
    var made: [String] = []
    var refused: [String] = []
    // Each write takes room; the write-ahead log is full soon.
    let text = String(repeating: "full of words ", count: 60)
    for n in 0..<3000 where refused.count < 3 {
      let name = "p\(n)"
      let answer = try client.call(
        "POST", "/deploy/api/projects", ["name": .string(name), "slug": .string(name), "description": .string(text)])
      if answer.status == 201 { made.append(name) } else { refused.append("\(answer.status) \(answer.text.prefix(200))") }
    }
    XCTAssertEqual(refused.filter { !$0.hasPrefix("503 ") }, [], "a full disk is to be a plain 503")
    XCTAssertFalse(refused.isEmpty, "the disk did not fill up")
    close(fill)
    unlink(inside + "/fill")
    let back = Date(timeIntervalSinceNow: 90)
    var status = 0
    while status != 201, Date() < back {
      status = try client.call("POST", "/deploy/api/projects", ["name": "after", "slug": "after"]).status
      usleep(200_000)
    }
    XCTAssertEqual(status, 201, "no write succeeds once there is room again; refused were \(refused)")
    var stored: Set<String> = []
    var cursor = ""
    repeat {
      let page = try client.must("GET", "/plumb/v1/objects/Project?limit=500\(cursor)")
      stored.formUnion((page["items"].list ?? []).compactMap { $0["metadata"]["name"].string })
      cursor = page["cursor"].string.map { "&cursor=\($0)" } ?? ""
    } while !cursor.isEmpty
    XCTAssertEqual(Set(made).subtracting(stored), [], "acknowledged and lost")
  }
}
