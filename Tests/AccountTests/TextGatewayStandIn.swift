// A gateway of text messages that refuses what a real one would.
import Core
import Foundation
import HTTPServer

final class TextGatewayStandIn: HTTPHandler, @unchecked Sendable {
  static let token = "gateway-token-of-the-tests"
  private let lock = NSLock()
  private var messages: [(to: String, text: String)] = []
  private var keys: [String: [UInt8]] = [:]
  private var failures = 0
  private var server: HTTPServer?

  func start() throws -> Int {
    let server = try HTTPServer(listen: "127.0.0.1", port: 0, loops: 1, handler: self, log: { _ in })
    try server.start()
    self.server = server
    return server.port
  }

  func sent(to number: String) -> [String] { lock.withLock { messages.filter { $0.to == number }.map(\.text) } }
  /// So many next messages are answered 503, though the gateway took them.
  func fail(next count: Int) { lock.withLock { failures = count } }

  func bodyLimit(for head: HTTPRequest) -> Int { 10_000 }

  func handle(_ request: HTTPRequest) async -> HTTPResponse {
    let (status, body): (Int, Value) = lock.withLock {
      guard request.method == "POST", request.path == "/v1/messages" else { return (404, ["error": "no such path"]) }
      guard request.headers["Authorization"] == "Bearer \(Self.token)" else { return (401, ["error": "bad token"]) }
      guard request.headers["Content-Type"] == "application/json", let key = request.headers["Idempotency-Key"], !key.isEmpty
      else {
        return (400, ["error": "JSON and a key"])
      }
      guard let body = (try? JSON.parse(request.body))?.object, let to = body["to"]?.string, let text = body["text"]?.string,
        to.range(of: "^\\+[1-9][0-9]{6,14}$", options: .regularExpression) != nil, !text.isEmpty, text.count <= 1600,
        Set(body.map(\.key)).isSubset(of: ["to", "from", "text"])
      else { return (422, ["error": "to, from, text"]) }
      if let before = keys[key] {
        if before != request.body { return (409, ["error": "another message has this key"]) }
      } else {
        keys[key] = request.body
        messages.append((to, text))
      }
      if failures > 0 {
        failures -= 1
        return (503, ["error": "try again"])
      }
      return (202, ["id": .string(key)])
    }
    return HTTPResponse(status: status, contentType: "application/json", JSON.write(body))
  }
}
