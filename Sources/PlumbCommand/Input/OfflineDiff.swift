// Two versions of a set side by side without a server: what an apply of the second would change where the first is true.
import Core
import KindLoading
import Kinds
import Manifests
import Planning
import Ports

struct OfflineDiff {
  /// A planner that still asks after so many rounds has a fault.
  private static let rounds = 200
  private static let now = Timestamp(microseconds: 0)

  private let catalog: KindCatalog
  private var tenants: [String: UID] = ["": UID(high: 0x7000, low: 0x8000_0000_0000_0100), "root": .rootTenant]
  private var objects: [UID: StoredObject] = [:]

  /// The plan in the shape that the server gives. Throws Problems when a manifest of either side cannot be read.
  static func plan(base: [SetFile], head: [SetFile], catalog: KindCatalog) throws -> Value {
    var diff = OfflineDiff(catalog: catalog)
    let before = try diff.read(base)
    let after = try diff.read(head)
    let first = try diff.plan(before, prune: [], from: 0)
    for (uid, object) in first.results {
      var object = object
      object.version = 1
      diff.objects[uid] = object
    }
    let kept = Set(after.flatMap(diff.keys))
    let made = Set(first.targets.values)
    let gone = diff.objects.values.filter { made.contains($0.uid) && !kept.contains(Self.key($0)) }.sorted { $0.uid < $1.uid }
    let plan = try diff.plan(after, prune: gone.map { ($0.tenant, $0.uid) }, from: UInt64(diff.objects.count + 1) << 20)
    return OfflineShape(catalog: catalog, plan: plan, objects: diff.objects, tenants: diff.tenants).value()
  }

  private init(catalog: KindCatalog) { self.catalog = catalog }

  private mutating func read(_ files: [SetFile]) throws -> [Manifest] {
    if files.isEmpty { return [] }
    let set = ManifestReader.read(files: files.map { ($0.name, $0.bytes) }, catalog: catalog)
    let faults = set.problems.filter { $0.code != "empty" }
    if !faults.isEmpty { throw Problems(faults) }
    for name in set.manifests.compactMap(\.tenant) where tenants[name] == nil {
      tenants[name] = UID(high: 0x7000, low: 0x8000_0000_0000_0100 + UInt64(tenants.count))
    }
    return set.manifests
  }

  private func key(_ manifest: Manifest, _ name: String) -> ObjectKey {
    let isShared = manifest.kind.scope == .platform || manifest.kind.scope == .shared
    return ObjectKey(
      tenant: isShared ? .rootTenant : tenants[manifest.tenant ?? ""] ?? .rootTenant, kind: manifest.kind.name, name: name)
  }

  /// Its name, and the one that it had.
  private func keys(_ manifest: Manifest) -> [ObjectKey] {
    [manifest.name, manifest.movedFrom].compactMap { $0 }.map { key(manifest, $0) }
  }

  private static func key(_ object: StoredObject) -> ObjectKey {
    ObjectKey(tenant: object.tenant, kind: object.kind, name: object.name)
  }

  private func plan(_ manifests: [Manifest], prune: [(tenant: UID, uid: UID)], from first: UInt64) throws -> Plan {
    let intents = manifests.map { manifest -> Intent in
      var intent = Intent(
        .apply, .key(key(manifest, manifest.name)), fields: withSecrets(manifest), labels: manifest.labels,
        protect: manifest.protect,
        place: manifest.place, places: manifest.places, checked: true, writer: .any)
      intent.movedFrom = manifest.movedFrom
      intent.unmanaged = manifest.unmanaged
      intent.onDrift = manifest.onDrift
      return intent
    }
    let stated = Set(manifests.flatMap(keys))
    var snapshot = Snapshot()
    for _ in 0..<Self.rounds {
      var context = PlanningContext(
        catalog: catalog, now: Self.now, origin: Origin(manager: .set("offline"), actor: "offline", action: "diff"),
        minting: OfflineMint(from: first), cleanup: [])
      context.confirmed = true
      switch Planner.plan(intents, prune: prune, snapshot: snapshot, context: context) {
      case .done(let plan): return plan
      case .needs(let facts): for fact in facts { answer(fact, stated, &snapshot) }
      }
    }
    throw Problem(.failure, code: "diff", "The set cannot be planned.", fix: "Report this as a fault of plumb.")
  }

  /// A secret is told from another by where it comes from: its value is not known here.
  private func withSecrets(_ manifest: Manifest) -> ObjectMap {
    var spec = manifest.spec
    for secret in manifest.secrets {
      let name = String(secret.pointer.dropFirst("/spec/".count))
      if spec.has(name) { spec[name] = ["$sealed": "offline", "$digest": .string("\(secret.source)")] }
    }
    return spec
  }

  /// What neither side states is taken to be there: it may be in another set.
  private func answer(_ fact: Fact, _ stated: Set<ObjectKey>, _ snapshot: inout Snapshot) {
    switch fact {
    case .key(let key):
      let known = objects.values.first { Self.key($0) == key }
      if known == nil, !stated.contains(key) {
        var spec = ObjectMap()
        if let identity = catalog.kind(key.kind)?.identityField { spec[identity] = .string(key.name) }
        let uid = UID(high: 0x2_7000, low: 0x8000_0000_0000_0000 | UInt64(snapshot.byKey.count + 1))
        snapshot.add(
          StoredObject(
            tenant: key.tenant, uid: uid, kind: key.kind, name: key.name, version: 1, spec: spec, created: Self.now,
            updated: Self.now))
        return
      }
      snapshot.byKey[key] = .some(known)
      if let known { snapshot.byUID[known.uid] = known }
    case .uid(_, let uid): snapshot.byUID[uid] = .some(objects[uid])
    case .referrers(_, let uid):
      snapshot.referrers[uid] = objects.values.sorted { $0.uid < $1.uid }.flatMap { object in
        (catalog.kind(object.kind)?.references(in: object.spec) ?? []).compactMap { path, _, value in
          value.string == uid.description ? (path.filter { Int($0) == nil }.joined(separator: "."), object) : nil
        }
      }
      for (_, object) in snapshot.referrers[uid] ?? [] { snapshot.byUID[object.uid] = object }
    default: OfflinePlan.answer(fact, &snapshot)
    }
  }
}

/// Stands for what a server mints. Used by one thread.
private final class OfflineMint: Minting, @unchecked Sendable {
  private var count: UInt64

  init(from first: UInt64) { count = first }

  func uid(at now: Timestamp) -> UID {
    count += 1
    return UID(high: 0x1_7000, low: 0x8000_0000_0000_0000 | count)
  }
  func token(prefix: String, length: Int) -> String { prefix + String(repeating: "x", count: length) }
  func hash(_ plain: String) -> Value { ["$hash": "offline"] }
  func seal(_ plain: String, context: String) -> Value { ["$sealed": "offline", "$digest": "offline"] }
}

/// A plan of two versions as JSON, as the server shows plans.
private struct OfflineShape {
  let catalog: KindCatalog
  let plan: Plan
  let objects: [UID: StoredObject]
  let tenants: [String: UID]

  func value() -> Value {
    let items = plan.items.filter { $0.action != .unchanged }
    var summary: ObjectMap = ["unchanged": .int(plan.count(.unchanged))]
    for action in [PlanItem.Action.create, .update, .replace, .rename, .delete, .adopt, .restore] {
      summary[action.rawValue] = .int(plan.count(action))
    }
    return ["items": .list(items.map(item)), "summary": .object(summary), "problems": .list(plan.problems.map(\.value))]
  }

  private func item(_ item: PlanItem) -> Value {
    var map: ObjectMap = [
      "action": .string(item.action.rawValue), "kind": .string(item.kind), "name": .string(item.name),
      "tenant": .string(tenants.first { $0.value == item.tenant }?.key ?? ""),
      "changes": .list(item.changes.map { change($0, item) }),
    ]
    if let reason = item.reason { map["reason"] = .string(reason == "left the set" ? "its manifest is gone" : reason) }
    if !item.effects.isEmpty { map["effects"] = .list(item.effects.map(Value.string)) }
    if !item.forcedBy.isEmpty { map["forcedBy"] = .list(item.forcedBy.map { .string("spec.\($0)") }) }
    if let former = item.formerName { map["formerName"] = .string(former) }
    if let place = item.place {
      map["file"] = .string(place.file)
      map["line"] = .int(place.line)
    }
    return .object(map)
  }

  private func change(_ change: PlanItem.FieldChange, _ item: PlanItem) -> Value {
    var map: ObjectMap = [
      "path": .string(change.path.hasPrefix("metadata.") ? change.path : "spec." + change.path),
      "before": named(change.before), "after": named(change.after), "secret": .bool(change.secret),
    ]
    if item.action == .create, plan.results[item.uid]?.owners[change.path]?.manager == .standard { map["default"] = true }
    return .object(map)
  }

  private func named(_ value: Value) -> Value {
    switch value {
    case .string(let text):
      guard let uid = UID(text) else { return value }
      return (plan.results[uid] ?? objects[uid]).map { .string($0.name) } ?? value
    case .list(let items): return .list(items.map(named))
    case .object(let map): return .object(ObjectMap(map.map { ($0.key, named($0.value)) }))
    default: return value
    }
  }
}
