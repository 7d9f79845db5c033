// `accounts.list`, `accounts.get`: all people of the installation, for its operators.
import Core
import Identity
import Kinds
import Ports

struct ListAccountsHandler: DeskHandler {
  let name = "accounts.list"
  let desk: AccountDesk
  private static let most = 1000

  /// `{accounts: [...], total}`; `search` looks into addresses and names, `limit` and `offset` page.
  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    var predicate = Predicate.compare(.spec(["realm"]), .equal, .string(AccountReads.staff))
    if let text = call.args["search"]?.string, !text.isEmpty {
      predicate = .all([predicate, .any([.containsText(.spec(["email"]), text), .containsText(.spec(["title"]), text)])])
    }
    let page = try await ports.reads.list(
      ObjectQuery(
        tenant: .rootTenant, kind: "Account", predicate: predicate, sort: [(.created, true)],
        limit: min(call.args["limit"]?.int ?? Self.most, Self.most), offset: call.args["offset"]?.int ?? 0, wantsTotal: true))
    let uids = page.objects.map(\.uid)
    let memberships = try await AccountReads(ports).memberships(of: uids)
    let logins = try await ports.reads.lastUsed(tenant: .rootTenant, uids: uids)
    let accounts = page.objects.map { account -> Value in
      var value = AccountReads.value(account, lastLogin: logins[account.uid], ports.ids)
      value["tenantCount"] = .int(memberships[account.uid]?.count ?? 0)
      return value
    }
    return .value(["accounts": .list(accounts), "total": Value(page.total)])
  }
}

struct GetAccountHandler: DeskHandler {
  let name = "accounts.get"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let account = try await AccountTarget.find(call, ports)
    let last = try await SignIn.lastLogin(account.uid, ports)
    let memberships = try await AccountReads(ports).memberships(of: account.uid)
    return .value([
      "account": AccountReads.value(account, lastLogin: last, ports.ids),
      "memberships": .list(try await withPlans(memberships, ports)),
    ])
  }

  /// What each tenant is subscribed to. Four statements at most.
  private func withPlans(_ memberships: [Membership], _ ports: OperationPorts) async throws -> [Value] {
    let tenants = memberships.map(\.tenant.uid.description)
    guard !tenants.isEmpty, ports.catalog.kind("Subscription") != nil else { return memberships.map { $0.value(ports.ids) } }
    let subscriptions = try await ports.reads.list(
      ObjectQuery(
        tenant: .rootTenant, kind: "Subscription", predicate: .among(.spec(["tenant"]), tenants.map(Value.string)),
        limit: AccountReads.limit)
    ).objects
    let byTenant = Dictionary(
      subscriptions.compactMap { one in one.spec["tenant"]?.string.map { ($0, one) } }, uniquingKeysWith: { first, _ in first })
    let plans = try await ports.reads.objects(
      tenant: .rootTenant, uids: Array(Set(subscriptions.compactMap { $0.spec["plan"]?.string.flatMap { UID($0) } })))
    let credits = try await Credits.read(tenants, ports)
    return memberships.map { membership in
      let tenant = membership.tenant.uid.description
      let subscription = byTenant[tenant]
      let plan = plans.first { $0.uid.description == subscription?.spec["plan"]?.string }
      var value = membership.value(ports.ids)
      value["planId"] = Value(plan.map(ports.ids.text))
      value["planName"] = plan.map { $0.spec["title"] ?? .string($0.name) } ?? .null
      value["billingWaived"] = subscription?.spec["waived"] ?? false
      value["subscriptionCredits"] = .int(credits[tenant]?["subscription"] ?? 0)
      value["purchasedCredits"] = .int(credits[tenant]?["purchased"] ?? 0)
      return value
    }
  }
}

/// Balances of tenants, as the ledger keeps them.
enum Credits {
  private static let buckets = ["subscription", "purchased"]

  static func read(_ tenants: [String], _ ports: OperationPorts) async throws -> [String: [String: Int]] {
    let kind = "CreditEntry"
    guard ports.catalog.kind(kind) != nil else { return [:] }
    let keys = tenants.flatMap { tenant in buckets.map { (tenant, $0) } }
    let totals = try await ports.reads.totals(
      tenant: .rootTenant, kind: kind, name: "balance", keys: keys.map { [.string($0.0), .string($0.1)] })
    var found: [String: [String: Int]] = [:]
    for (key, total) in zip(keys, totals) { found[key.0, default: [:]][key.1] = total.int ?? 0 }
    return found
  }
}

enum AccountTarget {
  static func find(_ call: OperationCall, _ ports: OperationPorts) async throws -> StoredObject {
    let uid = try AccountProblem.uid(call.path["userId"], "Account", ports)
    guard let account = try await AccountReads(ports).account(uid) else { throw AccountProblem.missing("user") }
    return account
  }

  /// The owner of the root tenant keeps the installation: nobody takes that away here.
  static func isRootOwner(_ memberships: [Membership]) -> Bool {
    memberships.contains { $0.tenant.uid == .rootTenant && $0.role == "owner" }
  }
}
