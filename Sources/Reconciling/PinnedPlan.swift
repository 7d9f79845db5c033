// A plan as it is handed out and taken back: what was read, so that applying it does exactly that or nothing.
import Core
import Planning

enum PinnedPlan {
  static let form = 1

  static func make(_ plan: Plan, contentHash: String, catalogDigest: String, commit: String?) -> Value {
    let expected = Dictionary(plan.commit.writes.map { ($0.object.uid, $0.expected) }, uniquingKeysWith: { first, _ in first })
    return [
      "form": .int(form), "content": .string(contentHash), "catalog": .string(catalogDigest), "commit": Value(commit),
      "items": .list(
        plan.items.map { item in
          [
            "action": .string(item.action.rawValue), "kind": .string(item.kind), "name": .string(item.name),
            "tenant": .string(item.tenant.description), "uid": item.action == .create ? .null : .string(item.uid.description),
            "version": version(item, plan, expected),
          ]
        }),
    ]
  }

  /// The version that the plan rests on; null for what does not exist yet.
  private static func version(_ item: PlanItem, _ plan: Plan, _ expected: [UID: Int?]) -> Value {
    if let version = expected[item.uid] { return Value(version) }
    return item.action == .unchanged ? Value(plan.results[item.uid]?.version) : .null
  }

  /// Throws `stale` and names each object whose part of the plan is another now.
  static func check(_ pinned: Value, plan: Plan, contentHash: String, catalogDigest: String) throws {
    guard pinned["form"].int == form else {
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
    let now = make(plan, contentHash: contentHash, catalogDigest: catalogDigest, commit: nil)["items"].list ?? []
    func key(_ item: Value) -> String {
      "\(item["tenant"].string ?? "")/\(item["kind"].string ?? "")/\(item["name"].string ?? "")"
    }
    let before = Dictionary((pinned["items"].list ?? []).map { (key($0), $0) }, uniquingKeysWith: { first, _ in first })
    let after = Dictionary(now.map { (key($0), $0) }, uniquingKeysWith: { first, _ in first })
    var problems: [Problem] = []
    for name in Set(before.keys).union(after.keys).sorted() where before[name] != after[name] {
      let item = after[name] ?? before[name] ?? .null
      let label = "\(item["kind"].string ?? "")/\(item["name"].string ?? "")"
      let uid = item["uid"].string.flatMap { UID($0) }
      let owner = uid.flatMap { plan.results[$0] }?.owners.values.max { $0.at < $1.at }
      problems.append(
        Problem(
          .stale, code: "stale", "\(label) moved since the plan\(owner.map { ": by \($0.actor) at \($0.at)" } ?? "").",
          object: label, fix: "Plan again."))
    }
    if !problems.isEmpty { throw Problems(problems) }
  }
}
