// Step 5: the plan is held against the tenant's policies and those of the installation. One place for every writer.
import Core
import Expressions
import Kinds
import Ports

extension PlannerRun {
  static let policyKind = "Policy"
  /// Questions that one plan may ask: objects times policies.
  static let mostQuestions = 1_000_000
  /// Cost of one question about an object, and of one about a plan.
  static let objectCost = 20_000
  static let planCost = 2_000_000
  /// Broken policies told at once.
  static let mostTold = 200

  /// Controllers carry out what was allowed; what they write follows from it. Policies do not bind themselves, so that a wrong one can go.
  private var isPoliced: Bool {
    if case .controller = context.origin.manager { return false }
    return context.catalog.kind(Self.policyKind) != nil
  }

  /// Asked for together with the first facts, in one statement with other counts.
  mutating func askForPolicies() {
    guard isPoliced, !intents.isEmpty else { return }
    var tenants: Set<UID> = [.rootTenant]
    var last = UID.rootTenant
    // Most plans are about one tenant: nothing is gathered for each of their objects.
    for intent in intents where intent.tenant != last {
      last = intent.tenant
      tenants.insert(last)
    }
    for tenant in tenants {
      let count = Fact.count(tenant: tenant, kind: Self.policyKind)
      if snapshot.counts[count] == nil { needs.insert(count) }
    }
  }

  mutating func checkPolicies() {
    // Kinds are looked at before drafts, which cost more to hand out.
    let own = drafts.indices.filter { drafts[$0].kind.name == Self.policyKind }
    if !own.isEmpty { checkPolicyTexts(own) }
    guard isPoliced else { return }
    var tenants: Set<UID> = [.rootTenant]
    var last = UID.rootTenant
    for at in drafts.indices
    where drafts[at].fate != .keep && drafts[at].object.tenant != last && drafts[at].kind.name != Self.tenantEvent {
      last = drafts[at].object.tenant
      tenants.insert(last)
    }
    var stored: [UID: [StoredObject]] = [:]
    for tenant in tenants.sorted() { stored[tenant] = policies(of: tenant, own) }
    guard needs.isEmpty else { return }
    for tenant in tenants.sorted() { pinPolicies(of: tenant) }
    guard stored.values.contains(where: { !$0.isEmpty }) else { return }
    let changed = drafts.indices.filter {
      drafts[$0].kind.name != Self.policyKind && drafts[$0].kind.name != Self.tenantEvent && isChange(drafts[$0])
    }
    for (tenant, drafts) in Dictionary(grouping: changed, by: { drafts[$0].object.tenant }).sorted(by: { $0.key < $1.key }) {
      let own = tenant == .rootTenant ? [] : stored[tenant] ?? []
      hold(drafts, of: tenant, against: (stored[.rootTenant] ?? []) + own)
    }
  }

  private func isChange(_ draft: Draft) -> Bool {
    switch draft.fate {
    // What is replaced is one change, told of the new object.
    case .delete: draft.replacedBy == nil
    case .create, .restore: true
    case .update: draft.specChanged || draft.metadataChanged
    case .keep, .record: false
    }
  }

  /// As they will be: those of this plan included. One that this plan deletes still holds for the plan itself.
  private mutating func policies(of tenant: UID, _ own: [Int]) -> [StoredObject] {
    let count = Fact.count(tenant: tenant, kind: Self.policyKind)
    guard let present = snapshot.counts[count] else {
      needs.insert(count)
      return []
    }
    var found: [UID: StoredObject] = [:]
    if present > 0 {
      guard let known = snapshot.policies[tenant] else {
        needs.insert(.policies(tenant: tenant))
        return []
      }
      for policy in known { found[policy.uid] = policy }
    }
    for draft in own.map({ drafts[$0] }) where draft.object.tenant == tenant && draft.fate != .delete {
      found[draft.object.uid] = draft.object
    }
    return found.values.sorted { ($0.name, $0.uid) < ($1.name, $1.uid) }
  }

  /// A policy that is made or changed while the plan is on its way has the plan made again.
  private mutating func pinPolicies(of tenant: UID) {
    let known = snapshot.policies[tenant] ?? []
    // More than are heeded cannot be told apart from those that came since.
    guard snapshot.counts[.count(tenant: tenant, kind: Self.policyKind)] ?? 0 <= known.count || known.isEmpty else { return }
    pins.append(
      .members(
        tenant: tenant, kind: Self.policyKind,
        Dictionary(known.map { ($0.uid, $0.version) }, uniquingKeysWith: { first, _ in first })))
  }

  private mutating func hold(_ changed: [Int], of tenant: UID, against stored: [StoredObject]) {
    var policies = stored.map { Policy($0, context.policies) }
    var tenantName = tenant == .rootTenant ? "root" : ""
    if tenant != .rootTenant {
      if draftByUID[tenant] == nil, snapshot.byUID[tenant] == nil {
        needs.insert(.uid(tenant: .rootTenant, tenant))
        return
      }
      tenantName = object(tenant)?.name ?? ""
    }
    policies.removeAll { $0.object.tenant == .rootTenant && !$0.tenants.isEmpty && !$0.tenants.contains(tenantName) }
    guard !policies.isEmpty else { return }
    if policies.contains(where: \.follows) {
      needReferences(of: changed)
      guard needs.isEmpty else { return }
    }
    guard changed.count * policies.count <= Self.mostQuestions else {
      problems.append(
        Problem(
          .refused, code: "policy_cost",
          "\(changed.count) changes and \(policies.count) policies are more than \(Self.mostQuestions) questions in one plan.",
          fix: "Apply it in parts."))
      return
    }
    let shared = lookup
    let changes = changed.map { change($0, shared) }
    let scope = PolicyScope(change: nil, tenant: tenantName, origin: context.origin, plan: totals(changes), now: context.now)
    for policy in policies {
      if policy.asksPlan {
        guard changes.contains(where: policy.covers) else { continue }
        ask(policy, scope, about: nil)
      } else {
        for change in changes where policy.covers(change) {
          var scope = scope
          scope.change = change
          ask(policy, scope, about: change)
        }
      }
    }
  }

  private mutating func ask(_ policy: Policy, _ scope: PolicyScope, about change: PolicyChange?) {
    let limit = change == nil ? Self.planCost : Self.objectCost
    if let when = policy.when {
      guard case .success(.bool(true)) = when.evaluate(scope, limit: limit) else { return }
    }
    var message = policy.message
    switch policy.require?.evaluate(scope, limit: limit) {
    case .success(.bool(true)): return
    case .success(.bool(false)): break
    case .success(let other): message += " (the policy gives \(other.typeName), not a boolean)"
    case .failure(let failure): message += " (the policy cannot be evaluated: \(failure))"
    case nil: message += " (the policy cannot be read)"
    }
    if let detail = policy.detail, case .success(let value) = detail.evaluate(scope, limit: limit) {
      message += " \(String((value.text ?? JSON.text(value.value)).prefix(1000)))"
    }
    let intent = change.flatMap { drafts[$0.draft].intent }.map { intents[$0] }
    let problem = Problem(
      .refused, code: "policy", message, place: intent?.place, object: change.map { $0.object.label },
      fix: "This is policy \(policy.object.name)\(policy.object.tenant == .rootTenant ? " of the installation" : "").",
      details: ["policy": .string(policy.object.name), "action": policy.denies ? "deny" : "warn"])
    if policy.denies {
      if problems.count < Self.mostTold { problems.append(problem) }
    } else if warnings.count < Self.mostTold {
      warnings.append(problem)
    }
  }

  private func change(_ at: Int, _ shared: PlanLookup) -> PolicyChange {
    let draft = drafts[at]
    let operation: String
    switch draft.fate {
    case .create: operation = draft.replaces == nil ? "create" : "replace"
    case .delete: operation = "delete"
    case .restore: operation = "restore"
    case .update, .keep, .record:
      operation = draft.existing.map { $0.name != draft.object.name } ?? false ? "rename" : "update"
    }
    let catalog = context.catalog
    func view(_ object: StoredObject) -> ObjectView {
      ObjectView(object: object, kind: draft.kind, lookup: shared, catalog: catalog)
    }
    return PolicyChange(
      operation: operation, kind: draft.kind.name, object: draft.object, old: (draft.replaces ?? draft.existing).map(view),
      new: draft.fate == .delete ? nil : view(draft.object), paths: { Self.changedFields(draft) },
      references: {
        draft.kind.references(in: draft.object.spec).compactMap { path, _, value in
          guard let target = value.string.flatMap({ UID($0) }).flatMap({ shared.object($0) }),
            let kind = catalog.kind(target.kind)
          else { return nil }
          let view = ObjectView(object: target, kind: kind, lookup: shared, catalog: catalog)
          let field = path.filter { Int($0) == nil }.joined(separator: ".")
          return .object(
            PolicyRecord(members: [
              "field": { .string(field) }, "kind": { .string(target.kind) }, "name": { .string(target.name) },
              "object": { .object(view) },
            ]))
        }
      }, draft: at)
  }

  private static func changedFields(_ draft: Draft) -> [String] {
    let old = Dictionary(
      FieldLeaves.of(draft.existing?.spec ?? [:], draft.kind).map { ($0.path, $0.value) }, uniquingKeysWith: { first, _ in first }
    )
    let new = Dictionary(
      FieldLeaves.of(draft.fate == .delete ? [:] : draft.object.spec, draft.kind).map { ($0.path, $0.value) },
      uniquingKeysWith: { first, _ in first })
    return Set(old.keys).union(new.keys).filter { !sameValue(old[$0], new[$0]) }.sorted()
  }

  /// The plan's numbers, and its changes for whoever asks for them.
  private func totals(_ changes: [PolicyChange]) -> CELValue {
    var kinds: [String: [String: Int]] = [:]
    var all: [String: Int] = [:]
    for change in changes {
      all[change.operation, default: 0] += 1
      kinds[change.kind, default: [:]][change.operation, default: 0] += 1
    }
    func counts(_ counts: [String: Int]) -> Value {
      [
        "creates": .int(counts["create"] ?? 0), "updates": .int(counts["update"] ?? 0), "deletes": .int(counts["delete"] ?? 0),
        "restores": .int(counts["restore"] ?? 0), "changes": .int(counts.values.reduce(0, +)),
      ]
    }
    let byKind = CELValue(.object(ObjectMap(kinds.sorted { $0.key < $1.key }.map { ($0.key, counts($0.value)) })))
    let total = counts(all)
    let unchanged = drafts.reduce(0) { $0 + ($1.fate == .keep ? 1 : 0) }
    return .object(
      PolicyRecord(members: [
        "creates": { CELValue(total["creates"]) }, "updates": { CELValue(total["updates"]) },
        "deletes": { CELValue(total["deletes"]) }, "restores": { CELValue(total["restores"]) },
        "changes": { CELValue(total["changes"]) }, "unchanged": { .int(unchanged) }, "kinds": { byKind },
        "objects": { .list(changes.map(\.value)) },
      ]))
  }

  private mutating func needReferences(of changed: [Int]) {
    for at in changed {
      for (_, _, value) in drafts[at].kind.references(in: drafts[at].object.spec) {
        guard let uid = value.string.flatMap({ UID($0) }), draftByUID[uid] == nil, snapshot.byUID[uid] == nil else { continue }
        needs.insert(.uid(tenant: drafts[at].object.tenant, uid))
      }
    }
  }

  /// A policy that cannot be read would bind nobody, or everybody: it is refused where it stands.
  private mutating func checkPolicyTexts(_ own: [Int]) {
    for draft in own.map({ drafts[$0] }) where draft.fate == .create || draft.fate == .update || draft.fate == .restore {
      func wrong(_ field: String, _ message: String, _ fix: String?) {
        problems.append(
          Problem(
            .invalid, code: "policy_text", "\(field): \(message).", place: draft.intent.flatMap { place(intents[$0], [field]) },
            pointer: "/spec/\(field)", object: draft.object.label, fix: fix))
      }
      for field in ["when", "require", "detail"] {
        guard let source = draft.object.spec[field]?.string else { continue }
        for fault in context.policies.faults(source) { wrong(field, fault.text, fault.fix) }
      }
      let known = context.catalog.kinds.map(\.name)
      for name in (draft.object.spec["kinds"]?.list ?? []).compactMap(\.string) where context.catalog.kind(name) == nil {
        wrong("kinds", "there is no kind \(name)", nearestName(to: name, among: known).map { "Did you mean \($0)?" })
      }
      if draft.object.tenant != .rootTenant, let tenants = draft.object.spec["tenants"]?.list, !tenants.isEmpty {
        wrong("tenants", "only a policy of the root tenant names tenants", "Leave it out: the policy holds for this tenant.")
      }
    }
  }
}
