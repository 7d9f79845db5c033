// The client against a real HTTP server: answers, problems, streams, and servers that misbehave.
import Core
import Foundation
import HTTPServer
import XCTest

@testable import PlumbCommand

final class ClientTests: XCTestCase {
  private struct StandIn: HTTPHandler {
    func handle(_ request: HTTPRequest) async -> HTTPResponse {
      switch request.path {
      case "/plumb/v1/echo":
        return Self.json([
          "method": .string(request.method), "query": Value(request.query), "token": Value(request.headers["Authorization"]),
          "body": (try? JSON.parse(request.body)) ?? .null,
        ])
      case "/plumb/v1/refused":
        let problems = [
          Problem(.conflict, code: "a", "One.", place: Place(file: "f.yaml", line: 1, column: 2)),
          Problem(.conflict, code: "b", "Two.", fix: "Do it."),
        ]
        return Self.json(["problems": .list(problems.map(\.value))], status: 409)
      case "/plumb/v1/html": return HTTPResponse(status: 503, contentType: "text/html", Array("<p>busy</p>".utf8))
      case "/plumb/v1/large": return Self.json(.string(String(repeating: "x", count: 3 << 20)))
      case "/plumb/v1/stream":
        return HTTPResponse(
          status: 200, headers: ["Content-Type": "text/event-stream"],
          body: .stream { writer in
            for n in 1...3 {
              try await writer.write(ServerSentEvent(id: "\(n)", event: "change", data: "{\"n\":\(n),\n\"m\":0}"))
            }
          })
      case "/plumb/v1/slow":
        try? await Task.sleep(for: .seconds(2))
        return Self.json(nil)
      default: return Self.json(["problems": [Problem(.missing, code: "no_route", "There is none.").value]], status: 404)
      }
    }
    static func json(_ value: Value, status: Int = 200) -> HTTPResponse {
      HTTPResponse(status: status, contentType: "application/json", JSON.write(value))
    }
  }

  private func withServer(_ address: ListenAddress, _ body: (HTTPServer, String) throws -> Void) throws {
    let server = try HTTPServer(listen: [(address, StandIn())], loops: 1, log: { _ in })
    try server.start()
    defer { Blocking.run { await server.shutdown(within: .seconds(1)) } }
    switch address {
    case .unix(let path): try body(server, "unix:\(path)")
    case .tcp: try body(server, "http://127.0.0.1:\(server.port)")
    }
  }

  private func client(_ url: String, tenant: String? = nil) throws -> APIClient {
    let address = ServerAddress(url: url, token: "secret")
    return try APIClient(address: address, tenant: tenant, transport: address.transport())
  }

  func testRequestsOverTCPAndUnix() throws {
    let folder = try TemporaryFolder()
    for address in [ListenAddress.tcp(host: "127.0.0.1", port: 0), .unix(path: folder.path + "/s")] {
      try withServer(address) { _, url in
        let client = try client(url, tenant: "a b")
        for n in 1...3 {
          let answer = try client.post(["echo"], query: [("x", "ä/&"), ("none", nil)], ["n": .int(n)])
          XCTAssertEqual(answer["body"]["n"], .int(n))
          XCTAssertEqual(answer["query"], "x=%C3%A4%2F%26&tenant=a%20b")
          XCTAssertEqual(answer["token"], "Bearer secret")
        }
        XCTAssertEqual(try client.get(["large"]).string?.count, 3 << 20)
      }
    }
  }

  func testOneConnectionServesManyRequests() throws {
    try withServer(.tcp(host: "127.0.0.1", port: 0)) { server, url in
      let client = try client(url)
      for _ in 1...20 { _ = try client.get(["echo"]) }
      XCTAssertEqual(server.connectionCount, 1)
    }
  }

  func testProblemsComeBackWhole() throws {
    try withServer(.tcp(host: "127.0.0.1", port: 0)) { _, url in
      XCTAssertThrowsError(try client(url).get(["refused"])) { error in
        let problems = (error as? Problems)?.list ?? []
        XCTAssertEqual(problems.map(\.description), ["f.yaml:1:2: One.", "Two. Do it."])
        XCTAssertEqual((error as? Problems)?.category, .conflict)
      }
      XCTAssertThrowsError(try client(url).get(["html"])) { XCTAssertEqual(($0 as? Problem)?.category, .unavailable) }
      XCTAssertThrowsError(try client(url).get(["nothing"])) { XCTAssertEqual(($0 as? Problems)?.category, .missing) }
    }
  }

  func testEventStreams() throws {
    try withServer(.tcp(host: "127.0.0.1", port: 0)) { _, url in
      var seen: [Value] = []
      try client(url).events(["stream"]) { event, data in
        XCTAssertEqual(event, "change")
        seen.append(data["n"])
        return true
      }
      XCTAssertEqual(seen, [1, 2, 3])
      var first: [Value] = []
      try client(url).events(["stream"]) { _, data in
        first.append(data["n"])
        return false
      }
      XCTAssertEqual(first, [1])
      XCTAssertThrowsError(try client(url).events(["nothing"]) { _, _ in true })
    }
  }

  func testAnAnswerThatComesTooLate() throws {
    try withServer(.tcp(host: "127.0.0.1", port: 0)) { server, _ in
      let transport = SocketTransport(.tcp(host: "127.0.0.1", port: server.port), name: "it")
      let request = ClientRequest(method: "GET", target: "/plumb/v1/slow")
      XCTAssertThrowsError(try transport.send(request, within: .milliseconds(100))) {
        XCTAssertEqual(($0 as? Problem)?.category, .timeout)
      }
    }
  }

  func testNobodyThere() throws {
    let free = try HTTPServer(listen: "127.0.0.1", port: 0, loops: 1, handler: StandIn(), log: { _ in })
    let port = free.port
    Blocking.run { await free.shutdown(within: .seconds(1)) }
    XCTAssertThrowsError(try client("http://127.0.0.1:\(port)").get(["echo"])) { error in
      XCTAssertEqual((error as? Problem)?.code, "no_server")
      XCTAssert("\(error)".contains("plumb serve"), "\(error)")
    }
    XCTAssertThrowsError(try client("unix:/nowhere/s").get(["echo"])) { XCTAssertEqual(($0 as? Problem)?.code, "no_server") }
  }

  func testEventsArriveInPieces() {
    var parser = EventStreamParser()
    let text = ": heartbeat\n\nid: 7\nevent: change\ndata: {\"a\":\ndata: 1}\n\ndata: x\r\n\r\n"
    var events: [EventStreamParser.Event] = []
    for byte in text.utf8 { events += parser.feed([byte]) }
    XCTAssertEqual(events, [.init(name: "change", data: "{\"a\":\n1}", id: "7"), .init(name: "message", data: "x", id: "7")])
  }
}
