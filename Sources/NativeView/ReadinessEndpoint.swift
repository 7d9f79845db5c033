// POST readiness: which of a set's objects are not ready, answered when all are, or after a while.
import Core
import HTTPServer
import Kinds
import Ports

extension NativeHandler {
  static let longestWait: Duration = .seconds(10)
  static let mostUIDs = 100_000
  /// Objects named in an answer; the rest are counted.
  static let mostPending = 50
  /// Objects read in one statement.
  static let readinessBatch = 5000
  static let firstPause: Duration = .milliseconds(5)
  static let longestPause: Duration = .milliseconds(200)

  /// Body: `{set?, uids?: [uid], gone?: [uid], wait?: seconds}`. Answer: `{done, total, pendingCount, pending: [...]}`.
  func readiness(_ request: NativeRequest) async throws -> HTTPResponse {
    let body = try request.json()
    var waited: [UID: [UID]] = [:]
    let here = request.caller.tenant
    if let set = body["set"].string {
      for row in try await store.inventory(owner: here, set: set).rows { waited[row.tenant, default: []].append(row.uid) }
    }
    let named = try uids(body["uids"], "/uids")
    let gone = try uids(body["gone"], "/gone")
    let total = waited.values.reduce(0) { $0 + $1.count } + named.count + gone.count
    let deadline = clock.now() + min(Self.longestWait, .microseconds(Int((body["wait"].double ?? 0) * 1e6)))
    var question = Pending(groups: waited, named: named, gone: gone)
    let ear = bell.listen(here)
    defer { ear.stop() }
    var pause = Self.firstPause
    while true {
      question = try await question.left(store, catalog, request)
      if question.isEmpty || clock.now() >= deadline { break }
      // Not more often than `pause`, and at once after it when something happened.
      await clock.sleep(min(pause, deadline - clock.now()))
      await ear.wait(min(Self.longestPause, max(.zero, deadline - clock.now())), clock: clock)
      pause = min(pause + pause, Self.longestPause)
    }
    return NativeAnswer.json([
      "done": .bool(question.isEmpty), "total": .int(total), "pendingCount": .int(question.count),
      "pending": .list(question.objects.prefix(Self.mostPending).map(Self.pending)),
    ])
  }

  private func uids(_ value: Value, _ pointer: String) throws -> [UID] {
    guard let list = value.list else { return [] }
    let uids = list.compactMap { $0.string.flatMap { UID($0) } }
    guard uids.count == list.count, uids.count <= Self.mostUIDs else {
      throw Problem(.invalid, code: "body", "It is no list of at most \(Self.mostUIDs) uids.", pointer: pointer)
    }
    return uids
  }

  private static func pending(_ object: StoredObject) -> Value {
    let reason = Readiness.reason(object)
    return [
      "kind": .string(object.kind), "name": .string(object.name), "uid": .string(object.uid.description),
      "reason": .string(reason.reason),
      "message": .string(reason.message),
    ]
  }
}

/// What a waiter still waits for.
private struct Pending {
  var groups: [UID: [UID]]
  var named: [UID]
  var gone: [UID]
  /// As last read.
  var objects: [StoredObject] = []

  var count: Int { groups.values.reduce(0) { $0 + $1.count } + named.count + gone.count }
  var isEmpty: Bool { count == 0 }

  /// The rest, from fresh reads: a fixed number of statements for each tenant and batch.
  func left(_ store: any StorePort, _ catalog: KindCatalog, _ request: NativeRequest) async throws -> Pending {
    var rest = Pending(groups: [:], named: [], gone: [])
    for (tenant, uids) in groups.sorted(by: { $0.key < $1.key }) {
      for object in try await Self.read(store, tenant, uids) where !object.deleted && !isReady(object, catalog) {
        rest.groups[tenant, default: []].append(object.uid)
        rest.objects.append(object)
      }
    }
    for object in try await find(store, named, request) where !isReady(object, catalog) {
      rest.named.append(object.uid)
      rest.objects.append(object)
    }
    for object in try await find(store, gone, request) {
      rest.gone.append(object.uid)
      rest.objects.append(object)
    }
    return rest
  }

  private func isReady(_ object: StoredObject, _ catalog: KindCatalog) -> Bool {
    Readiness.isReady(object, catalog.kind(object.kind))
  }

  /// Live objects in the caller's tenant, or in the root tenant where the caller may see them.
  private func find(_ store: any StorePort, _ uids: [UID], _ request: NativeRequest) async throws -> [StoredObject] {
    if uids.isEmpty { return [] }
    var found = try await Self.read(store, request.caller.tenant, uids)
    if request.caller.isOperator, !request.caller.isRoot {
      let seen = Set(found.map(\.uid))
      found += try await Self.read(store, .rootTenant, uids.filter { !seen.contains($0) })
    }
    return found.filter { !$0.deleted }
  }

  private static func read(_ store: any StorePort, _ tenant: UID, _ uids: [UID]) async throws -> [StoredObject] {
    var found: [StoredObject] = []
    var at = 0
    while at < uids.count {
      let end = min(at + NativeHandler.readinessBatch, uids.count)
      found += try await store.objects(tenant: tenant, uids: Array(uids[at..<end]))
      at = end
    }
    return found
  }
}
