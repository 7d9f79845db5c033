// A plan as it is handed out and taken back: digests of what was read, so that applying it does exactly that or nothing.
import Core
import Planning
import Ports

struct PinnedPlan: Sendable {
  static let form = 2
  /// Objects that moved which are named; the rest are counted.
  static let mostNamed = 200
  /// Objects that are gone and of which the plan knew no uid: so many are looked for by their names, one by one.
  static let mostGone = 20

  let store: any StorePort
  /// SHA-256 of a text, in hex.
  let digest: @Sendable (String) -> String
  let contentHash: String
  let catalogDigest: String

  func make(_ plan: Plan, commit: String?) -> Value {
    [
      "form": .int(Self.form), "content": .string(contentHash), "catalog": .string(catalogDigest), "commit": Value(commit),
      "items": .list(plan.items.map { item($0, plan) }),
    ]
  }

  /// An item's digest covers the fields that the plan reads and what it makes of them: an object may move in other fields.
  private func item(_ item: PlanItem, _ plan: Plan) -> Value {
    let isNew = item.action == .create || item.action == .replace
    return [
      "action": .string(item.action.rawValue), "kind": .string(item.kind), "name": .string(item.name),
      "tenant": .string(item.tenant.description),
      "uid": isNew ? Value(item.replaces?.description) : .string(item.uid.description),
      "digest": .string(digest(JSON.canonical(facts(item, plan)))),
    ]
  }

  private func facts(_ item: PlanItem, _ plan: Plan) -> Value {
    let owners = plan.results[item.uid]?.owners ?? [:]
    let creates = item.action == .create
    // What is minted or computed for a new object is another on every planning; it follows from what is stated and the kinds.
    let changes = item.changes.filter { !(creates && owners[$0.path].map { $0.manager == .standard } ?? false) }
    var facts: ObjectMap = [
      "changes": .list(
        changes.map { ["path": .string($0.path), "before": named($0.before, plan), "after": named($0.after, plan)] }),
      "secrets": .list(changes.filter(\.secret).map { secret($0.path, item, plan) }),
    ]
    if item.action == .delete { facts["version"] = Value(plan.commit.writes.first { $0.object.uid == item.uid }?.expected) }
    return .object(facts)
  }

  /// Masked in the item, so looked up: only their digests are compared.
  private func secret(_ path: String, _ item: PlanItem, _ plan: Plan) -> Value {
    let value = FieldPath.read(path, plan.results[item.uid]?.spec)
    return value["$digest"].isNull ? value["$hash"] : value["$digest"]
  }

  /// Objects of this plan stand by their names: new ones have another uid on every planning, and one that was made meanwhile has moved
  /// itself, not those that refer to it.
  private func named(_ value: Value, _ plan: Plan) -> Value {
    switch value {
    case .string(let text):
      guard let uid = UID(text), let object = plan.results[uid] else { return value }
      return .string("\(object.tenant)/\(object.label)")
    case .list(let items): return .list(items.map { named($0, plan) })
    case .object(let map): return .object(ObjectMap(map.map { ($0.key, named($0.value, plan)) }))
    default: return value
    }
  }

  /// Throws `stale` and names each object whose part of the plan is another now, who moved it, and when.
  func check(_ pinned: Value, plan: Plan) async throws {
    guard pinned["form"].int == Self.form else {
      throw Problems(
        Problem(.invalid, code: "plan_form", "This is no plan that this version can apply.", fix: "Make it anew with plumb plan.")
      )
    }
    guard pinned["content"].string == contentHash else {
      throw Problems(Problem(.stale, code: "stale", "The files are not the ones that were planned.", fix: "Plan again."))
    }
    guard pinned["catalog"].string == catalogDigest else {
      throw Problems(Problem(.stale, code: "stale", "The kinds have changed since this was planned.", fix: "Plan again."))
    }
    func key(_ item: Value) -> String {
      "\(item["tenant"].string ?? "")/\(item["kind"].string ?? "")/\(item["name"].string ?? "")"
    }
    // What is unchanged now and then may be known by its hash, and then is in no plan.
    func changing(_ items: [Value]) -> [String: Value] {
      Dictionary(
        items.filter { $0["action"] != "unchanged" }.map { (key($0), $0) }, uniquingKeysWith: { first, _ in first })
    }
    let before = changing(pinned["items"].list ?? [])
    let after = changing(make(plan, commit: nil)["items"].list ?? [])
    let moved = Set(before.keys).union(after.keys).sorted().filter { before[$0] != after[$0] }
    if moved.isEmpty { return }
    throw Problems(
      try await problems(
        moved.compactMap { name in
          guard var item = after[name] ?? before[name] else { return nil }
          // What is gone by now is known by the uid that it had.
          if item["uid"].isNull { item["uid"] = before[name]?["uid"] ?? .null }
          return item
        }))
  }

  private func problems(_ moved: [Value]) async throws -> [Problem] {
    let named = moved.prefix(Self.mostNamed)
    let tenants = Dictionary(grouping: named) { $0["tenant"].string.flatMap { UID($0) } ?? .rootTenant }
    var story: [String: PastObject] = [:]
    for (tenant, items) in tenants.sorted(by: { $0.key < $1.key }) {
      let keys = items.map { ObjectKey(tenant: tenant, kind: $0["kind"].string ?? "", name: $0["name"].string ?? "") }
      var uids = Set(items.compactMap { $0["uid"].string.flatMap { UID($0) } })
      uids.formUnion(try await store.objects(named: keys).map(\.uid))
      // Of two objects of one name, the one that moved last.
      for past in try await store.past(PastQuery(tenant: tenant, uids: uids.sorted())) {
        if let known = story[past.object.label], known.object.updated > past.object.updated { continue }
        story[past.object.label] = past
      }
    }
    var asked = 0
    for item in named where story["\(item["kind"].string ?? "")/\(item["name"].string ?? "")"] == nil && asked < Self.mostGone {
      guard let tenant = item["tenant"].string.flatMap({ UID($0) }), let kind = item["kind"].string else { continue }
      asked += 1
      let gone = try await store.past(PastQuery(tenant: tenant, kind: kind, name: item["name"].string ?? "", limit: 20))
      if let last = gone.max(by: { $0.object.updated < $1.object.updated }) { story[last.object.label] = last }
    }
    var list = named.map { item -> Problem in
      let label = "\(item["kind"].string ?? "")/\(item["name"].string ?? "")"
      var details: ObjectMap = [:]
      var by = ""
      if let past = story[label] {
        by = ": \(PastWords.verb(past.operation)) by \(past.origin.actor) at \(past.object.updated)"
        if let commit = past.origin.commit { by += ", commit \(commit.prefix(12))" }
        details = ["actor": .string(past.origin.actor), "at": .string(past.object.updated.description)]
      }
      return Problem(
        .stale, code: "stale", "\(label) moved since the plan\(by).", object: label, fix: "Plan again.", details: details)
    }
    if moved.count > Self.mostNamed {
      list.append(Problem(.stale, code: "stale", "\(moved.count - Self.mostNamed) more objects moved since the plan."))
    }
    return list
  }

  private enum FieldPath {
    static func read(_ path: String, _ spec: ObjectMap?) -> Value {
      path.split(separator: ".").reduce(Value.object(spec ?? [:])) { $0[String($1)] }
    }
  }
}

/// The store's letters in a sentence: `changed by …`.
enum PastWords {
  static func verb(_ operation: String) -> String {
    switch operation {
    case "c": "created"
    case "x", "s", "d": "deleted"
    case "r": "restored"
    default: "changed"
    }
  }
}
