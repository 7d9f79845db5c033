// `billing.request`: checkout, portal and cancellation as clients ask for them; waits for the request's end.
import Core
import Kinds
import Ports

struct BillingRequestHandler: OperationHandler {
  let name = "billing.request"
  /// A client waits no longer; the request goes on without it.
  static let patience = Duration.seconds(25)
  private static let firstPause = Duration.milliseconds(20)
  private static let longestPause = Duration.milliseconds(250)

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let tenant = call.target?.uid ?? call.tenant
    let subscription = try await ports.reads.list(
      ObjectQuery(
        tenant: .rootTenant, kind: "Subscription", predicate: .compare(.spec(["tenant"]), .equal, .string(tenant.description)),
        limit: 1)
    ).objects.first
    var fields: ObjectMap = ["tenant": .string(tenant.description)]
    if let actor = call.caller?.actor, actor.hasPrefix("user:") { fields["email"] = .string(String(actor.dropFirst(5))) }
    let request = Request(call: call, ports: ports, tenant: tenant, subscription: subscription)
    switch call.with["action"]?.string {
    case "portal": try await request.portal(&fields)
    case "cancel": try await request.cancel(&fields)
    case "adminCancel": try await request.adminCancel(&fields)
    default: if let reply = try await request.checkout(&fields) { return reply }
    }
    return .value(try await carriedOut(fields, ports))
  }

  /// The result of the request; its failure as a problem.
  private func carriedOut(_ fields: ObjectMap, _ ports: OperationPorts) async throws -> Value {
    let intent = Intent(.create, .new(tenant: .rootTenant, kind: "BillingRequest"), fields: fields)
    guard let made = try await ports.writes.write([intent]).objects.first ?? nil else {
      throw Problem(.failure, code: "failure", "The request was not stored.")
    }
    let deadline = ports.clock.now() + Self.patience
    var pause = Self.firstPause
    while ports.clock.now() < deadline {
      let status = try await ports.reads.objects(tenant: .rootTenant, uids: [made.uid]).first?.status ?? .null
      if status["phase"].string == "Succeeded" { return status["result"].isNull ? .emptyObject : status["result"] }
      if RunStatus.isFinished(status) { throw Self.problem(status) }
      await ports.clock.sleep(pause)
      pause = min(pause * 2, Self.longestPause)
    }
    throw Problem(.timeout, code: "payment_timeout", "The payment provider has not answered yet.", fix: "Look again in a minute.")
  }

  private static func problem(_ status: Value) -> Problem {
    let message = status["error"].string ?? "It failed."
    return Problem(.unavailable, code: status["result"]["code"].string ?? "payment_failed", "The payment provider: \(message)")
  }
}

/// One call: checks what was asked, and fills in what is stored.
private struct Request {
  let call: OperationCall
  let ports: OperationPorts
  let tenant: UID
  let subscription: StoredObject?

  private var hasPlan: Bool { subscription?.spec["plan"]?.string != nil }
  private var providerSubscription: String? { subscription?.spec["providerSubscription"]?.string }

  private func needProvider() async throws {
    guard try await Settings(ports).hasProvider() else {
      throw Problem(
        .unavailable, code: "payments_not_configured", "No payment provider is configured.",
        fix: "Set the configuration variable stripe.secretKey.")
    }
  }

  func portal(_ fields: inout ObjectMap) async throws {
    try await needProvider()
    guard subscription?.spec["customer"]?.string != nil else {
      throw Problem(
        .invalid, code: "no_customer", "The tenant is no customer of the payment provider yet.", fix: "Check out first.")
    }
    fields["action"] = "portal"
  }

  func cancel(_ fields: inout ObjectMap) async throws {
    guard hasPlan, subscription?.spec["status"]?.string != "canceled" else {
      throw Problem(.invalid, code: "no_subscription", "There is no active subscription.")
    }
    try await needProvider()
    fields["action"] = "cancel"
  }

  func adminCancel(_ fields: inout ObjectMap) async throws {
    guard hasPlan else { throw Problem(.invalid, code: "no_subscription", "The tenant has no subscription to cancel.") }
    if providerSubscription != nil { try await needProvider() }
    fields["action"] = call.args["immediate"] == true ? "cancelNow" : "cancel"
  }

  /// An answer when nothing has to be paid.
  func checkout(_ fields: inout ObjectMap) async throws -> OperationReply? {
    let (planID, bundleID) = (text("planId"), text("bundleId"))
    guard (planID == nil) != (bundleID == nil) else {
      throw Problem(.invalid, code: "plan_or_bundle", "Give either planId or bundleId.")
    }
    fields["action"] = "checkout"
    if let bundleID {
      guard let bundle = try await ports.ids.object(bundleID, kind: "CreditBundle", tenant: .rootTenant),
        bundle.spec["isActive"] != false
      else { throw Problem(.missing, code: "not_found", "There is no such bundle.", pointer: "/bundleId") }
      fields["bundle"] = .string(bundle.uid.description)
      try await needProvider()
      return nil
    }
    guard let plan = try await ports.ids.object(planID ?? "", kind: "Plan", tenant: .rootTenant), plan.spec["archived"] != true
    else { throw Problem(.missing, code: "not_found", "There is no such plan.", pointer: "/planId") }
    try await checkSeats(plan)
    let interval = text("billingInterval") ?? "month"
    let isFree = (plan.spec["monthlyPriceCents"]?.int ?? 0) == 0 || subscription?.spec["waived"] == true
    if !isFree, providerSubscription != nil, subscription?.spec["cancelAtPeriodEnd"] == true,
      subscription?.spec["plan"]?.string == plan.uid.description, subscription?.spec["interval"]?.string ?? "month" == interval
    {
      // It was to end, and is wanted after all: it goes on as it is, and nothing is paid now.
      try await needProvider()
      fields["action"] = "resume"
      return nil
    }
    guard isFree else {
      fields["plan"] = .string(plan.uid.description)
      fields["interval"] = .string(interval)
      try await needProvider()
      return nil
    }
    guard providerSubscription == nil else {
      // What is paid for ends there first.
      try await needProvider()
      fields["action"] = "cancelNow"
      fields["plan"] = .string(plan.uid.description)
      return nil
    }
    try await assign(plan, interval)
    return .value(["url": ""])
  }

  private func text(_ name: String) -> String? { call.args[name]?.string.flatMap { $0.isEmpty ? nil : $0 } }

  private func checkSeats(_ plan: StoredObject) async throws {
    guard let most = plan.spec["userLimit"]?.int, most > 0 else { return }
    let kind = ports.catalog.kind("Membership") == nil ? "User" : "Membership"
    let members = try await ports.reads.count([ObjectQuery(tenant: tenant, kind: kind)]).first ?? 0
    if members > most {
      throw Problem(
        .denied, code: "seats", "The plan allows \(most) members; the tenant has \(members).",
        fix: "Remove members, or choose a larger plan.")
    }
  }

  private func assign(_ plan: StoredObject, _ interval: String) async throws {
    var spec: ObjectMap = [
      "plan": .string(plan.uid.description), "interval": .string(interval), "status": "active", "cancelAtPeriodEnd": false,
    ]
    let intent: Intent
    if let subscription {
      spec["canceledAt"] = .null
      intent = Intent(.patch, .uid(tenant: .rootTenant, kind: "Subscription", subscription.uid), fields: spec)
    } else {
      spec["tenant"] = .string(tenant.description)
      intent = Intent(.create, .new(tenant: .rootTenant, kind: "Subscription"), fields: spec)
    }
    _ = try await ports.writes.write([intent])
  }
}
