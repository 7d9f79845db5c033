// Subscription: the plan's credits, month by month, and the end of what was canceled. Money is not its business.
import Core
import Kinds

/// Observes the tenant's balance of subscription credits; writes ledger entries whose references name the month they are for.
public struct SubscriptionController: KindController {
  /// Months granted in one go, should the server have been away.
  static let mostMonths = 24

  public let kind = "Subscription"
  public init() {}

  public func observation(_ input: ReconcileInput) -> (service: String, operation: String, arguments: Value)? {
    guard !input.deleting, let tenant = input.spec["tenant"], input.spec["plan"] != nil else { return nil }
    return ("records", "total", ["kind": "CreditEntry", "name": "balance", "by": [tenant, "subscription"]])
  }

  public func decide(_ input: ReconcileInput) -> Decision {
    if input.deleting { return Decision(status: input.status, finished: true) }
    var status = input.status.object.map { Value.object($0) } ?? .emptyObject
    var conditions = ConditionSet(input)
    conditions.set("Ready", .yes, "Stored", "Credits are granted until the present month.")
    status["conditions"] = conditions.value
    guard let uid = input.spec["plan"]?.string.flatMap({ UID($0) }) else {
      status["grantPlan"] = .null
      status["planName"] = .null
      return Decision(status: status)
    }
    if let end = endsWithoutProvider(input) {
      if end <= input.now { return ended(input, status) }
    }
    status["planName"] = input.related[uid].map { $0["spec"]["title"].isNull ? $0["name"] : $0["spec"]["title"] } ?? .null
    guard let plan = input.related[uid]?["spec"], let balance = input.world.int else {
      conditions.set("Ready", .unknown, "LedgerUnavailable", "The plan or the balance cannot be read now.")
      status["conditions"] = conditions.value
      return Decision(status: status, lookAgain: .seconds(5))
    }
    var decision = grant(plan, uid, balance, input, &status)
    let next = CalendarMonths.after(status["grantAnchor"].timestamp ?? input.now, (status["grantMonth"].int ?? 0) + 1)
    let look = [next, endsWithoutProvider(input)].compactMap { $0 }.min() ?? next
    decision.status = status
    decision.lookAgain = max(.seconds(1), look - input.now)
    return decision
  }

  /// When a canceled subscription ends that no provider watches over.
  private func endsWithoutProvider(_ input: ReconcileInput) -> Timestamp? {
    guard input.spec["cancelAtPeriodEnd"] == true, input.spec["providerSubscription"] == nil else { return nil }
    return (input.spec["currentPeriodEnd"] ?? .null).timestamp
  }

  private func ended(_ input: ReconcileInput, _ status: Value) -> Decision {
    Decision(
      status: status, events: [("Ended", "its period is over, and it was canceled", false)],
      writes: [
        .overrule(
          kind: kind, uid: input.metadata.uid, spec: ["plan": .null, "status": "canceled", "cancelAtPeriodEnd": false])
      ])
  }

  private func grant(_ plan: Value, _ uid: UID, _ balance: Int, _ input: ReconcileInput, _ status: inout Value) -> Decision {
    let isNew = status["grantPlan"].string != uid.description
    let standing = input.spec["status"]?.string ?? "active"
    if isNew {
      status["grantPlan"] = .string(uid.description)
      status["grantAnchor"] = .string(input.now.description)
      status["grantMonth"] = -1
    }
    let anchor = status["grantAnchor"].timestamp ?? input.now
    let granted = status["grantMonth"].int ?? -1
    let month = CalendarMonths.whole(from: anchor, to: input.now)
    guard month > granted, standing == "active" || standing == "trialing" else { return Decision(status: status) }
    status["grantMonth"] = .int(month)
    let tenant = input.spec["tenant"] ?? .null
    let place = "\(input.metadata.uid)/\(anchor.microseconds)"
    var records: [(kind: String, row: ObjectMap)] = []
    func add(_ amount: Int, _ reason: String, _ reference: String, bucket: String = "subscription") {
      if amount == 0 { return }
      records.append(
        (
          "CreditEntry",
          [
            "tenant": tenant, "bucket": .string(bucket), "amount": .int(amount), "reason": .string(reason),
            "reference": .string(reference), "actor": "controller:Subscription",
          ]
        ))
    }
    let credits = plan["usageCreditsPerMonth"].int ?? 0
    var expected = balance
    if plan["creditResetPolicy"].string == "accrue" {
      for past in max(granted + 1, month - Self.mostMonths)...month {
        add(credits, "grant", "grant/\(place)/\(past)")
        expected += credits
      }
    } else {
      add(-balance, "expiry", "expiry/\(place)/\(month)")
      add(credits, "grant", "grant/\(place)/\(month)")
      expected = credits
    }
    if isNew { add(plan["bonusCredits"].int ?? 0, "bonus", "bonus/\(uid)", bucket: "purchased") }
    var decision = Decision(status: status, records: records)
    // Spent meanwhile: decide again from what is left.
    decision.sums = [SumLimit(kind: "CreditEntry", name: "balance", by: [tenant, "subscription"], value: .int(expected))]
    return decision
  }
}
