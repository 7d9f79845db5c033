// The native API, `/plumb/v1`: plan, apply, read and follow objects of any kind. One method for each resource of the API.
import Core
import HTTPServer
import Identity
import Kinds
import Ports
import Reconciling

public struct NativeHandler: HTTPHandler {
  public static let base = "/plumb/v1"
  /// A set of manifests, as JSON.
  public static let applyBytes = 64 << 20
  public static let otherBytes = 1 << 20

  let catalog: KindCatalog
  let store: any StorePort
  let writer: any WritePort
  let apply: any ApplyPort
  let changes: ChangeService
  let auth: any Authenticating
  let clock: any Clock
  /// Rung by whoever follows the store's signals, so that watchers and waiters look at once.
  let bell: ChangeBell
  let log: @Sendable (String) -> Void

  public init(
    catalog: KindCatalog, store: any StorePort, writer: any WritePort, apply: any ApplyPort, changes: ChangeService,
    auth: any Authenticating, clock: any Clock,
    bell: ChangeBell, log: @escaping @Sendable (String) -> Void
  ) {
    self.catalog = catalog
    self.store = store
    self.writer = writer
    self.apply = apply
    self.changes = changes
    self.auth = auth
    self.clock = clock
    self.bell = bell
    self.log = log
  }

  public func bodyLimit(for head: HTTPRequest) -> Int {
    head.path == "\(Self.base)/apply" || head.path == "\(Self.base)/plan" ? Self.applyBytes : Self.otherBytes
  }

  public func handle(_ request: HTTPRequest) async -> HTTPResponse {
    do {
      let asked = try await authenticated(request)
      // Off the event loop: sets, lists and walks take their time.
      // Whoever has just written says how far, and is shown no less.
      let mayBeStale = asked.method == "GET" && asked.path.first != "watch" && request.headers["Plumb-Position"] == nil
      return try await Task.detached {
        let notes = RequestNotes()
        var response = try await RequestNotes.$current.withValue(notes) {
          try await ReadFreshness.$mayBeStale.withValue(mayBeStale) { try await answer(asked) }
        }
        response.status = notes.status(response.status)
        for (name, value) in notes.headers { response.headers.add(name, value) }
        return response
      }.value
    } catch let problems as Problems {
      return NativeAnswer.problems(problems)
    } catch let problem as Problem {
      return NativeAnswer.problems(Problems(problem))
    } catch {
      log("native API: \(request.method) \(request.path): \(error)")
      return NativeAnswer.problems(
        Problems(Problem(.failure, code: "internal", "The server failed.", fix: "Its log says why (request \(request.id)).")))
    }
  }

  /// Whether the request carries the token of an operator.
  public func isOperator(_ request: HTTPRequest) async -> Bool {
    (try? await authenticated(request))?.caller.isOperator ?? false
  }

  private func authenticated(_ request: HTTPRequest) async throws -> NativeRequest {
    let parts = try NativeRequest.Parts(request)
    guard let header = request.headers["Authorization"], header.lowercased().hasPrefix("bearer ") else {
      throw Problem(.unauthenticated, code: "no_token", "A bearer token is needed.", fix: "Send Authorization: Bearer TOKEN.")
    }
    let token = String(header.dropFirst(7).drop { $0 == " " })
    let caller = try await auth.authenticate(
      Credential(
        token: token, tenant: parts.query["tenant"], remoteAddress: request.remoteAddress, realms: ["staff"]))
    return NativeRequest(
      method: request.method == "HEAD" ? "GET" : request.method, parts: parts, body: request.body, caller: caller)
  }

  private func answer(_ request: NativeRequest) async throws -> HTTPResponse {
    let path = request.path
    switch (request.method, path.first ?? "", path.count) {
    case ("POST", "apply", 1): return try await applySet(request, planOnly: false)
    case ("POST", "plan", 1): return try await applySet(request, planOnly: true)
    case ("POST", "readiness", 1): return try await readiness(request)
    case ("GET", "kinds", 1): return kinds(request)
    case ("GET", "kinds", 2): return try explain(request)
    case ("GET", "sets", 1): return try await sets(request)
    case ("GET", "can", 1): return try await can(request)
    case ("GET", "people", 2): return try await person(request)
    case ("DELETE", "people", 2): return try await erasePerson(request)
    case ("POST", "sets", 3): return try await changeSet(request)
    case ("GET", "drift", 1): return try await drift(request)
    case ("GET", "diff", 1): return try await diff(request)
    case ("GET", "tree", 1): return try await tree(request)
    case ("GET", "events", 1): return try await events(request)
    case ("GET", "export", 1): return try await export(request)
    case ("GET", "watch", 1): return try await watch(request)
    case ("GET", "objects", 2): return try await list(request)
    case ("GET", "objects", 3): return try await get(request)
    case ("DELETE", "objects", 3): return try await delete(request)
    case ("GET", "objects", 4):
      switch path[3] {
      case "history": return try await history(request)
      case "why": return try await why(request)
      case "events": return try await events(request)
      case "blame": return try await blame(request)
      case "tree": return try await tree(request)
      default: break
      }
    case ("POST", "objects", 4):
      switch path[3] {
      case "rename": return try await rename(request)
      case "handover": return try await handOver(request)
      case "rollback": return try await rollBack(request)
      case "sync": return try await sync(request)
      case "suspend": return try await suspend(request)
      case "resume": return try await resume(request)
      default: break
      }
    default: break
    }
    let known = [
      "apply", "plan", "readiness", "kinds", "sets", "can", "events", "export", "watch", "objects", "drift", "diff", "tree",
      "people",
    ]
    if let first = path.first, known.contains(first) {
      throw Problem(.missing, code: "no_route", "\(request.method) does not go with \(Self.base)/\(path.joined(separator: "/")).")
    }
    let near = nearestName(to: path.first ?? "", among: known)
    throw Problem(
      .missing, code: "no_route", "There is no \(Self.base)/\(path.first ?? "").", fix: near.map { "Did you mean \($0)?" })
  }

  // MARK: What the endpoints share

  /// The kind that a word means. A caller who may not read it learns only that.
  func kind(_ word: String, for request: NativeRequest, verb: String = "read") throws -> KindSpec {
    let kind = try KindNames.find(word, in: catalog)
    try request.mayUse(verb, kind)
    return kind
  }

  /// The live object that the path names, by name or uid.
  func object(_ request: NativeRequest, verb: String = "read") async throws -> (StoredObject, KindSpec) {
    let kind = try kind(request.path[1], for: request, verb: verb)
    guard kind.storage != .record else {
      throw Problem(.invalid, code: "record", "\(kind.name) is a record: it is listed, not read by name.", fix: "List it.")
    }
    let word = request.path[2]
    let tenant = request.home(of: kind)
    var found: StoredObject?
    if let uid = UID(word) {
      found = try await store.objects(tenant: tenant, uids: [uid]).first { $0.kind == kind.name && !$0.deleted }
    }
    if found == nil {
      found = try await store.objects(named: [ObjectKey(tenant: tenant, kind: kind.name, name: word)]).first { !$0.deleted }
    }
    guard let found, request.maySee(found, kind) else { throw try await missing(word, kind, tenant, request) }
    return (found, kind)
  }

  /// As `object`; should there be none any more, the last that had the name.
  func objectOrPast(_ request: NativeRequest, verb: String = "read") async throws -> (StoredObject, KindSpec) {
    do { return try await object(request, verb: verb) } catch let problem as Problem where problem.code == "not_found" {
      let kind = try kind(request.path[1], for: request, verb: verb)
      let tenant = request.home(of: kind)
      let uid = UID(request.path[2])
      let past = try await store.past(
        PastQuery(tenant: tenant, kind: kind.name, name: uid == nil ? request.path[2] : nil, uids: uid.map { [$0] }))
      guard let last = past.max(by: { $0.object.updated < $1.object.updated }), request.maySee(last.object, kind) else {
        throw problem
      }
      return (last.object, kind)
    }
  }

  private func missing(_ name: String, _ kind: KindSpec, _ tenant: UID, _ request: NativeRequest) async throws -> Problem {
    let others = try await store.list(ObjectQuery(tenant: tenant, kind: kind.name, limit: 500)).objects.filter {
      request.maySee($0, kind)
    }
    let near = nearestName(to: name, among: others.map(\.name))
    return Problem(
      .missing, code: "not_found", "There is no \(kind.name) \"\(name)\".", object: "\(kind.name)/\(name)",
      fix: near.map { "Did you mean \($0)?" } ?? "See plumb get \(kind.name).")
  }

  func shape(
    _ objects: [StoredObject], _ request: NativeRequest, tenants: [UID: String] = [:], owners: Bool = false,
    at moment: Timestamp? = nil
  ) async throws -> [Value] {
    let names = try await ReferenceNames.read(objects, catalog: catalog, store: store, caller: request.caller, at: moment)
    let shape = ObjectShape(catalog: catalog, names: names, caller: request.caller, tenants: tenants, owners: owners)
    return objects.map(shape.value)
  }
}
