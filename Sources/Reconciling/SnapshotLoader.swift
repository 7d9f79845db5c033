// Reads what the planner asks for, in as few statements as there are sorts of facts.
import Core
import Kinds
import Planning
import Ports

struct SnapshotLoader: Sendable {
  /// Referrers of one object that a plan will look at; more than this refuses the deletion by the pin under lock.
  static let maxReferrers = 10_000
  /// Objects that one `let` may find.
  static let maxFound = 1000

  /// Policies of one tenant, by age: more are not heeded, and `plumb get Policy` is where they are counted.
  static let maxPolicies = 1000

  let store: any StorePort
  let catalog: KindCatalog

  func load(_ needs: [Fact], into snapshot: inout Snapshot) async throws {
    var keys: [ObjectKey] = []
    var uids: [UID] = []
    var holders: [HolderGroup: [UniqueKey]] = [:]
    var referrers: [UID: [UID]] = [:]
    var counts: [(Fact, ObjectQuery)] = []
    for need in needs {
      switch need {
      case .key(let key): keys.append(key)
      case .uid(_, let uid): uids.append(uid)
      case .holder(let tenant, let kind, let key): holders[HolderGroup(tenant: tenant, kind: kind), default: []].append(key)
      case .referrers(let tenant, let uid): referrers[tenant, default: []].append(uid)
      case .find(let tenant, let kind, let predicate):
        snapshot.found[need] = try await store.list(
          ObjectQuery(tenant: tenant, kind: kind, predicate: predicate, limit: Self.maxFound)
        ).objects
      case .count(let tenant, let kind): counts.append((need, ObjectQuery(tenant: tenant, kind: kind)))
      case .policies(let tenant):
        snapshot.policies[tenant] = try await store.list(
          ObjectQuery(tenant: tenant, kind: "Policy", limit: Self.maxPolicies, wantsOwners: false)
        ).objects
      case .limits(let tenant): snapshot.limits[tenant] = .some(try await limits(of: tenant))
      case .grants(let tenant): snapshot.grants[tenant] = try await GrantReader.grants(of: tenant, store: store, catalog: catalog)
      case .sequence(let tenant, let name, let count):
        snapshot.sequences[need] = try await store.sequence(tenant: tenant, name: name, count: count)
      }
    }
    if !keys.isEmpty {
      for key in keys { snapshot.byKey[key] = .some(nil) }
      for object in try await store.objects(named: keys) { snapshot.add(object) }
    }
    if !uids.isEmpty {
      for uid in uids { snapshot.byUID[uid] = .some(nil) }
      for object in try await store.objects(tenant: nil, uids: uids) { snapshot.byUID[object.uid] = object }
    }
    for (group, asked) in holders.sorted(by: { ($0.key.tenant, $0.key.kind) < ($1.key.tenant, $1.key.kind) }) {
      let held = try await store.holders(tenant: group.tenant, kind: group.kind, keys: asked)
      for key in asked { snapshot.holders[.holder(tenant: group.tenant, kind: group.kind, key)] = .some(held[key]) }
    }
    for (tenant, targets) in referrers.sorted(by: { $0.key < $1.key }) {
      for uid in targets { snapshot.referrers[uid] = [] }
      for row in try await store.referrers(tenant: tenant, of: targets, limit: Self.maxReferrers) {
        snapshot.referrers[row.target, default: []].append((row.field, row.object))
        snapshot.byUID[row.object.uid] = row.object
      }
    }
    if !counts.isEmpty {
      for (number, count) in try await store.count(counts.map(\.1)).enumerated() { snapshot.counts[counts[number].0] = count }
    }
  }

  private struct HolderGroup: Hashable {
    var tenant: UID
    var kind: String
  }

  /// What the tenant's subscription allows; nil without one.
  private func limits(of tenant: UID) async throws -> TenantLimits? {
    guard catalog.kind("Subscription") != nil, tenant != .rootTenant else { return nil }
    let mine = Predicate.compare(.spec(["tenant"]), .equal, .string(tenant.description))
    let subscriptions = try await store.list(ObjectQuery(tenant: .rootTenant, kind: "Subscription", predicate: mine, limit: 1))
      .objects
    guard let uid = subscriptions.first?.spec["plan"]?.string.flatMap({ UID($0) }),
      let plan = try await store.objects(tenant: .rootTenant, uids: [uid]).first
    else { return nil }
    var most: [String: Int] = [:]
    for (kind, value) in plan.spec["limits"]?.object ?? [:] { most[kind] = value.int }
    if let users = plan.spec["userLimit"]?.int, users > 0, most["User"] == nil { most["User"] = users }
    return TenantLimits(plan: plan.spec["title"]?.string ?? plan.name, most: most)
  }
}
