// The one handler of the main listener: health and metrics at the root, the native API, and every family below its base.
import Core
import Foundation
import HTTPServer
import Identity
import Kinds
import NativeView
import Ports
import RestView

struct RootHandler: HTTPHandler {
  let native: NativeHandler
  let rest: RestHandler
  let keys: KeyRing
  let metrics: Metrics
  let store: any StorePort
  let ready: ReadyFlag
  let tally: RequestTally

  func handle(_ request: HTTPRequest) async -> HTTPResponse {
    if request.path.hasPrefix("/plumb/v1/") { return await native.handle(request) }
    if request.path == "*" { return Self.allowed("GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE", status: 204) }
    if Self.readOnly.contains(request.path), !["GET", "HEAD"].contains(request.method) {
      return Self.allowed("GET, HEAD", status: request.method == "OPTIONS" ? 204 : 405)
    }
    switch request.path {
    case "/livez": return Self.text("live\n")
    case "/readyz": return await readiness()
    case "/.well-known/jwks.json": return await published()
    case "/metrics":
      guard await mayReadMetrics(request) else { return Self.text("Send the token of an operator.\n", status: 401) }
      return Self.text(await metrics.text())
    default: return await counted(request)
    }
  }

  /// Figures tell of all tenants: they are for this machine, and for operators.
  private func mayReadMetrics(_ request: HTTPRequest) async -> Bool {
    let from = request.remoteAddress
    if from.isEmpty || from.hasPrefix("127.") || from.hasPrefix("::1") || from.hasPrefix("[::1") || from.hasPrefix("::ffff:127.")
      || from.hasPrefix("unix")
    {
      return true
    }
    return await native.isOperator(request)
  }

  private func counted(_ request: HTTPRequest) async -> HTTPResponse {
    let tenant = RequestTenant()
    let response = await RequestTenant.$current.withValue(tenant) { await rest.handle(request) }
    if let uid = tenant.tenant {
      tally.add(uid, user: tenant.user, family: RequestTally.family(of: request.path), status: response.status)
    }
    return response
  }

  func bodyLimit(for head: HTTPRequest) -> Int {
    head.path.hasPrefix("/plumb/v1/") ? native.bodyLimit(for: head) : rest.bodyLimit(for: head)
  }

  private func readiness() async -> HTTPResponse {
    guard ready.isReady else { return Self.text("starting\n", status: 503) }
    do {
      try await store.ping()
      return Self.text("ready\n")
    } catch { return Self.text("the database does not answer\n", status: 503) }
  }

  /// The public keys of access tokens, for programs that check them by themselves.
  private func published() async -> HTTPResponse {
    guard let set = try? await keys.published() else { return Self.text("the keys cannot be read\n", status: 503) }
    var response = HTTPResponse(status: 200, contentType: "application/jwk-set+json", JSON.write(set))
    response.headers.add("Cache-Control", "public, max-age=300")
    return response
  }

  private static let readOnly: Set = ["/livez", "/readyz", "/metrics", "/.well-known/jwks.json"]

  /// 204 tells which methods there are, 405 that the one asked for is not among them.
  private static func allowed(_ methods: String, status: Int) -> HTTPResponse {
    var response = status == 204 ? HTTPResponse(status: 204) : text("Use \(methods).\n", status: status)
    response.headers.add("Allow", methods)
    return response
  }

  static func text(_ text: String, status: Int = 200) -> HTTPResponse {
    HTTPResponse(status: status, contentType: "text/plain; charset=utf-8", Array(text.utf8))
  }
}

/// Whether the server has done its first work, and is not stopping.
final class ReadyFlag: @unchecked Sendable {
  private let lock = NSLock()
  private var value = false
  var isReady: Bool { lock.withLock { value } }
  func set(_ ready: Bool) { lock.withLock { value = ready } }
}
