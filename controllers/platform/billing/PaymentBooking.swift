// What an object of the payment provider means for the books: a transaction, credits, the state of the subscription. Pure.
import Core
import Kinds

/// References name the provider's objects, so that a second booking of the same is no booking.
struct PaymentBooking {
  private let input: ReconcileInput
  private let object: Value
  private let type: String

  init(_ input: ReconcileInput) {
    self.input = input
    object = input.world
    type = input.spec["type"]?.string ?? ""
  }

  private var subscription: Value? { input.needed["byTenant"]?.first ?? input.needed["byCustomer"]?.first }

  /// The tenant, as it is here: what the provider names counts only when it exists.
  var tenant: Value? { input.needed["tenant"]?.first }
  private var tenantID: Value { tenant?["uid"] ?? .null }
  private var plan: Value? { input.needed["plan"]?.first }
  private var bundle: Value? { input.needed["bundle"]?.first }

  var summary: String { "booked \(type)" }

  // MARK: Ledger

  var records: [(kind: String, row: ObjectMap)] {
    switch PaymentEventController.lookup(type) {
    case "session": sessionRecords
    case "invoice": invoiceRecords
    case "charge": refundRecords
    default: []
    }
  }

  /// A bundle that was paid: the credits and the transaction. A subscription is paid by its invoices.
  private var sessionRecords: [(kind: String, row: ObjectMap)] {
    guard object["mode"].string == "payment", object["paid"] == true, let id = object["id"].string else { return [] }
    let credits = object["metadata"]["credits"].string.flatMap { Int($0) } ?? bundle?["spec"]["credits"].int ?? 0
    let name = bundle?["spec"]["title"].string ?? "\(credits) Credits"
    var rows = [
      transaction(
        "credit_purchase", name, "session/\(id)", more: ["bundle": bundle?["uid"] ?? .null, "bundleName": .string(name)])
    ]
    if credits > 0 {
      rows.append(
        (
          "CreditEntry",
          [
            "tenant": tenantID, "bucket": "purchased", "amount": .int(credits), "reason": "purchase",
            "reference": .string("session/\(id)"), "note": .string(name), "actor": "controller:PaymentEvent",
          ]
        ))
    }
    return rows
  }

  private var invoiceRecords: [(kind: String, row: ObjectMap)] {
    guard object["paid"] == true, (object["amountCents"].int ?? 0) > 0, let id = object["id"].string else { return [] }
    let interval = object["interval"].string ?? object["metadata"]["interval"].string ?? "month"
    let name = plan?["spec"]["title"].string ?? plan?["name"].string
    let description = "\(name ?? "Subscription") Plan (\(interval == "year" ? "Annual" : "Monthly"))"
    return [
      transaction(
        "subscription", description, "invoice/\(id)",
        more: [
          "plan": plan?["uid"] ?? .null, "planName": Value(name), "interval": .string(interval),
          "periodStart": object["periodStart"], "periodEnd": object["periodEnd"],
        ])
    ]
  }

  /// Each refund by itself: what was given back in all may have been told before.
  private var refundRecords: [(kind: String, row: ObjectMap)] {
    (object["refunds"].list ?? []).compactMap { refund in
      guard let id = refund["id"].string, let amount = refund["amountCents"].int, amount > 0 else { return nil }
      var row = transaction("refund", "Refund", "refund/\(id)", more: [:])
      row.row["amountCents"] = .int(-amount)
      return row
    }
  }

  private func transaction(_ type: String, _ description: String, _ reference: String, more: ObjectMap) -> (
    kind: String, row: ObjectMap
  ) {
    var row: ObjectMap = [
      "tenant": tenantID, "tenantName": tenant?["spec"]["title"].string.map(Value.string) ?? tenant?["name"] ?? .null,
      "type": .string(type), "description": .string(String(description.prefix(500))), "amountCents": object["amountCents"],
      "currency": .string(object["currency"].string?.lowercased() ?? "usd"), "reference": .string(reference),
    ]
    for (name, value) in more where !value.isNull { row[name] = value }
    return ("Transaction", row)
  }

  // MARK: Subscription

  var subscriptionWrite: ControllerWrite? {
    var spec = ObjectMap()
    switch PaymentEventController.lookup(type) {
    case "subscription": spec = subscriptionState ?? [:]
    case "session": break
    case "invoice":
      // What follows from it, the provider tells by the subscription; this is only seen earlier here.
      if type == "invoice.payment_failed", object["paid"] != true, object["subscription"].string == current {
        spec["status"] = "past_due"
      }
    default: break
    }
    if let customer = object["customer"].string, subscription?["spec"]["customer"].isNull ?? true {
      spec["customer"] = .string(customer)
    }
    if spec.isEmpty { return nil }
    if let uid = subscription?["uid"].string.flatMap({ UID($0) }) { return .overrule(kind: "Subscription", uid: uid, spec: spec) }
    var new = ObjectMap(spec.filter { !$0.value.isNull }.map { ($0.key, $0.value) })
    new["tenant"] = tenantID
    return .create(kind: "Subscription", name: nil, spec: new)
  }

  /// The subscription that this newer one takes the place of.
  var replaced: String? {
    guard PaymentEventController.lookup(type) == "subscription", let current, current != object["id"].string,
      subscriptionState != nil
    else { return nil }
    return current
  }

  private var current: String? { subscription?["spec"]["providerSubscription"].string }

  /// How the provider says it stands; nil when this is not the subscription that counts here.
  private var subscriptionState: ObjectMap? {
    guard let id = object["id"].string, let status = Self.statuses[object["status"].string ?? ""] else { return nil }
    let since = object["createdAt"].timestamp
    if let current, current != id {
      // Another one took its place: an older one's late news changes nothing.
      let held = subscription?["spec"]["providerSince"].timestamp
      guard status != "canceled", let since, held.map({ since > $0 }) ?? true else { return nil }
    }
    if current == nil, status == "canceled" { return nil }
    if status == "canceled" {
      return [
        "plan": .null, "status": "canceled", "cancelAtPeriodEnd": false, "providerSubscription": .null,
        "canceledAt": object["canceledAt"].isNull ? .string(input.now.description) : object["canceledAt"],
      ]
    }
    var spec: ObjectMap = [
      "status": .string(status), "providerSubscription": .string(id),
      "cancelAtPeriodEnd": .bool(object["cancelAtPeriodEnd"] == true),
    ]
    for (field, value) in [
      ("periodStart", object["periodStart"]), ("currentPeriodEnd", object["periodEnd"]), ("trialEndsAt", object["trialEndsAt"]),
      ("canceledAt", object["canceledAt"]), ("providerSince", object["createdAt"]),
    ] { spec[field] = value }
    if let named = object["metadata"]["plan"].string, plan?["uid"].string == named { spec["plan"] = .string(named) }
    if let interval = object["interval"].string ?? object["metadata"]["interval"].string { spec["interval"] = .string(interval) }
    return spec
  }

  /// The provider's states, as they are told here. An incomplete one has not begun.
  private static let statuses = [
    "active": "active", "trialing": "trialing", "past_due": "past_due", "unpaid": "past_due", "paused": "past_due",
    "canceled": "canceled", "incomplete_expired": "canceled",
  ]
}
