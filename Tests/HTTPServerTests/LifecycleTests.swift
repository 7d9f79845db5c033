// Starting, addresses, and stopping without losing answers.
import Core
import HTTPServer
import XCTest

final class LifecycleTests: XCTestCase {
  private static let get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"

  func testShutdownLetsWorkEnd() async throws {
    let gate = Gate()
    let running = Gauge()
    let server = try TestServer { request in
      switch request.path {
      case "/events":
        return HTTPResponse(
          status: 200, headers: ["Content-Type": "text/event-stream"],
          body: .stream { writer in
            try await writer.write(ServerSentEvent(data: "one"))
            running.enter()
            try await Task.sleep(for: .seconds(60))
          })
      case "/slow":
        running.enter()
        await gate.wait()
        return await TestServer.echo(request)
      default: return await TestServer.echo(request)
      }
    }
    let (idle, slow, events, fresh) = (try server.client(), try server.client(), try server.client(), try server.client())
    idle.send(Self.get)
    XCTAssertEqual(idle.response()?.status, 200)
    slow.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
    events.send("GET /events HTTP/1.1\r\nHost: h\r\n\r\n")
    eventually("both run") { running.count == 2 }
    let port = server.server.port
    async let stopped: Void = server.server.shutdown(within: .seconds(5))
    XCTAssertTrue(idle.isAtEnd, "an idle connection is closed")
    XCTAssertTrue(events.readAll().hasSuffix("data: one\n\n\r\n0\r\n\r\n"), "a stream of events ends whole")
    fresh.send(Self.get)
    XCTAssertEqual(fresh.response()?.header("Connection"), "close", "a connection just opened is served once")
    XCTAssertThrowsError(try RawClient(port: port), "no more connections")
    gate.open()
    let response = slow.response()
    XCTAssertEqual(response?.text, "GET /slow ")
    XCTAssertEqual(response?.header("Connection"), "close")
    await stopped
    XCTAssertEqual(server.server.connectionCount, 0)
  }

  func testShutdownGivesUpInTime() async throws {
    let gate = Gate()
    let server = try TestServer { request in
      await gate.wait()
      return await TestServer.echo(request)
    }
    let client = try server.client()
    client.send(Self.get)
    usleep(50_000)
    let began = Date()
    await server.server.shutdown(within: .milliseconds(200))
    XCTAssertLessThan(Date().timeIntervalSince(began), 2)
    XCTAssertTrue(client.isAtEnd)
    // The handler ends later and must find that nobody waits, without harm.
    gate.open()
    await server.server.shutdown(within: .seconds(1))
  }

  func testAddressInUse() async throws {
    let server = try TestServer()
    let port = server.server.port
    XCTAssertThrowsError(
      try HTTPServer(
        listen: "127.0.0.1", port: port, handler: TestServer.Handler(limit: 0, answer: TestServer.echo), log: { _ in })
    ) { error in
      XCTAssertEqual("\(error)", "127.0.0.1:\(port) is in use by another program; choose another with --listen.")
      XCTAssertEqual((error as? Problem)?.code, "address_in_use")
    }
    await server.stop()
    let again = try HTTPServer(
      listen: "127.0.0.1", port: port, handler: TestServer.Handler(limit: 0, answer: TestServer.echo), log: { _ in })
    await again.shutdown(within: .seconds(1))
    XCTAssertThrowsError(
      try HTTPServer(
        listen: "203.0.113.1", port: 0, handler: TestServer.Handler(limit: 0, answer: TestServer.echo), log: { _ in }))
    XCTAssertThrowsError(try again.start())
  }

  func testSeveralAddresses() async throws {
    let path = NSTemporaryDirectory() + "plumb-http-\(getpid()).sock"
    func handler(_ name: String) -> TestServer.Handler {
      TestServer.Handler(limit: 0) { HTTPResponse(contentType: "text/plain", Array("\(name) \($0.remoteAddress)".utf8)) }
    }
    let listen: [(address: ListenAddress, handler: any HTTPHandler)] = [
      (try ListenAddress("127.0.0.1:0"), handler("one")), (try ListenAddress("unix:\(path)"), handler("two")),
      (try ListenAddress(":0"), handler("three")),
    ]
    let server = try HTTPServer(listen: listen, loops: 2, log: { _ in })
    try server.start()
    for (n, wanted) in [(0, "one 127.0.0.1"), (2, "three 127.0.0.1")] {
      let client = try RawClient(port: server.ports[n])
      client.send(Self.get)
      XCTAssertEqual(client.response()?.text, wanted)
    }
    let curl = Process()
    curl.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
    curl.arguments = ["-s", "--unix-socket", path, "http://h/"]
    let output = Pipe()
    curl.standardOutput = output
    try curl.run()
    curl.waitUntilExit()
    XCTAssertEqual(String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self), "two unix")
    XCTAssertThrowsError(try HTTPServer(listen: [(.unix(path: path), handler("x"))], log: { _ in }), "a live socket is in use")
    await server.shutdown(within: .seconds(1))
    XCTAssertFalse(FileManager.default.fileExists(atPath: path))
  }

  func testASocketLeftByACrashIsReplaced() async throws {
    let path = NSTemporaryDirectory() + "plumb-crash-\(getpid()).sock"
    let handler = TestServer.Handler(limit: 0, answer: TestServer.echo)
    let dead = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
    withUnsafePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = bind(dead, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
    close(dead)
    let server = try HTTPServer(listen: [(.unix(path: path), handler)], log: { _ in })
    await server.shutdown(within: .seconds(1))
  }

  /// Connections spread over the loops, and handlers run on their threads.
  func testLoadOnSeveralLoops() async throws {
    let server = try TestServer(loops: 4)
    let outcomes = await withTaskGroup(of: Int.self) { group in
      for n in 0..<8 {
        group.addTask {
          await withCheckedContinuation { continuation in
            Thread {
              guard let client = try? server.client() else { return continuation.resume(returning: 0) }
              var right = 0
              for m in 0..<200 {
                client.send("GET /\(n)/\(m) HTTP/1.1\r\nHost: h\r\n\r\n")
                if client.response()?.text == "GET /\(n)/\(m) " { right += 1 }
              }
              continuation.resume(returning: right)
            }.start()
          }
        }
      }
      return await group.reduce(0, +)
    }
    XCTAssertEqual(outcomes, 1600)
    await server.stop()
  }
}
