// Alert rules: inactive, pending, firing, resolved; each change told once to each channel; silences hold back.
import Controllers
import Core
import Kinds
import XCTest

final class AlertRuleControllerTests: XCTestCase {
  private let hook = UID(high: 3, low: 1)
  private let post = UID(high: 3, low: 2)
  private var count = 0
  private var silences: [Value] = []
  private var sent: [Step] = []

  private func loop(_ more: ObjectMap = [:]) -> ControllerLoop {
    var spec: ObjectMap = [
      "source": "appRestarts", "window": "5m", "comparison": "gt", "threshold": 3, "forDuration": "1m", "intervalSeconds": 30,
      "severity": "critical",
      "channels": [.string(hook.description), .string(post.description)],
    ]
    for (key, value) in more { spec[key] = value }
    let loop = ControllerLoop(AlertRuleController(), name: "restarts", spec: spec)
    loop.related[hook] = ["name": "hook", "spec": ["type": "webhook", "url": "https://hooks.example.com", "secret": "s"]]
    loop.related[post] = ["name": "post", "spec": ["type": "email", "email": ["ops@example.com"]]]
    loop.observe = { [unowned self] _ in ["count": .int(self.count), "sum": 0] }
    loop.need = { [unowned self] need in
      switch need.name {
      case "silences": return self.silences
      default:
        let open = loop.writes.reduce(0) { sum, write in if case .create = write { sum + 1 } else { sum - 1 } }
        return open > 0 ? [["uid": .string(UID(high: 7, low: 7).description)]] : []
      }
    }
    loop.perform = { [unowned self] step in
      self.sent.append(step)
      return StepReply(step: step.name, outcome: .done, value: ["status": 200])
    }
    return loop
  }

  func testGoesPendingFiringResolved() {
    let loop = loop()
    loop.run()
    XCTAssertEqual(loop.status["state"], "inactive")
    count = 4
    loop.now = loop.now + .seconds(30)
    loop.run()
    XCTAssertEqual(loop.status["state"], "pending")
    XCTAssertEqual(sent.count, 0)
    loop.now = loop.now + .seconds(60)
    loop.run()
    XCTAssertEqual(loop.status["state"], "firing")
    XCTAssertEqual(sent.map(\.service), ["http", "mail"])
    XCTAssertTrue(sent[0].sensitive)
    XCTAssertEqual(sent[1].arguments["to"], ["ops@example.com"])
    XCTAssertTrue(
      sent[1].arguments["text"].string?.contains("4 app restarts in 5m, threshold 3") ?? false, JSON.text(sent[1].arguments))
    loop.now = loop.now + .seconds(300)
    loop.run()
    XCTAssertEqual(sent.count, 2, "told once")
    count = 0
    loop.now = loop.now + .seconds(30)
    loop.run()
    XCTAssertEqual(loop.status["state"], "inactive")
    XCTAssertEqual(sent.count, 4)
    XCTAssertEqual(loop.writes.count, 2)
    guard case .create(let kind, _, let firing) = loop.writes[0], case .update(_, _, let end) = loop.writes[1] else {
      return XCTFail("\(loop.writes)")
    }
    XCTAssertEqual(kind, "AlertFiring")
    XCTAssertEqual(firing["state"], "firing")
    XCTAssertEqual(end["state"], "resolved")
    XCTAssertEqual(loop.events.map(\.reason), ["Pending", "Firing", "Resolved"])
  }

  func testShortTroubleNeverFires() {
    let loop = loop()
    count = 9
    loop.run()
    XCTAssertEqual(loop.status["state"], "pending")
    count = 0
    loop.now = loop.now + .seconds(30)
    loop.run()
    XCTAssertEqual(loop.status["state"], "inactive")
    XCTAssertEqual(sent.count + loop.writes.count, 0)
  }

  func testSilenceHoldsBackTheMessageNotTheFiring() {
    silences = [
      ["name": "s", "spec": ["startsAt": "2026-03-01T09:00:00Z", "endsAt": "2026-03-01T12:00:00Z", "reason": "maintenance"]]
    ]
    let loop = loop(["forDuration": "0s"])
    count = 9
    loop.run()
    XCTAssertEqual(loop.status["state"], "firing")
    XCTAssertEqual(loop.status["silenced"], true)
    XCTAssertEqual(sent.count, 0)
    XCTAssertEqual(loop.writes.count, 1)
    XCTAssertTrue(loop.condition("Firing")?.message.contains("maintenance") ?? false)
  }

  func testFailingChannelIsTriedAgainAndDoesNotHoldTheOther() {
    let loop = loop(["forDuration": "0s"])
    var hooks = 0
    loop.perform = { [unowned self] step in
      if step.service == "http" {
        hooks += 1
        if hooks < 4 { return StepReply(step: step.name, outcome: .failed, value: ["status": 500]) }
      }
      self.sent.append(step)
      return StepReply(step: step.name, outcome: .done, value: .emptyObject)
    }
    count = 9
    loop.run(until: loop.now + .seconds(120))
    XCTAssertEqual(hooks, 4)
    XCTAssertEqual(sent.map(\.service).sorted(), ["http", "mail"])
    XCTAssertEqual(loop.repeatedNames, [])
  }

  func testUnknownSourceIsSaid() {
    let loop = loop(["source": "cpu_percent"])
    loop.run()
    XCTAssertEqual(loop.condition("Ready")?.reason, "UnknownSource")
    XCTAssertTrue(loop.condition("Ready")?.message.contains("appRestarts") ?? false)
  }

  func testDisablingEndsAFiringQuietly() {
    let loop = loop(["forDuration": "0s"])
    count = 9
    loop.run()
    XCTAssertEqual(sent.count, 2)
    loop.spec["enabled"] = false
    loop.run()
    XCTAssertEqual(loop.status["state"], "inactive")
    XCTAssertEqual(loop.writes.count, 2)
    XCTAssertEqual(sent.count, 2)
  }

  func testEachChannelGetsItsForm() {
    for (type, service, needle) in [
      ("slack", "http", "\"text\""), ("discord", "http", "\"content\""), ("pagerduty", "http", "\"event_action\":\"trigger\""),
    ] {
      let loop = ControllerLoop(NotificationTestController(), spec: ["channel": .string(hook.description)])
      loop.related[hook] = ["name": "c", "spec": ["type": .string(type), "url": "https://chat.example.com", "routingKey": "k"]]
      var seen: Step?
      loop.perform = { step in
        seen = step
        return StepReply(step: step.name, outcome: .done, value: ["status": 200])
      }
      loop.run()
      XCTAssertEqual(seen?.service, service)
      XCTAssertTrue(seen?.arguments["body"].string?.contains(needle) ?? false, type)
      XCTAssertEqual(loop.status["phase"], "Succeeded")
    }
  }
}
