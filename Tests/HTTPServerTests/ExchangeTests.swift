// Requests and answers on one connection: order, bodies, HEAD, 100-continue, closing.
import HTTPServer
import XCTest

final class ExchangeTests: XCTestCase {
  func testPipelinedRequestsAreAnsweredInOrderOneAtATime() async throws {
    let running = Gauge()
    let server = try TestServer { request in
      running.enter()
      // The earlier the request, the longer it takes.
      try? await Task.sleep(for: .milliseconds(20 - 2 * (Int(request.path.dropFirst()) ?? 0)))
      running.leave()
      return await TestServer.echo(request)
    }
    let client = try server.client()
    client.send((0..<10).map { "POST /\($0) HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nb\($0)" }.joined())
    for n in 0..<10 { XCTAssertEqual(client.response()?.text, "POST /\(n) b\(n)") }
    XCTAssertEqual(running.highest, 1)
    await server.stop()
  }

  func testManyPipelinedRequestsInManyPackets() async throws {
    let server = try TestServer()
    let client = try server.client()
    let count = 2000
    let sender = Thread { client.send((0..<count).map { "GET /\($0) HTTP/1.1\r\nHost: h\r\n\r\n" }.joined()) }
    sender.start()
    for n in 0..<count { XCTAssertEqual(client.response()?.text, "GET /\(n) ") }
    await server.stop()
  }

  func testAClientThatOnlySendsIsHeldBack() async throws {
    let gate = Gate()
    let server = try TestServer { request in
      await gate.wait()
      return await TestServer.echo(request)
    }
    let client = try server.client()
    var wait = timeval(tv_sec: 0, tv_usec: 300_000)
    setsockopt(client.socket, SOL_SOCKET, SO_SNDTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
    let flood = Array("GET /x HTTP/1.1\r\nHost: h\r\n\r\n".utf8) + [UInt8](repeating: 65, count: 32 << 20)
    let sent = client.send(flood)
    XCTAssertLessThan(sent, flood.count, "the server read on while a request was handled")
    gate.open()
    client.close()
    await server.stop()
  }

  func testHeadHasTheLengthAndNoBody() async throws {
    let server = try TestServer()
    let client = try server.client()
    client.send("HEAD /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n")
    let head = client.response(toHead: true)
    XCTAssertEqual(head?.header("Content-Length"), "8")
    XCTAssertEqual(client.response()?.text, "GET /b ")
    await server.stop()
  }

  func testNoBodyForStatusesThatHaveNone() async throws {
    let server = try TestServer { request in
      HTTPResponse(status: Int(request.path.dropFirst()) ?? 0, headers: ["Content-Type": "text/plain"], body: .bytes([65]))
    }
    let client = try server.client()
    for status in [204, 304] {
      client.send("GET /\(status) HTTP/1.1\r\nHost: h\r\n\r\n")
      let response = client.response()
      XCTAssertEqual(response?.status, status)
      XCTAssertNil(response?.header("Content-Length"))
    }
    for status in ["100", "0", "700", "x"] {
      client.send("GET /\(status) HTTP/1.1\r\nHost: h\r\n\r\n")
      let response = client.response()
      XCTAssertEqual(response?.status, 500)
      XCTAssertTrue(response?.text.contains("internal") ?? false)
    }
    XCTAssertEqual(server.logged.all.count, 4)
    await server.stop()
  }

  func testExpectContinue() async throws {
    let server = try TestServer(bodyLimit: 100)
    let client = try server.client()
    client.send("POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 3\r\n\r\n")
    XCTAssertEqual(client.response()?.status, 100)
    client.send("abc")
    XCTAssertEqual(client.response()?.text, "POST /a abc")
    // The body is on its way already: no interim answer is needed.
    client.send("POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc")
    XCTAssertEqual(client.response()?.status, 200)
    // Too large: said before any of it is sent.
    client.send("POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 101\r\n\r\n")
    XCTAssertEqual(client.response()?.status, 413)
    client.close()
    await server.stop()
  }

  func testClosing() async throws {
    let server = try TestServer()
    for (request, connection) in [
      ("GET /a HTTP/1.1\r\nHost: h\r\nConnection: foo, CLOSE\r\n\r\n", "close"), ("GET /a HTTP/1.0\r\n\r\n", "close"),
    ] {
      let client = try server.client()
      client.send(request)
      XCTAssertEqual(client.response()?.header("Connection"), connection)
      XCTAssertTrue(client.isAtEnd)
    }
    let old = try server.client()
    for _ in 0..<2 {
      old.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
      XCTAssertEqual(old.response()?.header("Connection"), "keep-alive")
    }
    let half = try server.client()
    half.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n")
    half.halfClose()
    XCTAssertEqual(half.response()?.text, "GET /a ")
    XCTAssertEqual(half.response()?.text, "GET /b ")
    XCTAssertTrue(half.isAtEnd)
    await server.stop()
  }

  func testServerFieldsAreTheServers() async throws {
    let server = try TestServer { _ in
      HTTPResponse(
        status: 200,
        headers: [
          "content-length": "9", "Date": "never", "Transfer-Encoding": "chunked", "Connection": "upgrade",
          "X": "a\r\nSet-Cookie: b",
        ],
        body: .bytes([65]))
    }
    let client = try server.client()
    client.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n")
    let response = try XCTUnwrap(client.response())
    XCTAssertEqual(response.header("Content-Length"), "1")
    XCTAssertEqual(response.header("X"), "a  Set-Cookie: b")
    XCTAssertNil(response.header("Transfer-Encoding"))
    XCTAssertNil(response.header("Connection"))
    let date = DateFormatter()
    date.locale = Locale(identifier: "en_US_POSIX")
    date.timeZone = TimeZone(identifier: "GMT")
    date.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    let said = try XCTUnwrap(date.date(from: try XCTUnwrap(response.header("Date"))))
    XCTAssertLessThan(abs(said.timeIntervalSinceNow), 5)
    await server.stop()
  }

  func testLargeBodiesBothWays() async throws {
    let server = try TestServer(bodyLimit: 4 << 20) { HTTPResponse(contentType: "application/octet-stream", $0.body) }
    let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let client = try server.client()
    let length = Thread { client.send(Array("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body) }
    length.start()
    XCTAssertEqual(client.response()?.body, body)
    let chunks = Thread {
      client.send("POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
      for start in stride(from: 0, to: body.count, by: 9973) {
        let part = Array(body[start..<min(body.count, start + 9973)])
        client.send(Array((String(part.count, radix: 16) + "\r\n").utf8) + part + [13, 10])
      }
      client.send("0\r\n\r\n")
    }
    chunks.start()
    XCTAssertEqual(client.response()?.body, body)
    await server.stop()
  }
}

/// How many are inside at once.
final class Gauge: @unchecked Sendable {
  private let lock = NSLock()
  private var inside = 0
  private(set) var highest = 0
  func enter() {
    lock.withLock {
      inside += 1
      highest = max(highest, inside)
    }
  }
  func leave() { lock.withLock { inside -= 1 } }
  var count: Int { lock.withLock { inside } }
}

/// Holds tasks until it is opened.
final class Gate: @unchecked Sendable {
  private let lock = NSLock()
  private var isOpen = false
  private var waiting: [CheckedContinuation<Void, Never>] = []

  func wait() async {
    await withCheckedContinuation { continuation in
      let isNow = lock.withLock {
        if !isOpen { waiting.append(continuation) }
        return isOpen
      }
      if isNow { continuation.resume() }
    }
  }

  func open() {
    let all = lock.withLock {
      isOpen = true
      defer { waiting = [] }
      return waiting
    }
    for continuation in all { continuation.resume() }
  }
}
