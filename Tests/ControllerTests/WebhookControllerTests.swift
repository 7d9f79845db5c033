// Webhooks: nothing is lost, order is kept, signatures check, trouble is counted and said.
import Controllers
import Core
import Crypto
import Kinds
import XCTest

final class WebhookControllerTests: XCTestCase {
  /// Changes of the tenant, one event each, at rising positions.
  private var feed: [Value] = []

  private func add(_ event: String, _ uid: String, position: Int? = nil) {
    let at = position ?? (feed.last?["position"].int ?? 100) + 1
    feed.append([
      "position": .int(at), "event": .string(event), "kind": "App", "uid": .string(uid), "name": .string(uid),
      "at": "2026-03-01T10:00:01Z",
      "object": ["id": .string(uid), "n": .int(feed.count)],
    ])
  }

  private func loop(_ more: ObjectMap = [:]) -> ControllerLoop {
    var spec: ObjectMap = ["url": "https://hooks.example.com/x", "secret": "whsec_test", "events": ["*"], "active": true]
    for (key, value) in more { spec[key] = value }
    let loop = ControllerLoop(WebhookController(), spec: spec)
    loop.observe = { [unowned self] question in
      let after = question["position"].int ?? 100
      var open = self.feed.filter { ($0["position"].int ?? 0) > after }
      let cut = open.count > (question["limit"].int ?? 0)
      open = Array(open.prefix(question["limit"].int ?? 0))
      return [
        "position": cut ? open.last!["position"] : .int(max(self.feed.last?["position"].int ?? 100, after)), "resync": false,
        "items": .list(open),
      ]
    }
    return loop
  }

  func testEveryChangeArrivesInOrderThroughFailures() {
    for seed in 1...60 as ClosedRange<UInt64> {
      feed = []
      var random = RandomGenerator(SeededRandom(seed: seed))
      let loop = loop(["maxFailures": 1000])
      loop.run()
      var arrived: [String] = []
      var tries = 0
      loop.perform = { step in
        tries += 1
        let body = step.arguments["body"].string!
        let headers = step.arguments["headers"]
        let signature = Hex.encode(Digest.hmacSHA256(key: Array("whsec_test".utf8), Array(body.utf8)))
        XCTAssertEqual(headers["X-Webhook-Signature"].string, signature)
        let payload = try! JSON.parse(body)
        XCTAssertEqual(payload["id"], headers["X-Webhook-Delivery"])
        XCTAssertEqual(payload["type"], headers["X-Webhook-Event"])
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return StepReply(step: step.name, outcome: .failed, value: ["status": 503, "durationMs": 3])
        case 1:
          // Taken, but the answer was lost.
          arrived.append(payload["id"].string!)
          return StepReply(step: step.name, outcome: .unknown, value: .null)
        default:
          arrived.append(payload["id"].string!)
          return StepReply(step: step.name, outcome: .done, value: ["status": 200, "durationMs": 3])
        }
      }
      for _ in 0..<Int.random(in: 1...5, using: &random) {
        for _ in 0..<Int.random(in: 0...30, using: &random) {
          add(["app.created", "app.updated"].randomElement(using: &random)!, "a\(Int.random(in: 0...3, using: &random))")
          if Int.random(in: 0..<5, using: &random) == 0 { add("app.zipped", "a1", position: feed.last!["position"].int!) }
        }
        loop.run(until: loop.now + .seconds(100_000))
      }
      var firsts: [String] = []
      for id in arrived where !firsts.contains(id) { firsts.append(id) }
      XCTAssertEqual(firsts.count, feed.count, "seed \(seed): lost or doubled ids")
      XCTAssertEqual(loop.records.count, tries, "seed \(seed): each attempt is a record")
      let order = loop.records.filter { $0.row["success"] == true }.compactMap {
        (try? JSON.parse($0.row["payload"]!.string!))?["data"]["object"]["n"].int
      }
      XCTAssertEqual(order, order.sorted(), "seed \(seed): order")
      XCTAssertEqual(loop.repeatedNames, [], "seed \(seed)")
      XCTAssertEqual(loop.condition("Ready")?.reason, "Delivering", "seed \(seed)")
      let before = loop.status
      XCTAssertTrue(loop.turn().steps.isEmpty)
      XCTAssertEqual(loop.status, before, "seed \(seed): an idle webhook moved")
    }
  }

  func testOnlyLaterChangesAreSent() {
    add("app.created", "old", position: 90)
    let loop = loop()
    loop.run()
    XCTAssertEqual(loop.records.count, 0)
    add("app.updated", "old", position: 120)
    loop.run()
    XCTAssertEqual(loop.records.count, 1)
  }

  func testDisablesItselfAndGoesOnWhereItStopped() {
    let loop = loop(["maxFailures": 10])
    loop.run()
    add("app.created", "a")
    add("app.created", "b")
    loop.perform = {
      StepReply(
        step: $0.name, outcome: .failed,
        value: ["error": ["code": "connect", "message": "cannot connect to hooks.example.com: refused"]])
    }
    let began = loop.now
    loop.run(until: loop.now + .seconds(100_000))
    XCTAssertEqual(loop.status["disabled"], true)
    XCTAssertEqual(loop.records.count, 10)
    XCTAssertEqual(loop.records.compactMap { $0.row["attempt"]?.int }, Array(1...10))
    XCTAssertEqual(loop.condition("Ready")?.reason, "Disabled")
    let message = loop.condition("Ready")?.message ?? ""
    XCTAssertTrue(message.contains("10") && message.contains("refused") && message.contains("active"), message)
    XCTAssertGreaterThan((loop.now - began).inSeconds, 60)
    let observed = loop.observations
    loop.turn()
    XCTAssertEqual(loop.observations, observed, "a disabled webhook asks nothing")
    loop.perform = { StepReply(step: $0.name, outcome: .done, value: ["status": 200]) }
    loop.spec["enableRequest"] = "now"
    loop.metadata.generation += 1
    loop.run()
    XCTAssertEqual(loop.records.filter { $0.row["success"] == true }.count, 2)
    XCTAssertEqual(loop.condition("Ready")?.reason, "Delivering")
  }

  func testLongAnswersAreCutBetweenCharacters() {
    let loop = loop()
    loop.run()
    add("app.created", "a")
    loop.perform = {
      StepReply(
        step: $0.name, outcome: .done, value: ["status": 200, "body": .string("x" + String(repeating: "é", count: 4000))])
    }
    loop.run()
    let body = loop.records.first?.row["responseBody"]?.string ?? ""
    XCTAssertEqual(body.utf8.count, 4095)
    XCTAssertTrue(body.hasSuffix("é"))
  }

  func testPausedWebhookAsksNothing() {
    let loop = loop(["active": false])
    loop.run()
    XCTAssertEqual(loop.observations, 0)
    XCTAssertEqual(loop.condition("Ready")?.reason, "Paused")
  }

  func testSendByHand() {
    let webhook = UID(high: 5, low: 5)
    let loop = ControllerLoop(
      WebhookSendController(), spec: ["webhook": .string(webhook.description), "event": "tenant.created", "test": true])
    loop.related[webhook] = ["name": "w", "spec": ["url": "https://hooks.example.com", "secret": "whsec_x"]]
    loop.perform = { step in
      XCTAssertEqual(step.arguments["headers"]["X-Webhook-Test"], "true")
      return StepReply(step: step.name, outcome: .failed, value: ["status": 500, "body": "no", "durationMs": 12])
    }
    loop.run()
    XCTAssertEqual(loop.status["phase"], "Failed")
    XCTAssertEqual(loop.status["result"]["statusCode"], 500)
    XCTAssertEqual(loop.records.first?.row["test"], true)
    let count = loop.records.count
    loop.run()
    XCTAssertEqual(loop.records.count, count, "a finished run does nothing")
  }
}
