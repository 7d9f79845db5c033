// Credits month by month: what a subscription books, against a ledger kept beside it; and the page of an invoice.
import Core
import Kinds
import XCTest

@testable import Controllers

final class SubscriptionControllerTests: XCTestCase {
  private static let plan = UID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0001)
  private static let tenant = "01900000-0000-7000-8000-0000000000aa"

  /// A subscription with its ledger.
  private struct World {
    var plan: Value
    var spec: ObjectMap = ["tenant": .string(tenant), "plan": .string(SubscriptionControllerTests.plan.description)]
    var status: Value = .null
    var now: Timestamp
    var balances: [String: Int] = [:]
    var references: Set<String> = []

    /// One decision, carried out as the store would: each reference once, the sum as the decision expects it.
    mutating func step() -> Decision {
      var input = ReconcileInput(
        spec: spec,
        metadata: ObjectMetadata(
          tenant: .rootTenant, uid: UID(high: 1, low: 2), kind: "Subscription", name: "s", generation: 1, labels: [:],
          created: now),
        status: status, now: now)
      input.related = [SubscriptionControllerTests.plan: ["name": "pro", "spec": plan]]
      input.world = .int(balances["subscription", default: 0])
      let decision = SubscriptionController().decide(input)
      for (kind, row) in decision.records {
        XCTAssertEqual(kind, "CreditEntry")
        guard references.insert(row["reference"]!.string!).inserted else { continue }
        balances[row["bucket"]!.string!, default: 0] += row["amount"]!.int!
      }
      for sum in decision.sums { XCTAssertEqual(sum.value, .int(balances["subscription", default: 0])) }
      for case .overrule(_, _, let changes) in decision.writes {
        for (name, value) in changes { spec[name] = value.isNull ? Value?.none : value }
      }
      status = decision.status
      return decision
    }
  }

  private let start = Timestamp("2026-01-31T10:00:00Z")!

  func testAMonthIsGrantedOnceAndTheNextOneWhenItBegins() {
    var world = World(plan: ["usageCreditsPerMonth": 100, "bonusCredits": 5, "creditResetPolicy": "reset"], now: start)
    let first = world.step()
    XCTAssertEqual(world.balances, ["subscription": 100, "purchased": 5])
    XCTAssertEqual(first.lookAgain.map { start + $0 }, Timestamp("2026-02-28T10:00:00Z"), "the last day of a shorter month")
    world.balances["subscription"] = 30
    XCTAssertTrue(world.step().records.isEmpty)
    world.now = Timestamp("2026-02-28T10:00:00Z")!
    _ = world.step()
    XCTAssertEqual(world.balances, ["subscription": 100, "purchased": 5], "what was left went, and the bonus came once")
    world.now = Timestamp("2026-03-31T09:59:59Z")!
    XCTAssertTrue(world.step().records.isEmpty, "March begins on its 31st")
  }

  func testCreditsThatAreCarriedOverMakeUpForAbsence() {
    var world = World(plan: ["usageCreditsPerMonth": 10, "creditResetPolicy": "accrue"], now: start)
    _ = world.step()
    world.now = Timestamp("2026-05-15T00:00:00Z")!
    _ = world.step()
    XCTAssertEqual(world.balances["subscription"], 40, "January to April")
  }

  func testWhoOwesGetsNothingNew() {
    var world = World(plan: ["usageCreditsPerMonth": 10], now: start)
    world.spec["status"] = "past_due"
    XCTAssertTrue(world.step().records.isEmpty)
    world.spec["status"] = "active"
    _ = world.step()
    XCTAssertEqual(world.balances["subscription"], 10)
  }

  func testACanceledSubscriptionEndsWithItsPeriodWhereNoProviderWatches() {
    var world = World(plan: ["usageCreditsPerMonth": 10], now: start)
    world.spec["cancelAtPeriodEnd"] = true
    world.spec["currentPeriodEnd"] = "2026-02-10T00:00:00Z"
    let decision = world.step()
    XCTAssertEqual(decision.lookAgain.map { start + $0 }, Timestamp("2026-02-10T00:00:00Z"))
    XCTAssertNotNil(world.spec["plan"])
    world.now = Timestamp("2026-02-10T00:00:00Z")!
    _ = world.step()
    XCTAssertNil(world.spec["plan"])
    XCTAssertEqual(world.spec["status"], "canceled")
  }

  /// Whatever is spent and whenever it looks: after a look the month's credits are there, no month is granted twice.
  func testAnyHistoryOfLooksAndSpends() {
    for seed in 0..<60 {
      var random = RandomGenerator(SeededRandom(seed: UInt64(seed)))
      let resets = seed % 2 == 0
      var world = World(
        plan: ["usageCreditsPerMonth": 50, "creditResetPolicy": resets ? "reset" : "accrue"],
        now: start + .seconds(Double.random(in: 0...8_000_000, using: &random)))
      _ = world.step()
      let anchor = world.now
      var spent = 0
      for _ in 0..<40 {
        let spend = Int.random(in: 0...max(0, world.balances["subscription", default: 0]), using: &random)
        world.balances["subscription", default: 0] -= spend
        spent += spend
        world.now = world.now + .seconds(Double.random(in: 0...2_500_000, using: &random))
        let granted = !world.step().records.isEmpty
        let months = CalendarMonths.whole(from: anchor, to: world.now) + 1
        if resets {
          if granted { XCTAssertEqual(world.balances["subscription"], 50, "seed \(seed)") }
        } else {
          XCTAssertEqual(world.balances["subscription", default: 0], 50 * months - spent, "seed \(seed)")
        }
      }
    }
  }

  func testAnInvoiceShowsTextAsText() {
    let page = InvoicePage(
      number: "INV-0001", date: start, issuer: ["A & B <script>"], customer: "\"Ünï\u{1}\"", description: "Pro", period: nil,
      amountCents: -29_905, currency: "eur", isRefund: true, footer: "")
    XCTAssertEqual(page.amount, "-299.05 EUR")
    XCTAssertTrue(page.svg.contains("A &amp; B &lt;script&gt;"))
    XCTAssertTrue(page.svg.contains("&quot;Ünï&quot;"))
    XCTAssertFalse(page.svg.contains("<script"))
    var yen = page
    (yen.amountCents, yen.currency) = (500, "jpy")
    XCTAssertEqual(yen.amount, "500 JPY")
  }
}
