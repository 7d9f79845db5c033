// What a tenant's plan grants, read of the store in two statements.
import Core
import Kinds
import Planning
import Ports

public enum GrantReader {
  /// Plans that are looked at.
  private static let mostPlans = 1000

  public static func grants(of tenant: UID, store: any StorePort, catalog: KindCatalog) async throws -> TenantGrants {
    guard catalog.kind("Subscription") != nil, catalog.kind("Plan") != nil else {
      return TenantGrants(plan: nil, granted: [:], sold: [:])
    }
    let mine = Predicate.compare(.spec(["tenant"]), .equal, .string(tenant.description))
    let subscription = try await store.list(
      ObjectQuery(tenant: .rootTenant, kind: "Subscription", predicate: mine, limit: 1, wantsOwners: false)
    ).objects.first
    let plans = try await store.list(
      ObjectQuery(tenant: .rootTenant, kind: "Plan", sort: [(.created, false)], limit: mostPlans, wantsOwners: false)
    ).objects
    return grants(plans, chosen: subscription?.spec["plan"]?.string)
  }

  static func grants(_ plans: [StoredObject], chosen: String?) -> TenantGrants {
    var grants = TenantGrants(plan: nil, granted: [:], sold: [:])
    for plan in plans where !plan.deleted {
      let title = plan.spec["title"]?.string ?? plan.name
      let isMine = plan.uid.description == chosen
      if isMine { grants.plan = title }
      for (key, entitlement) in plan.spec["entitlements"]?.object ?? [:] {
        let value: Value =
          entitlement["type"].string == "numeric" ? entitlement["numericValue"] : .bool(entitlement["boolValue"] == true)
        if isMine { grants.granted[key] = value }
        var sellers = grants.sold[key] ?? []
        if value == true || (value.double ?? 0) > 0, plan.spec["archived"] != true { sellers.append(title) }
        grants.sold[key] = sellers
        if let words = entitlement["description"].string, !words.isEmpty, grants.words[key] == nil { grants.words[key] = words }
      }
    }
    return grants
  }
}
