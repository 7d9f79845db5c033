// The provider's objects as controllers see them, and what is sent for a checkout. Pure.
import Core

enum PaymentShapes {
  /// `{id, status, customer, cancelAtPeriodEnd, canceledAt, createdAt, periodStart, periodEnd, trialEndsAt, interval, metadata}`
  static func subscription(_ object: Value) -> Value {
    let item = object["items"]["data"].list?.first ?? .null
    return [
      "id": object["id"], "status": object["status"], "customer": id(object["customer"]),
      "cancelAtPeriodEnd": object["cancel_at_period_end"], "canceledAt": time(object["canceled_at"]),
      "createdAt": time(object["created"]),
      "periodStart": time(object["current_period_start"].isNull ? item["current_period_start"] : object["current_period_start"]),
      "periodEnd": time(object["current_period_end"].isNull ? item["current_period_end"] : object["current_period_end"]),
      "trialEndsAt": time(object["trial_end"]), "interval": interval(item), "metadata": object["metadata"],
    ]
  }

  /// `{id, paid, amountCents, currency, customer, subscription, interval, periodStart, periodEnd, metadata}`
  static func invoice(_ object: Value) -> Value {
    let lines = object["lines"]["data"].list ?? []
    // The last line is the period to come; lines before it settle a change of plans.
    let line = lines.last ?? .null
    let details = object["subscription_details"]["metadata"]
    return [
      "id": object["id"], "paid": .bool(object["paid"] == true || object["status"].string == "paid"),
      "amountCents": object["amount_paid"], "currency": object["currency"], "customer": id(object["customer"]),
      "subscription": id(object["subscription"]), "interval": interval(line), "periodStart": time(line["period"]["start"]),
      "periodEnd": time(line["period"]["end"]),
      "metadata": details.object?.isEmpty ?? true ? (line["metadata"].isNull ? object["metadata"] : line["metadata"]) : details,
    ]
  }

  /// `{id, mode, paid, amountCents, currency, customer, subscription, metadata}`
  static func session(_ object: Value) -> Value {
    [
      "id": object["id"], "mode": object["mode"],
      "paid": .bool(object["payment_status"].string == "paid" || object["payment_status"].string == "no_payment_required"),
      "amountCents": object["amount_total"], "currency": object["currency"], "customer": id(object["customer"]),
      "subscription": id(object["subscription"]), "metadata": object["metadata"],
    ]
  }

  /// `{id, currency, customer, metadata, refunds: [{id, amountCents}]}`, refunds that succeeded alone.
  static func charge(_ object: Value, _ refunds: Value) -> Value {
    let done = (refunds["data"].list ?? []).filter { $0["status"].isNull || $0["status"].string == "succeeded" }
    return [
      "id": object["id"], "currency": object["currency"], "customer": id(object["customer"]), "metadata": object["metadata"],
      "refunds": .list(done.map { ["id": $0["id"], "amountCents": $0["amount"]] }),
    ]
  }

  /// The form of a checkout session.
  static func checkout(_ arguments: Value) -> Value {
    let isSubscription = arguments["mode"].string == "subscription"
    var price: Value = [
      "currency": arguments["currency"], "unit_amount": arguments["unitAmount"], "product_data": ["name": arguments["name"]],
    ]
    if isSubscription { price["recurring"] = ["interval": arguments["interval"]] }
    var form: Value = [
      "mode": arguments["mode"], "customer": arguments["customer"], "success_url": arguments["successURL"],
      "cancel_url": arguments["cancelURL"], "client_reference_id": arguments["metadata"]["tenant"],
      "metadata": arguments["metadata"],
      "line_items": [["quantity": 1, "price_data": price]],
    ]
    if isSubscription {
      form["subscription_data"] = ["metadata": arguments["metadata"], "trial_period_days": arguments["trialDays"]]
    }
    return form
  }

  /// An id, or the id of an object that was expanded.
  private static func id(_ value: Value) -> Value { value.object == nil ? value : value["id"] }

  private static func interval(_ item: Value) -> Value {
    let interval = item["price"]["recurring"]["interval"].string ?? item["plan"]["interval"].string
    return interval == "month" || interval == "year" ? Value(interval) : .null
  }

  /// Seconds since 1970 as RFC 3339.
  private static func time(_ value: Value) -> Value {
    guard let seconds = value.int, abs(seconds) < 1 << 40 else { return .null }
    return .string(Timestamp(microseconds: seconds * 1_000_000).description)
  }
}
