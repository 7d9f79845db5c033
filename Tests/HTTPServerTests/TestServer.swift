// A server on a port of its own, with a handler given as a closure.
import Foundation
import HTTPServer
import XCTest

final class TestServer: Sendable {
  let server: HTTPServer
  let logged: LogLines

  struct Handler: HTTPHandler {
    let limit: Int
    let answer: @Sendable (HTTPRequest) async -> HTTPResponse
    func handle(_ request: HTTPRequest) async -> HTTPResponse { await answer(request) }
    func bodyLimit(for head: HTTPRequest) -> Int { limit }
  }

  init(
    limits: HTTPLimits = HTTPLimits(), loops: Int = 1, bodyLimit: Int = 64 << 10,
    _ answer: @escaping @Sendable (HTTPRequest) async -> HTTPResponse = TestServer.echo
  ) throws {
    let lines = LogLines()
    logged = lines
    server = try HTTPServer(
      listen: "127.0.0.1", port: 0, limits: limits, loops: loops, handler: Handler(limit: bodyLimit, answer: answer),
      log: { lines.add($0) })
    try server.start()
  }

  /// Says what it was sent, as `METHOD TARGET BODY`.
  static let echo: @Sendable (HTTPRequest) async -> HTTPResponse = { request in
    HTTPResponse(contentType: "text/plain", Array("\(request.method) \(request.target) ".utf8) + request.body)
  }

  func client() throws -> RawClient { try RawClient(port: server.port) }

  /// Sends bytes on a connection of their own and returns all that comes until the server closes it.
  func talk(_ text: String) throws -> String {
    let client = try client()
    client.send(text)
    return client.readAll()
  }

  func stop() async { await server.shutdown(within: .seconds(2)) }
}

final class LogLines: @unchecked Sendable {
  private let lock = NSLock()
  private var lines: [String] = []
  func add(_ line: String) { lock.withLock { lines.append(line) } }
  var all: [String] { lock.withLock { lines } }
}

/// Waits, up to a limit, for something that happens on another thread.
func eventually(
  _ what: String, within seconds: Double = 5, file: StaticString = #filePath, line: UInt = #line, _ holds: () -> Bool
) {
  let end = Date().addingTimeInterval(seconds)
  while !holds() {
    guard Date() < end else {
      XCTFail("not in \(seconds) s: \(what)", file: file, line: line)
      return
    }
    usleep(2000)
  }
}
