// The native API as the verbs call it: JSON in, JSON out, problems thrown.
import Core
import HTTPServer

final class APIClient {
  let address: ServerAddress
  /// The tenant to act in; nil: the token's own.
  let tenant: String?
  private let transport: any Transport

  init(address: ServerAddress, tenant: String?, transport: any Transport) {
    self.address = address
    self.tenant = tenant
    self.transport = transport
  }

  convenience init(_ arguments: Arguments) throws {
    let address = try ServerAddress.find(arguments)
    try self.init(address: address, tenant: arguments.value("tenant"), transport: address.transport())
  }

  func get(_ path: [String], query: [(String, String?)] = []) throws -> Value {
    try answer(transport.send(request("GET", path, query), within: ClientLimits.answerTime))
  }

  func delete(_ path: [String], query: [(String, String?)] = []) throws -> Value {
    try answer(transport.send(request("DELETE", path, query), within: ClientLimits.answerTime))
  }

  func post(_ path: [String], query: [(String, String?)] = [], _ body: Value) throws -> Value {
    var request = request("POST", path, query)
    request.headers.append(("Content-Type", "application/json"))
    request.body = JSON.write(body)
    return try answer(transport.send(request, within: ClientLimits.answerTime))
  }

  /// An answer that is no JSON, such as an export.
  func text(_ path: [String], query: [(String, String?)] = []) throws -> String {
    let response = try transport.send(request("GET", path, query), within: ClientLimits.answerTime)
    if response.status == 200 { return String(decoding: response.body, as: UTF8.self) }
    _ = try answer(response)
    return ""
  }

  /// Follows an event stream until `take` says false or the server ends it.
  func events(_ path: [String], query: [(String, String?)] = [], take: (_ event: String, _ data: Value) throws -> Bool) throws {
    var parser = EventStreamParser()
    var request = request("GET", path, query)
    request.headers.append(("Accept", "text/event-stream"))
    let response = try transport.stream(request) { bytes in
      for event in parser.feed(bytes) {
        let data = (try? JSON.parse(event.data)) ?? .string(event.data)
        if try !take(event.name, data) { return false }
      }
      return true
    }
    if response.status != 200 { _ = try answer(response) }
  }

  private func request(_ method: String, _ path: [String], _ query: [(String, String?)]) -> ClientRequest {
    var target = "/plumb/v1/" + path.map { PercentEncoding.encode($0) }.joined(separator: "/")
    let pairs = (query + [("tenant", tenant)]).compactMap { name, value in value.map { "\(name)=\(PercentEncoding.encode($0))" } }
    if !pairs.isEmpty { target += "?" + pairs.joined(separator: "&") }
    return ClientRequest(
      method: method, target: target, headers: [("Authorization", "Bearer \(address.token)"), ("Accept", "application/json")])
  }

  private func answer(_ response: ClientResponse) throws -> Value {
    let value = try? JSON.parse(response.body)
    if (200..<300).contains(response.status) {
      if response.body.isEmpty { return .null }
      if let value { return value }
    }
    let problems = (value?["problems"].list ?? []).compactMap { Problem($0) }
    if !problems.isEmpty { throw Problems(problems) }
    throw Problem(
      Self.category(of: response.status), code: "server", "\(address.url) answered \(response.status) without saying why.",
      fix: "Is this a Plumb server? See its log.")
  }

  private static func category(of status: Int) -> Problem.Category {
    switch status {
    case 400: .invalid
    case 401: .unauthenticated
    case 403: .denied
    case 404: .missing
    case 409: .conflict
    case 412: .stale
    case 413: .tooLarge
    case 422: .refused
    case 429: .limited
    case 502, 503, 504: .unavailable
    default: .failure
    }
  }
}
