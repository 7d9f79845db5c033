// What a simulation has besides apps: webhooks that are told of changes, a git source that is pushed to, a subscription that grants
// credits. Its names and manifests, and the question whether all came true.
import Core
import Kinds
import Ports

enum Surroundings {
  static let webhook = "hook"
  static let told: Set<String> = ["Server", "ServerPool"]
  static let source = "sim"
  static let subscriber = "subscriber"
  static let subscription = "sub"
  /// Credits that each plan grants a month.
  static let plans = [100, 250]
  static func plan(_ number: Int) -> String { "plan-\(number)" }

  /// The manifests of commit `number`: so many pools, all of one region.
  static func manifests(_ number: Int) -> String {
    (0..<pools(number)).map {
      "apiVersion: deploy/v1\nkind: ServerPool\nmetadata: {name: git-\($0)}\nspec: {region: r\(number)}\n"
    }.joined(separator: "---\n")
  }
  static func pools(_ number: Int) -> Int { 2 + number % 4 }
}

struct SurroundingsReader {
  let store: any StorePort
  let hooks: HookWorld
  let repository: RepositoryWorld
  let tenants: [UID]
  /// What git and the subscription are to be in the end.
  let lastPush: Int
  let lastPlan: Int

  /// Region of each pool that git states, and the credits that are left.
  func state() async throws -> (pools: [String: String], credits: Int) {
    var pools: [String: String] = [:]
    for pool in try await list(.rootTenant, "ServerPool") where pool.name.hasPrefix("git-") {
      pools[pool.name] = pool.spec["region"]?.string ?? ""
    }
    guard
      let tenant = try await store.objects(
        named: [ObjectKey(tenant: .rootTenant, kind: "Tenant", name: Surroundings.subscriber)]
      ).first
    else { return (pools, 0) }
    let key: [Value] = [.string(tenant.uid.description), "subscription"]
    let sum = try await store.totals(tenant: .rootTenant, kind: "CreditEntry", name: "balance", keys: [key]).first ?? 0
    return (pools, sum.int ?? sum.string.flatMap { Int($0) } ?? -1)
  }

  /// What is not yet as it should be.
  func unsettled() async throws -> [String] {
    var open: [String] = []
    for (number, tenant) in tenants.enumerated() {
      let (wanted, told) = try await deliveries(tenant)
      let missing = Set(wanted).subtracting(told)
      if !missing.isEmpty {
        open.append("the webhook of tenant \(number) was not told of \(missing.count) of \(wanted.count) changes")
      }
    }
    let (pools, credits) = try await state()
    let wanted = Dictionary(
      uniqueKeysWithValues: (0..<Surroundings.pools(lastPush)).map { ("git-\($0)", "r\(lastPush)") })
    if pools != wanted {
      open.append("git states \(wanted.count) pools at r\(lastPush), and there are \(pools.sorted { $0.key < $1.key })")
    }
    for source in try await list(.rootTenant, "GitSource") where source.status["appliedCommit"].string != repository.head {
      open.append("the source says \(source.status["appliedCommit"]), and git is at \(repository.head ?? "nothing")")
    }
    if credits != Surroundings.plans[lastPlan] {
      open.append("\(credits) credits are there, and the plan grants \(Surroundings.plans[lastPlan])")
    }
    return open
  }

  /// What must hold at every moment.
  func broken() async throws -> [String] {
    var broken: [String] = []
    for (number, tenant) in tenants.enumerated() {
      let (wanted, told) = try await deliveries(tenant)
      let invented = Set(told).subtracting(wanted)
      if let one = invented.min(by: { $0.at < $1.at }) {
        broken.append("the webhook of tenant \(number) was told of what never was: \(one)")
      }
      let order = Dictionary(wanted.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
      for (uid, list) in Dictionary(grouping: told, by: \.uid).sorted(by: { $0.key < $1.key }) {
        let places = list.compactMap { order[$0] }
        if places != places.sorted() { broken.append("the webhook of tenant \(number) was told of \(uid) out of order") }
      }
    }
    return broken
  }

  /// What the webhook of a tenant is to be told, in the order of the feed, and what it was told.
  private func deliveries(_ tenant: UID) async throws -> (wanted: [HookWorld.Delivery], told: [HookWorld.Delivery]) {
    let key = ObjectKey(tenant: tenant, kind: "Webhook", name: Surroundings.webhook)
    guard let hook = try await store.objects(named: [key]).first,
      case .changes(let changes, _) = try await store.changes(tenant: tenant, after: 0, limit: 100_000),
      let born = changes.first(where: { $0.uid == hook.uid })?.position
    else { return ([], []) }
    let wanted = changes.filter { $0.position > born && Surroundings.told.contains($0.kind) }.flatMap { change in
      change.events.map { HookWorld.Delivery(uid: change.uid.description, event: $0, at: change.at.description) }
    }
    return (wanted, hooks.told(hook.uid))
  }

  private func list(_ tenant: UID, _ kind: String) async throws -> [StoredObject] {
    try await store.list(ObjectQuery(tenant: tenant, kind: kind, limit: 1000)).objects
  }
}
