// PaymentEvent: looks up at the provider what an event is about, and books what it finds. Twice or late makes no difference.
import Core
import Kinds

public struct PaymentEventController: KindController {
  static let firstDelay: Duration = .seconds(2)
  static let mostDelay: Duration = .seconds(300)

  public let kind = "PaymentEvent"
  public init() {}

  /// Event type → what is looked up.
  static func lookup(_ type: String) -> String? {
    switch type {
    case "checkout.session.completed", "checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed":
      "session"
    case "invoice.paid", "invoice.payment_succeeded", "invoice.payment_failed": "invoice"
    case "charge.refunded": "charge"
    case _ where type.hasPrefix("customer.subscription."): "subscription"
    default: nil
    }
  }

  public func observation(_ input: ReconcileInput) -> (service: String, operation: String, arguments: Value)? {
    guard !RunStatus.isFinished(input.status), !input.deleting, let operation = Self.lookup(input.spec["type"]?.string ?? "")
    else { return nil }
    return ("payments", operation, ["id": input.spec["object"] ?? .null])
  }

  public func needs(_ input: ReconcileInput) -> [Need] {
    guard !input.world.isNull, !RunStatus.isFinished(input.status) else { return [] }
    var needs: [Need] = []
    let metadata = input.world["metadata"]
    if let tenant = metadata["tenant"].string, UID(tenant) != nil {
      needs.append(Need("tenant", kind: "Tenant", matches: [.init(.uid, among: [.string(tenant)])]))
      needs.append(Need("byTenant", kind: "Subscription", matches: [.init(.spec, "tenant", among: [.string(tenant)])]))
    }
    if let customer = input.world["customer"].string {
      needs.append(Need("byCustomer", kind: "Subscription", matches: [.init(.spec, "customer", among: [.string(customer)])]))
    }
    let subscription = input.needed["byTenant"]?.first ?? input.needed["byCustomer"]?.first
    if metadata["tenant"].isNull, let tenant = subscription?["spec"]["tenant"].string {
      needs.append(Need("tenant", kind: "Tenant", matches: [.init(.uid, among: [.string(tenant)])]))
    }
    for (name, kind) in [("plan", "Plan"), ("bundle", "CreditBundle")] {
      let id = metadata[name].string ?? (name == "plan" ? subscription?["spec"]["plan"].string : nil)
      if let id, UID(id) != nil { needs.append(Need(name, kind: kind, matches: [.init(.uid, among: [.string(id)])])) }
    }
    return needs
  }

  /// A tenant that moved to another plan has a new subscription: the old one ends at the provider first, and what is left of it is
  /// credited, so that nobody pays for two. Nil once that is done.
  private func endReplaced(_ old: String, _ input: ReconcileInput, _ run: inout RunStatus) -> Decision? {
    let step = Step(
      name: "endReplaced", service: "payments", operation: "cancelNow",
      arguments: ["subscription": .string(old), "prorate": true],
      kind: .keyed, deadline: .seconds(15))
    guard let reply = input.replies.last(where: { $0.step == step.name }) else {
      return Decision(status: run.running("ending the subscription \(old), whose place was taken"), steps: [step])
    }
    // What the provider refuses for good will not be better later: the books follow what it says.
    guard reply.outcome == .unknown || reply.outcome == .failed && reply.value["error"]["retry"] == true else { return nil }
    run.attempts += 1
    let wait = Backoff.delay(failures: run.attempts, initial: Self.firstDelay, most: Self.mostDelay)
    return Decision(
      status: run.running("the payment provider did not end \(old); asking again"), steps: [step],
      lookAgain: Backoff.jittered(wait, seed: "\(input.metadata.uid)/\(run.attempts)"))
  }

  public func decide(_ input: ReconcileInput) -> Decision {
    if input.deleting { return Decision(status: input.status, finished: true) }
    if RunStatus.isFinished(input.status) { return Decision(status: input.status) }
    var run = RunStatus(input)
    guard Self.lookup(input.spec["type"]?.string ?? "") != nil else { return Decision(status: run.succeeded("nothing to book")) }
    if let error = input.world["error"]["code"].string, error == "missing" {
      return Decision(status: run.ended("Rejected", "the payment provider does not know \(input.spec["object"]?.string ?? "it")"))
    }
    guard !input.world.isNull, input.world["error"].isNull else {
      run.attempts += 1
      let wait = Backoff.delay(failures: run.attempts, initial: Self.firstDelay, most: Self.mostDelay)
      return Decision(
        status: run.running("the payment provider does not answer"),
        lookAgain: Backoff.jittered(wait, seed: "\(input.metadata.uid)/\(run.attempts)"))
    }
    let booking = PaymentBooking(input)
    guard booking.tenant != nil else { return Decision(status: run.succeeded("it is about no tenant of this installation")) }
    if let old = booking.replaced, let decision = endReplaced(old, input, &run) { return decision }
    return Decision(
      status: run.succeeded(booking.summary), records: booking.records, writes: booking.subscriptionWrite.map { [$0] } ?? [])
  }
}
