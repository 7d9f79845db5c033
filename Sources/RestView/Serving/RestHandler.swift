// The REST views as a handler of HTTP requests: the one public entry of this module.
import Core
import HTTPServer
import Identity
import Kinds
import Ports
import Reconciling

/// Serves every family of a catalog under its base path. Safe to share.
public final class RestHandler: HTTPHandler {
  static let openAPIPath = "/openapi.json"

  private let table: RouteTable
  private let services: RestServices
  private let documents: OpenAPIDocuments
  private let ids: RequestIDs
  private let counters: RouteCounters
  private let log: @Sendable (RequestLine) -> Void

  /// - Parameters:
  ///   - services: outside services that lets and handlers may ask, by name.
  ///   - handlers: Swift that specs name in `handler:`, beside the standard ones.
  ///   - cursorKey: seals the cursors of lists; the same in every replica.
  ///   - log: called once a request.
  public init(
    catalog: KindCatalog, store: any StorePort, writer: any WritePort, auth: any Authenticating, sealing: any SecretSealing,
    clock: any Clock = SystemClock(), random: any RandomSource = SystemRandom(), cursorKey: [UInt8], version: String,
    region: String = "local", services: [String: any ServicePort] = [:],
    handlers: [any OperationHandler] = [], log: @escaping @Sendable (RequestLine) -> Void = { _ in }
  ) {
    table = RouteTable(catalog: catalog, handlers: HandlerNames(StandardHandlers.all() + handlers), version: version)
    let documents = OpenAPIDocuments(table: table, catalog: catalog)
    self.documents = documents
    let known = Dictionary((StandardHandlers.all { documents.bytes(family: $0) } + handlers).map { ($0.name, $0) }) { first, _ in
      first
    }
    self.services = RestServices(
      catalog: catalog, store: store, writer: writer, auth: auth, sealing: sealing, clock: clock, random: random,
      cursors: CursorCodec(key: cursorKey), services: services, sql: store as? any SQLPort, handlers: known,
      limiter: SharedRateLimiter(store: store, clock: clock),
      memo: PermissionMemo(), positions: FeedPositions(store: store, clock: clock), cache: ViewCache(), documents: documents,
      version: version, region: region, started: clock.now())
    ids = RequestIDs(random: random)
    counters = RouteCounters(count: table.routes.count)
    self.log = log
  }

  /// Whether a path belongs to a family, or to a route at the root of the host.
  public func serves(_ path: String) -> Bool {
    if mount(path) != nil { return true }
    if case .missing = table.root.match(method: "GET", path: path, from: 0) { return false }
    return true
  }

  public func handle(_ request: HTTPRequest) async -> HTTPResponse {
    if let mount = mount(request.path) { return await handle(request, mount, from: mount.base.utf8.count) }
    let id = ids.make()
    switch table.root.match(method: request.method, path: request.path, from: 0) {
    case .found(let route, let parameters): return await run(request, id, table.routes[route], parameters)
    case .notAllowed(let methods):
      return Self.plain(405, "This method is not allowed here.", ["Allow": methods.joined(separator: ", ")])
    case .missing, .malformed: return Self.plain(404, "There is nothing here.")
    }
  }

  /// One family at its documented base, for a listener of its own: `/deploy/api` becomes `/api`.
  public func handler(family name: String) -> (any HTTPHandler)? {
    guard let mount = table.mounts.first(where: { $0.family.spec.name == name }) else { return nil }
    let prefix = "/" + name
    let base = mount.base.hasPrefix(prefix) ? String(mount.base.dropFirst(prefix.count)) : mount.base
    return FamilyHandler(rest: self, mount: mount, base: base)
  }

  public func bodyLimit(for head: HTTPRequest) -> Int {
    guard let mount = mount(head.path) else { return bodyLimit(head, table.root, from: 0) }
    return bodyLimit(head, mount.router, from: mount.base.utf8.count)
  }

  func bodyLimit(_ head: HTTPRequest, _ router: Router, from start: Int) -> Int {
    guard table.hasBodyLimits, case .found(let route, _) = router.match(method: head.method, path: head.path, from: start) else {
      return HTTPLimits.defaultBodyLimit
    }
    return table.routes[route].spec.maxBody ?? HTTPLimits.defaultBodyLimit
  }

  /// Numbers of every route that was called, for /metrics.
  public func routeCounts() -> [RouteCount] { counters.snapshot(table.routes) }

  /// Hits, misses, entries and bytes of the view cache.
  public var cacheCounts: (hits: Int, misses: Int, entries: Int, bytes: Int) { services.cache.counts }

  /// Tells the caches of a commit of this process, before anyone is answered.
  public func committed(_ result: CommitResult) { services.positions.note(result.positions) }

  /// Follows the store's signals, so that caches and watchers learn at once what others changed. Runs until cancelled.
  public func follow() async {
    for await signal in services.store.signals() {
      switch signal {
      case .changed(let tenants): services.positions.doubt(tenants)
      case .reconnected: services.positions.doubt(nil)
      case .work: break
      }
    }
  }

  private func mount(_ path: String) -> RouteTable.Mount? {
    table.mounts.first { Self.isBelow(path, $0.base) }
  }

  private static func isBelow(_ path: String, _ base: String) -> Bool {
    guard !base.isEmpty, path.utf8.starts(with: base.utf8) else { return false }
    let rest = path.utf8.dropFirst(base.utf8.count)
    return rest.isEmpty || rest.first == UInt8(ascii: "/")
  }

  func handle(_ request: HTTPRequest, _ mount: RouteTable.Mount, from start: Int) async -> HTTPResponse {
    let id = ids.make()
    let family = mount.family
    switch mount.router.match(method: request.method, path: request.path, from: start) {
    case .found(let route, let parameters): return await run(request, id, table.routes[route], parameters)
    case .notAllowed(let methods):
      let allow = methods.joined(separator: ", ")
      if request.method == "OPTIONS" {
        var response = HTTPResponse(status: 204, headers: ["Allow": allow])
        for (name, value) in family.standardHeaders where name != "Content-Type" { response.headers.add(name, value) }
        family.addHeaders(to: &response, requestID: id)
        return response
      }
      var response = family.refusal(
        Problems(Problem(.invalid, code: ProblemCode.notAllowed, "This method is not allowed here.", fix: "Use \(allow).")),
        requestID: id)
      response.headers.add("Allow", allow)
      return response
    case .missing:
      if request.path.utf8.dropFirst(start).elementsEqual(Self.openAPIPath.utf8),
        let document = documents.bytes(family: family.spec.name)
      {
        return openAPI(document, request, family, id)
      }
      return family.refusal(Problems(Problem(.missing, code: ProblemCode.missing, "There is no such operation.")), requestID: id)
    case .malformed:
      return family.refusal(
        Problems(Problem(.invalid, code: ProblemCode.badPath, "The path holds a broken percent escape.")), requestID: id)
    }
  }

  private func openAPI(_ document: [UInt8], _ request: HTTPRequest, _ family: ServedFamily, _ id: String) -> HTTPResponse {
    guard request.method == "GET" || request.method == "HEAD" else {
      var response = family.refusal(
        Problems(Problem(.invalid, code: ProblemCode.notAllowed, "This method is not allowed here.", fix: "Use GET.")),
        requestID: id)
      response.headers.add("Allow", "GET, HEAD")
      return response
    }
    var response = HTTPResponse(status: 200, headers: family.standardHeaders, body: .bytes(document))
    family.addHeaders(to: &response, requestID: id)
    return response
  }

  private func run(_ request: HTTPRequest, _ id: String, _ route: ServedRoute, _ parameters: [String]) async -> HTTPResponse {
    let began = services.clock.now()
    var fault: String?
    var response: HTTPResponse
    do {
      let notes = RequestNotes()
      response = try await RequestNotes.$current.withValue(notes) {
        try await RouteExecutor.run(request, requestID: id, route: route, parameters: parameters, services: services)
      }
      response.status = notes.status(response.status)
      for (name, value) in notes.headers { response.headers.add(name, value) }
    } catch {
      let problems = Self.problems(error, &fault)
      response = route.family.refusal(problems, route: route.spec, requestID: id)
    }
    let took = services.clock.now() - began
    counters.add(route: route.index, status: response.status, microseconds: took.microseconds)
    log(
      RequestLine(
        method: request.method, pattern: route.pattern, route: route.spec.id, family: route.spec.family, status: response.status,
        duration: took, requestID: id, fault: fault))
    return response
  }

  /// What a client may know of an error; the rest goes to the log.
  private static func problems(_ error: any Error, _ fault: inout String?) -> Problems {
    switch error {
    case let problem as Problem: return problems(Problems(problem), &fault)
    case let known as Problems:
      let hidden = known.category == .failure
      // A guard that says 503 is an answer of the spec, not a fault of the server.
      let isGuard = known.list.contains { $0.details[ErrorStatus.detail] != nil }
      if hidden || (known.category == .unavailable && !isGuard) { fault = known.description }
      return hidden ? Problems(Problem(.failure, code: ProblemCode.failure, "Something went wrong on the server.")) : known
    case is CommitFailure:
      return Problems(Problem(.conflict, code: "busy", "The objects changed at the same time.", fix: "Try again."))
    default:
      fault = "\(error)"
      return Problems(Problem(.failure, code: ProblemCode.failure, "Something went wrong on the server."))
    }
  }

  private static func plain(_ status: Int, _ message: String, _ headers: HTTPHeaders = [:]) -> HTTPResponse {
    var response = HTTPResponse(status: status, contentType: "application/json", JSON.write(["error": .string(message)]))
    for (name, value) in headers { response.headers.add(name, value) }
    return response
  }
}

/// One family on a listener of its own.
private struct FamilyHandler: HTTPHandler {
  let rest: RestHandler
  let mount: RouteTable.Mount
  let base: String

  func handle(_ request: HTTPRequest) async -> HTTPResponse {
    let path = request.path.utf8
    if path.starts(with: base.utf8),
      base.isEmpty || path.count == base.utf8.count || path.dropFirst(base.utf8.count).first == UInt8(ascii: "/")
    {
      return await rest.handle(request, mount, from: base.utf8.count)
    }
    return await rest.handle(request)
  }

  func bodyLimit(for head: HTTPRequest) -> Int {
    head.path.hasPrefix(base) ? rest.bodyLimit(head, mount.router, from: base.utf8.count) : rest.bodyLimit(for: head)
  }
}
