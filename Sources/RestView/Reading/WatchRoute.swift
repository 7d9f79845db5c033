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
    let stream = ChangeStream(context: context, position: start)
    var headers: HTTPHeaders = ["Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"]
    for (name, value) in family.standardHeaders where name != "Content-Type" { headers.add(name, value) }
    var response = HTTPResponse(status: 200, headers: headers, body: .stream { try await stream.run($0) })
    family.addHeaders(to: &response, requestID: context.requestID)
    return response
  }
}

/// Follows the feed of one tenant for one client. Heartbeats are the server's.
struct ChangeStream: Sendable {
  private static let batch = 500
  /// Looks even without a signal, this often.
  private static let pause: Duration = .seconds(1)

  let context: RequestContext
  var position: Int

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
        let wanted = changes.filter(matches)
        let objects = try await objects(wanted)
        for change in wanted { try await writer.write(event(change, objects)) }
        at = max(at, upTo)
        if changes.count < Self.batch { return at }
      }
    }
    return at
  }

  private func matches(_ change: Change) -> Bool {
    if let kind = context.route.spec.kind, change.kind != kind { return false }
    let names = context.route.spec.events
    return names.isEmpty || names.contains("*") || change.events.contains { names.contains($0) }
  }

  private func objects(_ changes: [Change]) async throws -> [UID: StoredObject] {
    try await context.reader.objects(Set(changes.map(\.uid)), kinds: Set(changes.map(\.kind)))
  }

  private func event(_ change: Change, _ objects: [UID: StoredObject]) -> ServerSentEvent {
    let names = context.route.spec.events
    let name =
      change.events.first { names.isEmpty || names.contains("*") || names.contains($0) } ?? change.events.first ?? "changed"
    var data: [UInt8] = []
    if let kind = context.route.kind, let object = objects[change.uid], context.route.view.needs.isEmpty,
      !context.route.view.members.isEmpty
    {
      let writer = ViewWriter(ids: context.ids, sealing: context.services.sealing, names: context.names)
      writer.write(context.route.view, ObjectValue(object, kind: kind, needs: Needs(), page: .empty, ids: context.ids), to: &data)
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
