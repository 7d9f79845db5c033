// BillingRequest: one question to the payment provider, step by step: a customer if there is none yet, then what was asked for.
import Core
import Kinds

public struct BillingRequestController: KindController {
  /// Attempts at one step whose answer was lost, or that the provider could not take just then.
  static let mostAttempts = 3
  static let settings = ["app.url", "billing.currency"]

  public let kind = "BillingRequest"
  public init() {}

  public func needs(_ input: ReconcileInput) -> [Need] {
    [
      Need("subscription", kind: "Subscription", matches: [.init(.spec, "tenant", among: [input.spec["tenant"] ?? .null])]),
      Need("settings", kind: "ConfigVariable", matches: [.init(.spec, "name", among: Self.settings.map(Value.string))]),
    ]
  }

  public func decide(_ input: ReconcileInput) -> Decision {
    if input.deleting { return Decision(status: input.status, finished: true) }
    if RunStatus.isFinished(input.status) { return Decision(status: input.status) }
    var run = RunStatus(input)
    let facts = BillingFacts(input)
    if let reply = input.replies.last {
      if reply.outcome != .done { return failed(reply, &run, facts) }
      if reply.step != "customer" { return finished(reply, &run, facts) }
      run.result["customer"] = reply.value["id"]
    }
    let customer = run.result["customer"].string ?? facts.subscription?["spec"]["customer"].string
    switch facts.action {
    case "cancel", "cancelNow":
      guard let id = facts.providerSubscription else { return canceledHere(&run, facts) }
      return ask(facts.action, ["subscription": .string(id)], &run)
    case "resume":
      guard let id = facts.providerSubscription else {
        return Decision(status: run.ended("Rejected", "there is no subscription"))
      }
      return ask("resume", ["subscription": .string(id)], &run)
    case "portal":
      guard let customer else { return Decision(status: run.ended("Rejected", "the tenant has no customer yet")) }
      return ask("portal", ["customer": .string(customer), "returnURL": .string(facts.url("/billing"))], &run)
    default:
      guard let customer else { return ask("customer", facts.customerArguments, &run) }
      guard let arguments = facts.checkoutArguments(customer: customer) else {
        return Decision(status: run.ended("Rejected", "the plan or bundle is gone"))
      }
      var decision = ask("checkout", arguments, &run)
      if facts.subscription?["spec"]["customer"].string != customer {
        decision.writes = [facts.subscriptionWrite(["customer": .string(customer)])]
      }
      return decision
    }
  }

  /// The same step name is the same key: the provider does once what it is asked twice.
  private func ask(_ operation: String, _ arguments: Value, _ run: inout RunStatus) -> Decision {
    let step = Step(
      name: operation, service: "payments", operation: operation, arguments: arguments, kind: .keyed, deadline: .seconds(15))
    return Decision(status: run.running("asking the payment provider"), steps: [step])
  }

  private func failed(_ reply: StepReply, _ run: inout RunStatus, _ facts: BillingFacts) -> Decision {
    let error = reply.value["error"]
    let mayPass = reply.outcome == .unknown || error["retry"] == true
    run.attempts += 1
    if mayPass, run.attempts < Self.mostAttempts {
      return Decision(
        status: run.running("the payment provider did not answer; asking again"), lookAgain: .seconds(Double(run.attempts)))
    }
    run.result["code"] = error["code"]
    return Decision(status: run.ended("Failed", error["message"].string ?? "the payment provider did not answer"))
  }

  private func finished(_ reply: StepReply, _ run: inout RunStatus, _ facts: BillingFacts) -> Decision {
    run.result["url"] = reply.value["url"]
    if reply.step == "resume" {
      let spec: ObjectMap = ["cancelAtPeriodEnd": false, "canceledAt": .null]
      return Decision(status: run.succeeded("goes on"), writes: [facts.subscriptionWrite(spec)])
    }
    guard reply.step == "cancel" || reply.step == "cancelNow" else { return Decision(status: run.succeeded("done")) }
    run.result["currentPeriodEnd"] = reply.value["currentPeriodEnd"]
    var spec = facts.canceled(now: reply.step == "cancelNow")
    if reply.step == "cancel", let end = reply.value["currentPeriodEnd"].string { spec["currentPeriodEnd"] = .string(end) }
    return Decision(status: run.succeeded("canceled"), writes: [facts.subscriptionWrite(spec)])
  }

  /// A plan that was assigned by hand: nobody else has to be told.
  private func canceledHere(_ run: inout RunStatus, _ facts: BillingFacts) -> Decision {
    let end = facts.subscription?["spec"]["currentPeriodEnd"].timestamp
    let waits = facts.action == "cancel" && (end.map { $0 > facts.now } ?? false)
    run.result["currentPeriodEnd"] = waits ? facts.subscription?["spec"]["currentPeriodEnd"] ?? .null : .null
    return Decision(status: run.succeeded("canceled"), writes: [facts.subscriptionWrite(facts.canceled(now: !waits))])
  }
}
