// GET watch: changes of a tenant's objects as server-sent events, in commit order.
import Core
import HTTPServer
import Kinds
import Ports

extension NativeHandler {
  static let watchPage = 200
  /// A look at the feed without a ring, in case one was lost.
  static let watchPause: Duration = .seconds(1)

  /// Events: `change` with `{position, operation, kind, name, uid, version, at, actor, object}`, `resync` when the reader fell
  /// behind what the feed keeps. The id of an event is its position.
  func watch(_ request: NativeRequest) async throws -> HTTPResponse {
    let kinds = try request.query("kinds").map { text in
      try Set(text.split(separator: ",").map { try kind(String($0), for: request).name })
    }
    let selector = try request.query("selector").map { try LabelSelector.predicate($0) }
    let tenant =
      kinds?.compactMap { catalog.kind($0) }.contains { request.home(of: $0) == .rootTenant } ?? false
      ? .rootTenant : request.caller.tenant
    var start = try await store.position(tenant: tenant)
    if let text = request.query("after") {
      guard let position = Int(text), position >= 0 else {
        throw Problem(.invalid, code: "parameter", "after cannot be \"\(text)\".", fix: "Write the position of a change.")
      }
      start = position
    }
    let watcher = Watcher(handler: self, request: request, kinds: kinds, selector: selector, tenant: tenant)
    let from = start
    return HTTPResponse(
      status: 200, headers: ["Content-Type": "text/event-stream", "Cache-Control": "no-store"],
      body: .stream { writer in try await watcher.run(from: from, to: writer) })
  }
}

private struct Watcher: Sendable {
  let handler: NativeHandler
  let request: NativeRequest
  let kinds: Set<String>?
  let selector: Predicate?
  let tenant: UID

  func run(from start: Int, to writer: HTTPStreamWriter) async throws {
    let ear = handler.bell.listen(tenant)
    defer { ear.stop() }
    writer.onTermination { ear.ring() }
    var position = start
    while !writer.isClosed, !Task.isCancelled {
      switch try await handler.store.changes(tenant: tenant, after: position, limit: NativeHandler.watchPage) {
      case .resync(let from):
        position = from
        try await writer.write(ServerSentEvent(id: String(from), event: "resync", data: JSON.text(["position": .int(from)])))
      case .changes(let changes, let upTo):
        try await send(changes, to: writer)
        position = max(position, changes.last?.position ?? upTo)
        if changes.count < NativeHandler.watchPage { await ear.wait(NativeHandler.watchPause, clock: handler.clock) }
      }
    }
  }

  private func send(_ changes: [Change], to writer: HTTPStreamWriter) async throws {
    let wanted = changes.filter { change in
      guard let kind = handler.catalog.kind(change.kind), kind.storage != .record else { return false }
      return kinds?.contains(change.kind) ?? request.mayRead(kind)
    }
    if wanted.isEmpty { return }
    let stored = try await handler.store.objects(tenant: tenant, uids: Array(Set(wanted.map(\.uid))).sorted())
    let seen = stored.filter { object in handler.catalog.kind(object.kind).map { request.maySee(object, $0) } ?? false }
    let shown = try await handler.shape(seen.filter { !$0.deleted }, request)
    let objects = Dictionary(shown.map { ($0["metadata"]["uid"].string ?? "", $0) }, uniquingKeysWith: { first, _ in first })
    let labels = Dictionary(stored.map { ($0.uid, $0.labels) }, uniquingKeysWith: { first, _ in first })
    for change in wanted {
      let object = objects[change.uid.description] ?? .null
      let isGone = change.operation == "d" || change.operation == "s"
      if object.isNull, !isGone { continue }
      if let selector, !isGone, !Self.matches(selector, labels[change.uid] ?? [:]) { continue }
      let data: Value = [
        "position": .int(change.position), "operation": .string(ChangeWords.operation(change.operation)),
        "kind": .string(change.kind),
        "name": .string(change.name), "uid": .string(change.uid.description), "version": .int(change.version),
        "at": .string(change.at.description), "actor": .string(change.actor), "object": isGone ? .null : object,
      ]
      try await writer.write(ServerSentEvent(id: String(change.position), event: "change", data: JSON.text(data)))
    }
  }

  /// A label selector, decided here.
  private static func matches(_ predicate: Predicate, _ labels: [String: String]) -> Bool {
    switch predicate {
    case .all(let parts): parts.allSatisfy { matches($0, labels) }
    case .any(let parts): parts.contains { matches($0, labels) }
    case .not(let part): !matches(part, labels)
    case .compare(.label(let name), .equal, let value): labels[name].map(Value.string) == value
    case .compare(.label(let name), .notEqual, let value): labels[name].map { Value.string($0) != value } ?? false
    case .among(.label(let name), let values): labels[name].map { values.contains(.string($0)) } ?? false
    case .isNull(.label(let name)): labels[name] == nil
    case .always: true
    default: false
    }
  }
}
