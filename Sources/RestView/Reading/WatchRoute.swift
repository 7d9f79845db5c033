// Verb watch: changes of a tenant as server-sent events, resumed by feed position.
import Core
import Expressions
import HTTPServer
import Kinds
import Ports

extension RouteExecutor {
  mutating func watch() async throws -> HTTPResponse {
    let gate = AuthGate(services: services, route: route)
    try gate.permit(context.caller, target: nil)
    try checkUnless(nil)
    var start = try await services.store.position(tenant: context.tenant)
    if let text = context.request.headers["Last-Event-ID"] ?? context.query["last_event_id"] {
      guard let position = Int(text), position >= 0 else {
        throw QueryReader.problem("last_event_id", "the id of an event is expected, not \"\(text.prefix(40))\"")
      }
      start = min(position, start)
    }
    let stream = ChangeStream(context: context, position: start, conditions: try await conditions())
    var headers: HTTPHeaders = ["Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"]
    for (name, value) in family.standardHeaders where name != "Content-Type" { headers.add(name, value) }
    var response = HTTPResponse(status: 200, headers: headers, body: .stream { try await stream.run($0) })
    family.addHeaders(to: &response, requestID: context.requestID)
    return response
  }
}

extension RouteExecutor {
  /// What the stream's objects must be: the target, what is bound, `where` and filters. A missing target or parent answers 404.
  private mutating func conditions() async throws -> ChangeStream.Conditions {
    var conditions = ChangeStream.Conditions()
    guard let kind = route.kind else { return conditions }
    if spec.target != nil {
      conditions.target = try await requiredTarget(kind).uid
      return conditions
    }
    var problems: [Problem] = []
    var parts = filters(&problems)
    guard problems.isEmpty else { throw Problems(problems) }
    for (name, value) in try await boundFields(kind).fields {
      let path = SortPaths.path(name, kind: kind) ?? .spec([name])
      parts.append(kind.field(name)?.type == .list ? .holds(path, value) : .compare(path, .equal, value))
    }
    if let predicate = route.predicate { parts.append(predicate.predicate(RouteScope(context.names), ids: context.ids)) }
    if !parts.isEmpty { conditions.predicate = PredicatePlan.all(parts) }
    return conditions
  }
}

/// Follows the feed of one tenant for one client. Heartbeats are the server's.
struct ChangeStream: Sendable {
  private static let batch = 500
  /// Looks even without a signal, this often.
  private static let pause: Duration = .seconds(1)

  struct Conditions: Sendable {
    /// Changes of this object only.
    var target: UID?
    /// Changes of objects that are so now; deletions cannot be asked, and are left out.
    var predicate: Predicate?
  }

  let context: RequestContext
  var position: Int
  let conditions: Conditions

  func run(_ writer: HTTPStreamWriter) async throws {
    let positions = context.services.positions
    let clock = context.services.clock
    let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for await _ in positions.changes() { wake.yield() }
        wake.finish()
      }
      group.addTask {
        defer { wake.finish() }
        while !Task.isCancelled, !writer.isClosed {
          try await checkRights()
          wake.yield()
          await clock.sleep(Self.pause)
        }
      }
      group.addTask {
        var at = position
        for await _ in wakes where try await positions.current(context.tenant) > at { at = try await send(after: at, writer) }
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  /// A key that was revoked, or a role that was taken away, ends the stream.
  private func checkRights() async throws {
    let gate = AuthGate(services: context.services, route: context.route)
    try gate.permit(try await gate.caller(context.request))
  }

  /// Writes what happened since; gives the position reached.
  private func send(after start: Int, _ writer: HTTPStreamWriter) async throws -> Int {
    var at = start
    while !Task.isCancelled {
      switch try await context.services.store.changes(tenant: context.tenant, after: at, limit: Self.batch) {
      case .resync(let from):
        try await writer.write(ServerSentEvent(id: String(from), event: "resync", data: "{}"))
        at = from
      case .changes(let changes, let upTo):
        let wanted = try await holding(changes.filter(matches))
        let objects = try await objects(wanted)
        let page = try await page(objects)
        for change in wanted { try await writer.write(event(change, objects, page)) }
        at = max(at, upTo)
        if changes.count < Self.batch { return at }
      }
    }
    return at
  }

  private func matches(_ change: Change) -> Bool {
    if let kind = context.route.spec.kind, change.kind != kind { return false }
    if let target = conditions.target, change.uid != target { return false }
    let names = context.route.spec.events
    return names.isEmpty || names.contains("*") || change.events.contains { names.contains($0) }
  }

  private func objects(_ changes: [Change]) async throws -> [UID: StoredObject] {
    try await context.reader.objects(Set(changes.map(\.uid)), kinds: Set(changes.map(\.kind)))
  }

  /// Those whose objects satisfy the conditions: one query a batch.
  private func holding(_ changes: [Change]) async throws -> [Change] {
    guard let predicate = conditions.predicate, let kind = context.route.kind, !changes.isEmpty else { return changes }
    let uids = Set(changes.map(\.uid)).sorted().map { Value.string($0.description) }
    let found = try await context.reader.list(
      kind, PredicatePlan.all([.among(.uid, uids), predicate]), limit: uids.count
    ).objects
    let holding = Set(found.map(\.uid))
    return changes.filter { holding.contains($0.uid) }
  }

  /// What the view reads besides the objects.
  private func page(_ objects: [UID: StoredObject]) async throws -> PageData {
    guard let kind = context.route.kind, !context.route.view.needs.isEmpty, !objects.isEmpty else { return .empty }
    let sorted = objects.values.sorted { $0.uid < $1.uid }
    return try await context.prefetch().load(sorted, kind: kind, needs: context.route.view.needs)
  }

  private func event(_ change: Change, _ objects: [UID: StoredObject], _ page: PageData) -> ServerSentEvent {
    let names = context.route.spec.events
    let name =
      change.events.first { names.isEmpty || names.contains("*") || names.contains($0) } ?? change.events.first ?? "changed"
    var data: [UInt8] = []
    if let kind = context.route.kind, let object = objects[change.uid], !context.route.view.members.isEmpty {
      let needs = context.route.view.needs
      let writer = ViewWriter(ids: context.ids, sealing: context.services.sealing, names: context.names)
      writer.write(context.route.view, ObjectValue(object, kind: kind, needs: needs, page: page, ids: context.ids), to: &data)
    } else {
      JSON.write(
        [
          "id": .string(context.ids.text(change.uid, kind: change.kind)), "kind": .string(change.kind),
          "name": .string(change.name),
          "event": .string(name), "at": .string(change.at.description), "actor": .string(change.actor),
        ], to: &data)
    }
    return ServerSentEvent(id: String(change.position), event: name, data: String(decoding: data, as: UTF8.self))
  }
}
