// Walks references breadth first, in grouped rounds, to the nearest object that is not ready and waits for no other.
import Core
import Identity
import Kinds
import Ports

struct WhyWalk: Sendable {
  static let rounds = 10
  static let objects = 1000

  let catalog: KindCatalog
  let store: any StorePort
  let caller: Caller

  /// From the object to the first cause; empty when it is ready.
  func chain(from start: StoredObject) async throws -> [StoredObject] {
    guard !isReady(start) else { return [] }
    var seen: [UID: StoredObject] = [start.uid: start]
    var parent: [UID: UID] = [:]
    var front = [start]
    var last = start
    for _ in 0..<Self.rounds {
      let users = try await dependents(of: front)
      var wanted: [(from: UID, to: UID)] = []
      for object in front {
        for target in targets(object, users) where seen[target] == nil && !wanted.contains(where: { $0.to == target }) {
          wanted.append((object.uid, target))
        }
      }
      wanted = Array(wanted.prefix(Self.objects - seen.count))
      let found = wanted.isEmpty ? [:] : try await read(wanted.map(\.to))
      var next: [StoredObject] = []
      for (from, to) in wanted {
        guard let object = found[to] else { continue }
        seen[to] = object
        if !isReady(object) {
          parent[to] = from
          next.append(object)
        }
      }
      // Of several that are as near, those that the waiting object itself speaks of come first.
      next =
        next.filter { isNamed($0, by: seen[parent[$0.uid] ?? $0.uid]) }
        + next.filter { !isNamed($0, by: seen[parent[$0.uid] ?? $0.uid]) }
      // The nearest that waits for nothing is the cause.
      if let cause = front.first(where: { object in !targets(object, users).contains { seen[$0].map { !isReady($0) } ?? false } })
      {
        last = cause
        break
      }
      // Only a circle, or what was seen before, is left.
      guard let first = next.first else { break }
      last = first
      front = next
    }
    var chain = [last]
    while let before = parent[chain[0].uid], let object = seen[before] { chain.insert(object, at: 0) }
    return chain
  }

  private func isNamed(_ object: StoredObject, by waiting: StoredObject?) -> Bool {
    guard let waiting, waiting.uid != object.uid else { return false }
    return Readiness.reason(waiting).message.split(whereSeparator: { $0 == " " || $0 == "," || $0 == ":" }).contains {
      $0 == object.name
    }
  }

  private func isReady(_ object: StoredObject) -> Bool { Readiness.isReady(object, catalog.kind(object.kind)) }

  /// What the spec refers to, and what the controller names in the status (a server it was placed on). What goes waits for those
  /// that refer to it instead.
  private func targets(_ object: StoredObject, _ dependents: [UID: [UID]]) -> [UID] {
    guard let kind = catalog.kind(object.kind) else { return [] }
    if object.deleting != nil { return dependents[object.uid] ?? [] }
    let named = (object.status.object ?? [:]).compactMap { $0.key == "uid" ? nil : $0.value.string.flatMap { UID($0) } }
    return kind.references(in: object.spec).compactMap { $0.value.string.flatMap { UID($0) } } + named.filter { $0 != object.uid }
  }

  /// Who refers to objects that go: one statement a round.
  private func dependents(of front: [StoredObject]) async throws -> [UID: [UID]] {
    let going = front.filter { $0.deleting != nil }.map(\.uid).sorted()
    if going.isEmpty { return [:] }
    let rows = try await store.referrers(tenant: caller.tenant, of: going, limit: Self.objects)
    return Dictionary(grouping: rows.filter { $0.object.uid != $0.target }, by: \.target).mapValues { $0.map(\.object.uid) }
  }

  private func read(_ uids: [UID]) async throws -> [UID: StoredObject] {
    var found: [UID: StoredObject] = [:]
    for tenant in caller.isRoot ? [caller.tenant] : [caller.tenant, .rootTenant] {
      let left = uids.filter { found[$0] == nil }
      if left.isEmpty { break }
      for object in try await store.objects(tenant: tenant, uids: left) { found[object.uid] = object }
    }
    return found
  }

  /// `Kind/name is not ready: reason: message (file:line)`
  static func line(_ object: StoredObject) -> String {
    let reason = Readiness.reason(object)
    var text = "\(object.label) is not ready: \(reason.reason)"
    if !reason.message.isEmpty { text += ": \(reason.message)" }
    if let place = place(object) { text += " (\(place.file):\(place.line))" }
    return text
  }

  /// Where the object was stated: the first line among its fields' places.
  static func place(_ object: StoredObject) -> Place? {
    object.owners.values.compactMap(\.place).min { ($0.file, $0.line) < ($1.file, $1.line) }
  }
}
