// Billing with a payment provider: a real server against a stand-in that refuses what the real provider would.
import Core
import Foundation
import TestSupport
import XCTest

final class BillingTests: XCTestCase {
  private static let base = "/deploy/api"
  nonisolated(unsafe) private static var shared: (server: CaseServer, provider: ProviderStandIn)?

  private var server: CaseServer { Self.shared!.server }
  private var provider: ProviderStandIn { Self.shared!.provider }
  private var pro = ""
  private var tenant = ""

  override func setUp() async throws {
    if Self.shared == nil {
      let provider = ProviderStandIn()
      let port = try provider.start()
      Self.shared = (try CaseServer(resolver: 9), provider)
      for (name, value) in [
        ("stripe.secretKey", ProviderStandIn.secretKey), ("stripe.webhookSecret", ProviderStandIn.webhookSecret),
        ("stripe.apiBase", "http://127.0.0.1:\(port)/"), ("stripe.publishableKey", "pk_test_1"),
        ("app.url", "https://app.example.com"),
        ("billing.issuer", "Acme Софт & Co\nMain Street 1"),
      ] { try call("PUT", "/admin/config/\(name)", ["value": .string(value)], 200) }
    }
    let salt = String(UInt32.random(in: 0 ... .max), radix: 36)
    let plan = try call(
      "POST", "/admin/plans",
      ["name": .string("Pro \(salt)"), "monthlyPriceCents": 2900, "annualDiscountPct": 20, "usageCreditsPerMonth": 1000], 201)
    pro = plan["id"].string ?? ""
    // The root tenant is a tenant like others here: its owner's key is at hand. Each test begins without a subscription.
    tenant = "00000000-0000-7000-8000-000000000001"
    try forget()
  }

  override class func tearDown() {
    shared?.server.stop()
    shared = nil
  }

  private func forget() throws {
    for object in try native("Subscription")["items"].list ?? [] {
      let name = object["metadata"]["name"].string ?? ""
      _ = try send("DELETE", "/plumb/v1/objects/Subscription/\(name)")
    }
  }

  private func native(_ kind: String) throws -> Value { try send("GET", "/plumb/v1/objects/\(kind)").json }

  private func send(_ method: String, _ target: String, _ body: [UInt8] = [], headers: [(String, String)] = []) throws
    -> CaseResponse
  {
    try CaseHTTP(port: server.port).send(
      CaseRequest(
        method, target, headers: [("Authorization", "Bearer \(server.token)"), ("Content-Type", "application/json")] + headers,
        body: body))
  }

  @discardableResult
  private func call(_ method: String, _ path: String, _ body: Value? = nil, _ status: Int, line: UInt = #line) throws -> Value {
    let response = try send(method, Self.base + path, body.map { JSON.write($0) } ?? [])
    XCTAssertEqual(response.status, status, "\(method) \(path): \(response.description)", line: line)
    return response.json
  }

  @discardableResult
  private func deliver(_ event: (body: [UInt8], signature: String), expect status: Int = 200, line: UInt = #line) throws
    -> CaseResponse
  {
    let response = try CaseHTTP(port: server.port).send(
      CaseRequest(
        "POST", Self.base + "/billing/webhook",
        headers: [("Stripe-Signature", event.signature), ("Content-Type", "application/json")],
        body: event.body))
    XCTAssertEqual(response.status, status, response.description, line: line)
    return response
  }

  /// Until `condition` holds of GET /plans.
  @discardableResult
  private func until(_ what: String, line: UInt = #line, _ condition: (Value) -> Bool) throws -> Value {
    let end = Date().addingTimeInterval(40)
    var state = Value.null
    while Date() < end {
      state = try call("GET", "/plans", nil, 200)
      if condition(state) { return state }
      Thread.sleep(forTimeInterval: 0.1)
    }
    XCTFail("\(what): \(JSON.text(state))", line: line)
    return state
  }

  /// The session of a checkout, by the address that the client gets.
  private func checkout(_ body: Value) throws -> (id: String, session: Value) {
    let url = try call("POST", "/billing/checkout", body, 200)["checkoutUrl"].string ?? ""
    let id = url.split(separator: "/").last.map(String.init) ?? ""
    return (id, provider.object(id))
  }

  private func subscribe(_ id: String) throws -> (customer: String, metadata: Value) {
    let (_, session) = try checkout(["planId": .string(pro)])
    let customer = session["customer"].string ?? ""
    provider.subscription(id, customer: customer, metadata: session["metadata"])
    try deliver(provider.event("evt_\(id)", "customer.subscription.created", about: id))
    try until("subscribed") { $0["currentPlanId"].string == pro && $0["billingStatus"] == "active" }
    return (customer, session["metadata"])
  }

  // MARK: Tests

  func testACheckoutSaysWhatIsSoldAndAsksOnceForACustomer() throws {
    let before = provider.calls.count
    let (_, session) = try checkout(["planId": .string(pro), "billingInterval": "year"])
    XCTAssertEqual(session["amount_total"], 27_840, "2900 a month, a fifth off the year")
    XCTAssertEqual(session["metadata"]["tenant"].string, tenant)
    XCTAssertEqual(session["metadata"]["plan"].string.flatMap { UID($0) }?.objectID, pro)
    _ = try checkout(["planId": .string(pro)])
    let calls = provider.calls.dropFirst(before)
    XCTAssertEqual(calls.map(\.path), ["/v1/customers", "/v1/checkout/sessions", "/v1/checkout/sessions"])
    XCTAssertEqual(calls.dropFirst().first?.form["line_items[0][price_data][recurring][interval]"], "year")
    XCTAssertEqual(calls.dropFirst().first?.form["success_url"], "https://app.example.com/billing?checkout=success")
    XCTAssertTrue(calls.allSatisfy { !($0.key ?? "").isEmpty })
    let portal = try call("POST", "/billing/portal", [:], 200)
    XCTAssertTrue(portal["portalUrl"].string?.hasPrefix("https://billing.stripe.test/") ?? false)
    XCTAssertEqual(try call("GET", "/billing/config", nil, 200)["publishableKey"], "pk_test_1")
  }

  func testAPortalNeedsACustomerAndACancellationASubscription() throws {
    try call("POST", "/billing/portal", [:], 400)
    try call("POST", "/billing/cancel", [:], 400)
  }

  /// The provider does what it is asked and its answer is lost: the same key is sent again, and nothing happens twice.
  func testALostAnswerIsAskedForAgainUnderTheSameKey() throws {
    let before = provider.calls.count
    provider.fail(next: [500, 502])
    _ = try checkout(["planId": .string(pro)])
    let calls = Array(provider.calls.dropFirst(before))
    for path in ["/v1/customers", "/v1/checkout/sessions"] {
      let sent = calls.filter { $0.path == path }
      XCTAssertEqual(sent.count, 2, path)
      XCTAssertEqual(Set(sent.map(\.key)).count, 1, path)
    }
  }

  func testAPaidInvoiceIsBookedOnceHoweverOftenItIsTold() throws {
    let (customer, metadata) = try subscribe("sub_once")
    provider.invoice("in_once", customer: customer, subscription: "sub_once", amount: 2900, metadata: metadata)
    let count = try call("GET", "/billing/transactions", nil, 200)["total"].int ?? 0
    for n in 0..<3 {
      try deliver(provider.event("evt_paid_\(n)", "invoice.paid", about: "in_once"))
      try deliver(provider.event("evt_paid_\(n)", "invoice.paid", about: "in_once"))
    }
    let end = Date().addingTimeInterval(40)
    while try call("GET", "/billing/transactions", nil, 200)["total"].int == count, Date() < end {
      Thread.sleep(forTimeInterval: 0.1)
    }
    Thread.sleep(forTimeInterval: 1)
    let page = try call("GET", "/billing/transactions", nil, 200)
    XCTAssertEqual(page["total"].int, count + 1)
    let transaction = page["transactions"].list?.first ?? .null
    XCTAssertEqual(transaction["amountCents"], 2900)
    XCTAssertEqual(transaction["type"], "subscription")
    XCTAssertTrue(transaction["description"].string?.hasSuffix("Plan (Monthly)") ?? false)
    let id = transaction["id"].string ?? ""
    let invoice = try call("GET", "/billing/transactions/\(id)/invoice", nil, 200)
    XCTAssertEqual(invoice["transaction"]["invoiceNumber"], transaction["invoiceNumber"])
    XCTAssertEqual(invoice["tenant"]["name"], "Root")
    let pdf = try send("GET", Self.base + "/billing/transactions/\(id)/invoice/pdf")
    XCTAssertEqual(pdf.status, 200, pdf.text.prefix(200).description)
    XCTAssertEqual(pdf.header("Content-Type"), "application/pdf")
    XCTAssertTrue(pdf.body.starts(with: Array("%PDF-".utf8)))
    let found = try call(
      "GET", "/admin/financial/transactions?search=\(transaction["invoiceNumber"].string ?? "")&tenantId=\(tenant)", nil, 200)
    XCTAssertEqual(found["transactions"].list?.map { $0["id"] }, [transaction["id"]])
    let revenue = try call("GET", "/admin/financial/metrics?range=7d", nil, 200)["data"].list ?? []
    XCTAssertGreaterThanOrEqual(revenue.last?["value"].int ?? 0, 2900)
    let recurring = try call("GET", "/admin/financial/metrics?range=7d&metric=arr", nil, 200)["data"].list ?? []
    XCTAssertGreaterThanOrEqual(recurring.last?["value"].int ?? 0, 34_800)
  }

  /// The end is told before the beginning: what counts is what the provider says when it is asked.
  func testEventsOutOfOrderEndInTheProvidersState() throws {
    let (_, session) = try checkout(["planId": .string(pro)])
    let customer = session["customer"].string ?? ""
    provider.subscription("sub_old", customer: customer, metadata: session["metadata"], created: ProviderStandIn.now - 1000)
    let created = provider.event("evt_old_1", "customer.subscription.created", about: "sub_old")
    var old = provider.object("sub_old")
    old["status"] = "canceled"
    provider.put("sub_old", old)
    try deliver(provider.event("evt_old_2", "customer.subscription.deleted", about: "sub_old"))
    try deliver(created)
    provider.subscription("sub_new", customer: customer, metadata: session["metadata"])
    try deliver(provider.event("evt_new", "customer.subscription.updated", about: "sub_new"))
    try until("the new one") { $0["currentPlanId"].string == pro }
    // The old one's end is told late, once more.
    try deliver(provider.event("evt_old_3", "customer.subscription.deleted", about: "sub_old"))
    Thread.sleep(forTimeInterval: 1.5)
    try until("still the new one") { $0["currentPlanId"].string == pro && $0["billingStatus"] == "active" }
    var new = provider.object("sub_new")
    new["status"] = "past_due"
    provider.put("sub_new", new)
    try deliver(provider.event("evt_new_2", "customer.subscription.updated", about: "sub_new"))
    try until("past due") { $0["billingStatus"] == "past_due" }
    new["status"] = "canceled"
    provider.put("sub_new", new)
    try deliver(provider.event("evt_new_3", "customer.subscription.deleted", about: "sub_new"))
    try until("canceled") { $0["currentPlanId"].isNull && $0["billingStatus"] == "canceled" }
  }

  func testBoughtCreditsAreBookedOnce() throws {
    let name = "Bundle \(UInt32.random(in: 0 ... .max))"
    let bundle = try call("POST", "/admin/credit-bundles", ["name": .string(name), "credits": 500, "priceCents": 4900], 201)["id"]
    let before = try call("GET", "/plans", nil, 200)["tenantPurchasedCredits"].int ?? 0
    let (id, session) = try checkout(["bundleId": bundle])
    // Told before it is paid: nothing is booked.
    try deliver(provider.event("evt_\(id)_0", "checkout.session.completed", about: id))
    var paid = session
    paid["payment_status"] = "paid"
    provider.put(id, paid)
    for n in 1...3 { try deliver(provider.event("evt_\(id)_\(n)", "checkout.session.completed", about: id)) }
    try until("credits") { $0["tenantPurchasedCredits"].int == before + 500 }
    Thread.sleep(forTimeInterval: 1)
    XCTAssertEqual(try call("GET", "/plans", nil, 200)["tenantPurchasedCredits"].int, before + 500)
    let found = try call(
      "GET", "/admin/financial/transactions?search=\(name.replacingOccurrences(of: " ", with: "%20"))", nil, 200)
    XCTAssertEqual(found["transactions"].list?.map { $0["amountCents"] }, [4900])
    XCTAssertEqual(found["transactions"].list?.first?["bundleName"].string, name)
  }

  func testCancellationAtTheEndOfThePeriodAndAtOnce() throws {
    _ = try subscribe("sub_cancel")
    let answer = try call("POST", "/billing/cancel", [:], 200)
    XCTAssertNotNil(answer["currentPeriodEnd"].string)
    XCTAssertEqual(provider.object("sub_cancel")["cancel_at_period_end"], true)
    let state = try call("GET", "/plans", nil, 200)
    XCTAssertEqual(state["currentPlanId"].string, pro)
    XCTAssertEqual(state["cancelAtPeriodEnd"], true)
    try call("POST", "/admin/tenants/\(tenant)/cancel-subscription", ["immediate": true], 200)
    XCTAssertEqual(provider.object("sub_cancel")["status"], "canceled")
    XCTAssertTrue(try call("GET", "/plans", nil, 200)["currentPlanId"].isNull)
  }

  /// A plan that was to end is wanted after all: the same subscription goes on, and no second one begins.
  func testACanceledSubscriptionGoesOnWhenItsPlanIsChosenAgain() throws {
    _ = try subscribe("sub_again")
    try call("POST", "/billing/cancel", [:], 200)
    XCTAssertEqual(provider.object("sub_again")["cancel_at_period_end"], true)
    let sessions = provider.calls.filter { $0.path == "/v1/checkout/sessions" }.count
    XCTAssertEqual(try call("POST", "/billing/checkout", ["planId": .string(pro)], 200)["checkoutUrl"], "")
    XCTAssertEqual(provider.object("sub_again")["cancel_at_period_end"], false)
    XCTAssertEqual(provider.calls.filter { $0.path == "/v1/checkout/sessions" }.count, sessions)
    let state = try call("GET", "/plans", nil, 200)
    XCTAssertEqual(state["cancelAtPeriodEnd"], false)
    XCTAssert(state["canceledAt"].isNull)
    XCTAssertEqual(state["billingStatus"], "active")
  }

  /// Nobody pays for two plans: the old subscription ends at the provider with a credit for what is left of it.
  func testAnotherPlanTakesThePlaceOfTheFirst() throws {
    let (customer, _) = try subscribe("sub_small")
    let big = try call(
      "POST", "/admin/plans", ["name": .string("Big \(UInt32.random(in: 0 ... .max))"), "monthlyPriceCents": 9900], 201)["id"]
    let (_, session) = try checkout(["planId": big])
    XCTAssertEqual(session["customer"].string, customer)
    provider.subscription("sub_big", customer: customer, metadata: session["metadata"], created: ProviderStandIn.now + 5)
    provider.fail(next: [500])
    try deliver(provider.event("evt_big_1", "customer.subscription.created", about: "sub_big"))
    try deliver(provider.event("evt_big_2", "customer.subscription.updated", about: "sub_big"))
    try until("the big one") { $0["currentPlanId"] == big && $0["billingStatus"] == "active" }
    XCTAssertEqual(provider.object("sub_small")["status"], "canceled")
    XCTAssertEqual(provider.calls.last { $0.method == "DELETE" }?.form["prorate"], "true")
    // Its end is told late.
    try deliver(provider.event("evt_small_end", "customer.subscription.deleted", about: "sub_small"))
    Thread.sleep(forTimeInterval: 1)
    try until("still the big one") { $0["currentPlanId"] == big && $0["billingStatus"] == "active" }
  }

  /// However many spend at once, and however often one asks: what is spent is what was granted, and a reference once.
  func testCreditsAreSpentAtOnceFromBothBucketsNeverBelowZero() throws {
    try call("PUT", "/admin/tenants/\(tenant)", ["subscriptionCredits": 30, "purchasedCredits": 20], 200)
    let mark = UInt32.random(in: 0 ... .max)
    let lock = NSLock()
    nonisolated(unsafe) var statuses: [Int] = []
    nonisolated(unsafe) let test = self
    DispatchQueue.concurrentPerform(iterations: 40) { n in
      // Two of each reference.
      let body = JSON.write(["amount": 3, "reference": .string("spend-\(mark)-\(n / 2)")])
      let status = (try? test.send("POST", Self.base + "/billing/credits/spend", body))?.status ?? 0
      lock.withLock { statuses.append(status) }
    }
    XCTAssertEqual(Set(statuses).subtracting([200, 402]), [])
    XCTAssertEqual(statuses.filter { $0 == 200 }.count, 32, "16 references, each asked for twice")
    let after = try call("GET", "/billing/credits?perPage=100", nil, 200)
    XCTAssertEqual(after["subscriptionCredits"], 0)
    XCTAssertEqual(after["purchasedCredits"], 2)
    let mine = (after["entries"].list ?? []).filter { $0["reference"].string?.contains("spend-\(mark)-") ?? false }
    XCTAssertEqual(mine.reduce(0) { $0 - ($1["amount"].int ?? 0) }, 48)
  }

  /// What is paid for at the provider is not canceled behind its back.
  func testWithoutAKeyToTheProviderNothingPaidIsCanceled() throws {
    _ = try subscribe("sub_lost")
    try call("PUT", "/admin/config/stripe.secretKey", ["value": ""], 200)
    defer { _ = try? call("PUT", "/admin/config/stripe.secretKey", ["value": .string(ProviderStandIn.secretKey)], 200) }
    try call("POST", "/admin/tenants/\(tenant)/cancel-subscription", ["immediate": true], 503)
    try call("POST", "/billing/cancel", [:], 503)
    XCTAssertEqual(try call("GET", "/plans", nil, 200)["currentPlanId"].string, pro)
    XCTAssertEqual(provider.object("sub_lost")["status"], "active")
  }

  /// A manifest states the plan, and the tenant pays for another: what is paid for counts, and the manifest's owner sees the difference.
  func testWhatIsPaidForCountsOverAManifest() throws {
    let manifest = """
      apiVersion: platform/v1
      kind: Subscription
      metadata: {name: root-stated}
      spec: {tenant: root, plan: free, interval: month}
      """
    let body = JSON.write(["set": "billing-stated", "files": [["name": "stated.yaml", "text": .string(manifest)]]])
    func apply(_ verb: String) throws -> CaseResponse { try send("POST", "/plumb/v1/\(verb)", body) }
    let applied = try apply("apply")
    XCTAssertEqual(applied.status, 200, applied.description)
    let (_, session) = try checkout(["planId": .string(pro), "billingInterval": "year"])
    provider.subscription(
      "sub_stated", customer: session["customer"].string ?? "", metadata: session["metadata"], interval: "year")
    try deliver(provider.event("evt_stated", "customer.subscription.created", about: "sub_stated"))
    try until("the paid one") { $0["currentPlanId"].string == pro && $0["billingInterval"] == "year" }
    let plan = try apply("plan")
    XCTAssertEqual(plan.status, 409, plan.description)
    XCTAssert(plan.text.contains("controller:PaymentEvent"), plan.description)
  }

  func testASignatureIsCheckedWithItsTimeAndItsSecret() throws {
    provider.put("in_x", ["id": "in_x", "paid": true])
    let good = provider.event("evt_sig", "invoice.paid", about: "in_x")
    try deliver(provider.event("evt_sig", "invoice.paid", about: "in_x", age: 400), expect: 400)
    try deliver(provider.event("evt_sig", "invoice.paid", about: "in_x", age: -400), expect: 400)
    try deliver(provider.event("evt_sig", "invoice.paid", about: "in_x", secret: "whsec_other"), expect: 400)
    try deliver((good.body + [32], good.signature), expect: 400)
    try deliver((good.body, good.signature.replacingOccurrences(of: "v1=", with: "v0=")), expect: 400)
    try deliver((good.body, ""), expect: 400)
    try deliver(good)
  }

  /// Invoice numbers follow each other over all of this.
  func testInvoiceNumbersHaveNoGaps() throws {
    for n in 0..<3 {
      let (id, session) = try checkout([
        "bundleId": try call(
          "POST", "/admin/credit-bundles",
          ["name": .string("Gap \(n) \(UInt32.random(in: 0 ... .max))"), "credits": 1, "priceCents": 100], 201)["id"]
      ])
      var paid = session
      paid["payment_status"] = "paid"
      provider.put(id, paid)
      try deliver(provider.event("evt_gap_\(id)", "checkout.session.completed", about: id))
    }
    let end = Date().addingTimeInterval(40)
    var numbers: [Int] = []
    while numbers.count < 3, Date() < end {
      let page = try call("GET", "/admin/financial/transactions?perPage=100", nil, 200)["transactions"].list ?? []
      numbers = page.compactMap { $0["invoiceNumber"].string.flatMap { Int($0.dropFirst(4)) } }.sorted()
      Thread.sleep(forTimeInterval: 0.1)
    }
    XCTAssertEqual(numbers, Array(1...max(1, numbers.count)))
    XCTAssertGreaterThanOrEqual(numbers.count, 3)
  }
}
