// Answers that are written bit by bit, and clients that leave.
import HTTPServer
import XCTest

final class StreamTests: XCTestCase {
  private static let get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"

  private static func events(_ body: @escaping @Sendable (HTTPStreamWriter) async throws -> Void) -> HTTPResponse {
    HTTPResponse(status: 200, headers: ["Content-Type": "text/event-stream"], body: .stream(body))
  }

  func testChunksArriveAndTheConnectionGoesOn() async throws {
    let server = try TestServer { request in
      guard request.path == "/a" else { return await TestServer.echo(request) }
      return HTTPResponse(
        status: 200, headers: ["Content-Type": "text/plain"],
        body: .stream { writer in
          for n in 0..<100 {
            try await writer.write("\(n),")
            try await writer.write([UInt8]())
            if n % 10 == 0 { await Task.yield() }
          }
        })
    }
    let client = try server.client()
    client.send(Self.get + "GET /next HTTP/1.1\r\nHost: h\r\n\r\n")
    XCTAssertEqual(client.response()?.text, (0..<100).map { "\($0)," }.joined())
    XCTAssertEqual(client.response()?.text, "GET /next ")
    let old = try server.talk("GET /a HTTP/1.0\r\n\r\n")
    XCTAssertTrue(old.hasSuffix("\r\n\r\n" + (0..<100).map { "\($0)," }.joined()), "HTTP/1.0 ends with the connection")
    XCTAssertFalse(old.contains("chunked"))
    client.send("HEAD /a HTTP/1.1\r\nHost: h\r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\n\r\n")
    XCTAssertEqual(client.response(toHead: true)?.status, 200)
    XCTAssertEqual(client.response()?.text, "GET /next ")
    await server.stop()
  }

  func testAClientThatLeavesIsNoticed() async throws {
    let ended = Gauge()
    let server = try TestServer(loops: 2) { request in
      Self.events { writer in
        ended.enter()
        writer.onTermination { ended.leave() }
        XCTAssertFalse(writer.isClosed)
        if request.path == "/waiting" {
          // Never writes: only the cancellation of its task can end it.
          try await Task.sleep(for: .seconds(60))
        } else {
          while true {
            try await writer.write(ServerSentEvent(data: "tick"))
            try await Task.sleep(for: .milliseconds(5))
          }
        }
      }
    }
    for path in ["/waiting", "/writing"] {
      let clients = try (0..<5).map { _ in try server.client() }
      for client in clients {
        client.send("GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n")
        XCTAssertTrue(client.read(until: "\r\n\r\n")?.contains("text/event-stream") ?? false, "the head comes at once")
      }
      eventually("streams run") { ended.count == 5 }
      for client in clients { client.close() }
      eventually("streams end: \(path)") { ended.count == 0 }
      eventually("connections end: \(path)") { server.server.connectionCount == 0 }
    }
    XCTAssertEqual(server.logged.all, [])
    await server.stop()
  }

  func testHeartbeats() async throws {
    var limits = HTTPLimits()
    limits.heartbeat = .milliseconds(100)
    limits.idleTime = .milliseconds(200)
    let server = try TestServer(limits: limits) { _ in
      Self.events { writer in
        try await writer.write(ServerSentEvent(id: "1", event: "e", data: "a\nb"))
        try await Task.sleep(for: .milliseconds(700))
        try await writer.write("data: half")
        try await Task.sleep(for: .milliseconds(300))
        try await writer.write("\n\n")
      }
    }
    let client = try server.client()
    client.send(Self.get)
    let text = try XCTUnwrap(client.response()).text
    XCTAssertTrue(text.hasPrefix("id: 1\nevent: e\ndata: a\ndata: b\n\n:\n\n:\n\n"), text)
    XCTAssertTrue(text.contains("data: half\n\n"), "no comment within an event: \(text)")
    await server.stop()
  }

  func testWritersWaitForSlowClients() async throws {
    let written = Gauge()
    let server = try TestServer { _ in
      HTTPResponse(
        status: 200,
        body: .stream { writer in
          for _ in 0..<200 {
            try await writer.write([UInt8](repeating: 65, count: 64 << 10))
            written.enter()
          }
        })
    }
    let client = try RawClient(port: server.server.port, receiveBuffer: 8192)
    client.send(Self.get)
    usleep(200_000)
    let before = written.count
    XCTAssertLessThan(before, 190, "the writer ran ahead of the client")
    XCTAssertEqual(client.response()?.body.count, (200 * 64) << 10)
    XCTAssertEqual(written.count, 200)
    await server.stop()
  }

  func testFailures() async throws {
    struct Broken: Error {}
    let server = try TestServer { request in
      HTTPResponse(
        status: 200,
        body: .stream { writer in
          if request.path == "/late" { try await writer.write("some") }
          throw Broken()
        })
    }
    let early = try server.client()
    early.send("GET /early HTTP/1.1\r\nHost: h\r\n\r\n")
    XCTAssertEqual(early.response()?.status, 500, "nothing was said yet")
    let late = try server.talk("GET /late HTTP/1.1\r\nHost: h\r\n\r\n")
    XCTAssertTrue(late.hasSuffix("4\r\nsome\r\n"), "broken off without the last chunk: \(late)")
    XCTAssertEqual(server.logged.all.count, 2)
    await server.stop()
  }

  func testAWriterThatOutlivesItsStream() async throws {
    let kept = Kept()
    let server = try TestServer { _ in HTTPResponse(status: 200, body: .stream { kept.writer = $0 }) }
    let client = try server.client()
    client.send(Self.get)
    XCTAssertEqual(client.response()?.text, "")
    let writer = try XCTUnwrap(kept.writer)
    XCTAssertTrue(writer.isClosed)
    do {
      try await writer.write("late")
      XCTFail("a write after the end succeeded")
    } catch { XCTAssertTrue(error is HTTPStreamClosed) }
    let called = expectation(description: "called at once")
    writer.onTermination { called.fulfill() }
    await fulfillment(of: [called], timeout: 1)
    await server.stop()
    do {
      try await writer.write("later")
      XCTFail("a write after the server's end succeeded")
    } catch { XCTAssertTrue(error is HTTPStreamClosed) }
  }
}

private final class Kept: @unchecked Sendable {
  private let lock = NSLock()
  private var kept: HTTPStreamWriter?
  var writer: HTTPStreamWriter? {
    get { lock.withLock { kept } }
    set { lock.withLock { kept = newValue } }
  }
}
