// The change feed as a service that controllers can observe: which events came after a position.
import Core
import Foundation
import Kinds
import Ports

/// Observe `after` {position, since, limit, events, objectTypes} →
/// `{position, resync, items: [{position, event, kind, uid, name, at, actor, version, object}]}`. One item per change and event name.
public struct FeedService: ServicePort {
  public let name = "feed"
  public let answersAtOnce = true
  /// Changes read in one go.
  static let page = 500
  /// Pages scanned for one observation, should nothing in them match.
  static let maxPages = 20

  let store: any StorePort
  let catalog: KindCatalog

  public init(store: any StorePort, catalog: KindCatalog) {
    self.store = store
    self.catalog = catalog
  }

  public func observe(_ metadata: ObjectMetadata, operation: String, arguments: Value) async throws -> Value {
    let reading = FeedReading(store)
    return try await observe(metadata, operation: operation, arguments: arguments, reading)
  }

  /// Those who stand at one position of a tenant's feed read it once.
  public func observe(_ looks: [(metadata: ObjectMetadata, operation: String, arguments: Value)]) async -> [Value?] {
    let reading = FeedReading(store)
    var worlds: [Value?] = []
    for look in looks {
      worlds.append(try? await observe(look.metadata, operation: look.operation, arguments: look.arguments, reading))
    }
    return worlds
  }

  private func observe(
    _ metadata: ObjectMetadata, operation: String, arguments: Value, _ reading: FeedReading
  ) async throws -> Value {
    guard operation == "after" else { throw Problem(.invalid, code: "operation", "The feed has no operation \(operation).") }
    let limit = min(max(1, arguments["limit"].int ?? 20), 200)
    let patterns = (arguments["events"].list ?? []).compactMap(\.string)
    let kinds = Set((arguments["objectTypes"].list ?? []).compactMap(\.string))
    let tenant = metadata.tenant
    var position: Int
    if let given = arguments["position"].int {
      position = given
    } else {
      let since = arguments["since"].string.flatMap { Timestamp($0) } ?? metadata.created
      position = try await start(tenant, since: since == metadata.created ? try await born(metadata) : since)
    }
    var matches: [(change: Change, event: String)] = []
    scan: for _ in 0..<Self.maxPages {
      switch try await reading.changes(tenant, after: position) {
      case .resync(let from): return ["position": .int(from), "resync": true, "items": []]
      case .changes(let changes, let upTo):
        for change in changes {
          let names = change.events.filter { name in patterns.contains { Self.matches(name, $0) } }
          if !names.isEmpty, kinds.isEmpty || kinds.contains(change.kind) {
            // Never cut inside one position: its events go together.
            if !matches.isEmpty, matches.count + names.count > limit { break scan }
            matches += names.map { (change, $0) }
          }
          position = change.position
        }
        if changes.count < Self.page {
          position = max(position, upTo)
          break scan
        }
      }
    }
    return ["position": .int(position), "resync": false, "items": .list(try await items(matches, reading))]
  }

  public func perform(_ step: Step, key: String, metadata: ObjectMetadata) async -> StepReply {
    StepReply(step: step.name, outcome: .failed, value: ["error": ["code": "operation", "message": "The feed takes no steps."]])
  }

  /// `app.*` and `*` match by prefix; anything else exactly.
  static func matches(_ event: String, _ pattern: String) -> Bool {
    if pattern == "*" || pattern == event { return true }
    return pattern.hasSuffix(".*") && event.hasPrefix(pattern.dropLast())
  }

  /// When the object was made by the clock that stamps the feed. `created` is by the clock of the replica that made it: what happened
  /// in between would be told twice, or never.
  private func born(_ metadata: ObjectMetadata) async throws -> Timestamp {
    try await store.history(tenant: metadata.tenant, uid: metadata.uid, before: 2, limit: 1).first?.at ?? metadata.created
  }

  /// The last position whose change is no later than `since`, by bisection.
  private func start(_ tenant: UID, since: Timestamp) async throws -> Int {
    let last = try await store.position(tenant: tenant)
    var low = 0
    var high = last
    while low < high {
      let middle = (low + high) / 2
      guard case .changes(let changes, _) = try await store.changes(tenant: tenant, after: middle, limit: 1),
        let next = changes.first
      else {
        // Too old to be kept: what is kept is newer.
        low = middle + 1
        continue
      }
      if next.at <= since { low = max(next.position, middle + 1) } else { high = middle }
    }
    return min(low, last)
  }

  private func items(_ matches: [(change: Change, event: String)], _ reading: FeedReading) async throws -> [Value] {
    let byUID = try await reading.objects(Set(matches.map(\.change.uid)))
    return matches.map { change, event in
      var object: ObjectMap = ["id": .string(change.uid.description), "kind": .string(change.kind), "name": .string(change.name)]
      if let stored = byUID[change.uid], let kind = catalog.kind(change.kind) {
        for field in kind.fields where !SecretIntake.holdsSecret(field) && field.computed == nil {
          if let value = field.isObserved ? stored.status.object?[field.name] : stored.spec[field.name] {
            object[field.name] = value
          }
        }
        object["labels"] = .object(ObjectMap(stored.labels.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
        object["createdAt"] = .string(stored.created.description)
        object["updatedAt"] = .string(stored.updated.description)
      }
      return [
        "position": .int(change.position), "event": .string(event), "kind": .string(change.kind),
        "uid": .string(change.uid.description),
        "name": .string(change.name), "at": .string(change.at.description), "actor": .string(change.actor),
        "version": .int(change.version),
        "object": .object(object),
      ]
    }
  }
}

/// What was read of feeds for one page of looks.
private final class FeedReading {
  private struct Start: Hashable {
    var tenant: UID
    var position: Int
  }
  private let store: any StorePort
  private var pages: [Start: ChangePage] = [:]
  private var objects: [UID: StoredObject] = [:]
  private var asked: Set<UID> = []

  init(_ store: any StorePort) { self.store = store }

  func changes(_ tenant: UID, after position: Int) async throws -> ChangePage {
    let start = Start(tenant: tenant, position: position)
    if let page = pages[start] { return page }
    let page = try await store.changes(tenant: tenant, after: position, limit: FeedService.page)
    pages[start] = page
    return page
  }

  func objects(_ uids: Set<UID>) async throws -> [UID: StoredObject] {
    let open = uids.subtracting(asked).sorted()
    if !open.isEmpty {
      for object in try await store.objects(tenant: nil, uids: open) { objects[object.uid] = object }
      asked.formUnion(open)
    }
    return objects
  }
}
