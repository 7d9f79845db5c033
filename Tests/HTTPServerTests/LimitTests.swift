// Sizes, times and numbers that a client must not exceed.
import HTTPServer
import XCTest

final class LimitTests: XCTestCase {
  private static let get = "GET /a HTTP/1.1\r\nHost: h\r\n"
  private static let chunked = "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"

  func testSizes() async throws {
    let server = try TestServer(bodyLimit: 1000)
    func long(_ count: Int) -> String { String(repeating: "a", count: count) }
    let fields = (0..<99).map { "X\($0): y\r\n" }.joined()
    let cases: [(name: String, bytes: String, status: Int)] = [
      ("longest request line", "GET /\(long(8178)) HTTP/1.1\r\nHost: h\r\n\r\n", 200),
      ("longer request line", "GET /\(long(8179)) HTTP/1.1\r\nHost: h\r\n\r\n", 414),
      ("endless request line", "GET /\(long(100_000))", 414),
      ("hundred fields", Self.get + fields + "\r\n", 200),
      ("more fields", Self.get + fields + "Y: y\r\n\r\n", 431),
      ("large field", Self.get + "X: \(long(32000))\r\n\r\n", 200),
      ("larger field", Self.get + "X: \(long(33000))\r\n\r\n", 431),
      ("endless field", Self.get + "X: \(long(200_000))", 431),
      ("largest body", "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n\(long(1000))", 200),
      ("larger body", "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n\(long(1001))", 413),
      ("largest chunked body", Self.chunked + "1f4\r\n\(long(500))\r\n1f4\r\n\(long(500))\r\n0\r\n\r\n", 200),
      ("larger chunked body", Self.chunked + "1f4\r\n\(long(500))\r\n1f5\r\n\(long(501))\r\n0\r\n\r\n", 413),
      ("long chunk line", Self.chunked + "1;\(long(300))\r\n", 400),
      ("long chunk size", Self.chunked + String(repeating: "0", count: 300), 400),
      ("many extensions", Self.chunked + String(repeating: "1;\(long(200))\r\na\r\n", count: 100) + "0\r\n\r\n", 400),
      ("long trailers", Self.chunked + "0\r\n" + String(repeating: "X: \(long(1000))\r\n", count: 9) + "\r\n", 431),
    ]
    for test in cases {
      let client = try server.client()
      client.send(test.bytes)
      XCTAssertEqual(client.response()?.status, test.status, test.name)
      if test.status != 200 { XCTAssertTrue(client.isAtEnd, test.name) }
    }
    await server.stop()
  }

  /// A refusal must reach a client that is still sending: closing with unread bytes would reset the connection.
  func testRefusalReachesAClientThatSendsOn() async throws {
    let server = try TestServer(bodyLimit: 1000)
    for _ in 0..<10 {
      let client = try server.client()
      client.send(
        Array("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 500000\r\n\r\n".utf8) + [UInt8](repeating: 65, count: 500_000))
      XCTAssertEqual(client.response()?.status, 413)
    }
    await server.stop()
  }

  /// Clients that send, or read, a byte now and then are cut off by total time, not by inactivity.
  func testDripsAreCutOff() async throws {
    var limits = HTTPLimits()
    limits.headTime = .milliseconds(300)
    limits.bodyTime = .milliseconds(300)
    limits.idleTime = .milliseconds(400)
    let server = try TestServer(limits: limits)
    for (name, start, answer) in [
      ("head", "GET /a HTTP/1.1\r\nX: ", "HTTP/1.1 408 "), ("head, first byte", "G", "HTTP/1.1 408 "),
      ("body", "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n", "HTTP/1.1 408 "),
      ("chunk sizes", Self.chunked + "0", "HTTP/1.1 408 "), ("nothing", "", ""),
    ] {
      let client = try server.client()
      let began = Date()
      client.send(start)
      if !start.isEmpty { for _ in 0..<60 where client.send("0") == 1 && client.isQuiet { usleep(20_000) } }
      let answered = client.readAll()
      let taken = Date().timeIntervalSince(began)
      if answer.isEmpty {
        XCTAssertEqual(answered, "", name)
      } else {
        XCTAssertTrue(answered.hasPrefix(answer), "\(name): \(answered)")
      }
      XCTAssertGreaterThan(taken, 0.25, name)
      XCTAssertLessThan(taken, 1.2, name)
    }
    await server.stop()
  }

  /// A slow but steady client earns time with what it sends.
  func testSlowBodiesAboveTheRateArrive() async throws {
    var limits = HTTPLimits()
    limits.bodyTime = .milliseconds(200)
    limits.bodyRate = 1000
    let server = try TestServer(limits: limits)
    let client = try server.client()
    client.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n")
    for _ in 0..<10 {
      client.send([UInt8](repeating: 65, count: 100))
      usleep(50_000)
    }
    XCTAssertEqual(client.response()?.status, 200)
    await server.stop()
  }

  func testAClientThatDoesNotReadIsCutOff() async throws {
    var limits = HTTPLimits()
    limits.writeTime = .milliseconds(300)
    let server = try TestServer(limits: limits) { _ in
      HTTPResponse(contentType: "application/octet-stream", [UInt8](repeating: 65, count: 20 << 20))
    }
    let client = try RawClient(port: server.server.port, receiveBuffer: 4096)
    client.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n")
    eventually("connection closed") { server.server.connectionCount == 1 }
    eventually("connection closed") { server.server.connectionCount == 0 }
    await server.stop()
  }

  func testTooManyConnectionsAreToldSo() async throws {
    var limits = HTTPLimits()
    limits.connections = 3
    let server = try TestServer(limits: limits, loops: 2)
    let clients = try (0..<3).map { _ in try server.client() }
    eventually("three connections") { server.server.connectionCount == 3 }
    let refused = try server.client()
    XCTAssertEqual(refused.response()?.status, 503)
    for client in clients {
      client.send("GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
      XCTAssertEqual(client.response()?.status, 200)
    }
    eventually("no connection") { server.server.connectionCount == 0 }
    let next = try server.client()
    next.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n")
    XCTAssertEqual(next.response()?.status, 200)
    await server.stop()
  }

  func testBodiesTogetherAreBounded() async throws {
    var limits = HTTPLimits()
    limits.bodiesInFlight = 150_000
    let server = try TestServer(limits: limits, bodyLimit: 100_000)
    let first = try server.client()
    let second = try server.client()
    let part = [UInt8](repeating: 65, count: 90_000)
    let head = Array("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 90001\r\n\r\n".utf8)
    first.send(head + part)
    usleep(50_000)
    second.send(head + part)
    XCTAssertEqual(second.response()?.status, 503)
    second.close()
    first.send("x")
    XCTAssertEqual(first.response()?.status, 200)
    for _ in 0..<3 {
      let client = try server.client()
      client.send(head + part + [65])
      XCTAssertEqual(client.response()?.status, 200, "bytes were given back")
    }
    await server.stop()
  }

  func testIdleConnectionsAreCheap() async throws {
    let server = try TestServer(loops: 2) { HTTPResponse(contentType: "text/plain", Array("\($0.body.count)".utf8)) }
    // A descriptor at each end: the server has raised the limit by now.
    let clients = try (0..<2000).map { _ in try server.client() }
    eventually("all are accepted") { server.server.connectionCount == clients.count }
    let before = residentBytes()
    for client in clients {
      client.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 20000\r\n\r\n" + String(repeating: "a", count: 20000))
      XCTAssertEqual(client.response()?.status, 200)
    }
    XCTAssertLessThan(residentBytes() - before, 16 << 20, "idle connections keep buffers")
    for client in clients { client.close() }
    eventually("all are closed") { server.server.connectionCount == 0 }
    await server.stop()
  }

  private func residentBytes() -> Int {
    let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
    return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * 4096
  }
}
