// What a billing request knows: tenant, plan, subscription, settings; and what it says to the provider. Pure.
import Core
import Kinds

struct BillingFacts {
  let input: ReconcileInput
  init(_ input: ReconcileInput) { self.input = input }

  var now: Timestamp { input.now }
  var action: String { input.spec["action"]?.string ?? "checkout" }
  var tenant: String { input.spec["tenant"]?.string ?? "" }
  var subscription: Value? { input.needed["subscription"]?.first }
  var providerSubscription: String? { subscription?["spec"]["providerSubscription"].string }

  private func related(_ field: String) -> (id: String, spec: Value)? {
    guard let id = input.spec[field]?.string, let uid = UID(id), let object = input.related[uid] else { return nil }
    return (id, object["spec"])
  }

  private func setting(_ name: String) -> String? {
    let found = input.needed["settings"]?.first { $0["name"].string == name }?["spec"]["value"].string
    return found.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// A page of the application, where the provider sends people back to.
  func url(_ path: String) -> String {
    var base = setting("app.url") ?? "http://localhost"
    while base.hasSuffix("/") { base.removeLast() }
    return base + path
  }

  var tenantName: String {
    let tenant = related("tenant")
    return tenant?.spec["title"].string ?? tenant?.spec["name"].string ?? tenant?.id ?? ""
  }

  var customerArguments: Value {
    ["name": .string(tenantName), "email": input.spec["email"] ?? .null, "metadata": ["tenant": .string(tenant)]]
  }

  /// What the provider is to sell; nil when the plan or bundle is gone.
  func checkoutArguments(customer: String) -> Value? {
    let interval = input.spec["interval"]?.string ?? "month"
    var metadata: Value = ["tenant": .string(tenant)]
    var arguments: Value = [
      "customer": .string(customer), "currency": .string(setting("billing.currency") ?? "usd"),
      "successURL": .string(url("/billing?checkout=success")), "cancelURL": .string(url("/billing?checkout=canceled")),
    ]
    if let (id, plan) = related("plan") {
      metadata["plan"] = .string(id)
      metadata["interval"] = .string(interval)
      arguments["mode"] = "subscription"
      arguments["name"] = plan["title"].isNull ? .string(id) : plan["title"]
      arguments["unitAmount"] = .int(PlanPrice.cents(plan, interval: interval))
      arguments["interval"] = .string(interval)
      // A trial is for who never paid here.
      if let days = plan["trialDays"].int, days > 0, subscription?["spec"]["providerSince"].isNull ?? true {
        arguments["trialDays"] = .int(days)
      }
    } else if let (id, bundle) = related("bundle") {
      metadata["bundle"] = .string(id)
      metadata["credits"] = .string(String(bundle["credits"].int ?? 0))
      arguments["mode"] = "payment"
      arguments["name"] = bundle["title"].isNull ? .string(id) : bundle["title"]
      arguments["unitAmount"] = bundle["priceCents"]
    } else {
      return nil
    }
    arguments["metadata"] = metadata
    return arguments
  }

  func canceled(now: Bool) -> ObjectMap {
    if now {
      var spec: ObjectMap = [
        "plan": .null, "status": "canceled", "cancelAtPeriodEnd": false, "canceledAt": .string(self.now.description),
        "providerSubscription": .null,
      ]
      // Another plan takes its place: a free one that was chosen instead.
      if let plan = input.spec["plan"] {
        spec["plan"] = plan
        spec["status"] = "active"
        spec["canceledAt"] = .null
      }
      return spec
    }
    return ["cancelAtPeriodEnd": true, "canceledAt": .string(self.now.description)]
  }

  /// Changes the tenant's subscription, or makes it.
  func subscriptionWrite(_ spec: ObjectMap) -> ControllerWrite {
    if let uid = subscription?["uid"].string.flatMap({ UID($0) }) { return .overrule(kind: "Subscription", uid: uid, spec: spec) }
    var new = ObjectMap(spec.filter { !$0.value.isNull }.map { ($0.key, $0.value) })
    new["tenant"] = .string(tenant)
    return .create(kind: "Subscription", name: nil, spec: new)
  }
}

/// Prices of plans.
enum PlanPrice {
  /// Cents for one billing period: a year costs twelve months less the discount, rounded to a cent.
  static func cents(_ plan: Value, interval: String) -> Int {
    let month = plan["monthlyPriceCents"].int ?? 0
    guard interval == "year" else { return month }
    return (month * 12 * (100 - (plan["annualDiscountPct"].int ?? 0)) + 50) / 100
  }
}
