// GitSource: its decisions against a model of a repository, and the windows in which it may apply.
import Core
import Foundation
import Kinds
import XCTest

@testable import Controllers

final class GitSourceControllerTests: XCTestCase {
  private let start = Timestamp("2026-03-02T12:00:00Z")!

  private func input(
    _ spec: ObjectMap, status: Value = .null, world: Value = .null, replies: [StepReply] = [], after: Duration = .zero
  )
    -> ReconcileInput
  {
    var all: ObjectMap = ["url": "https://example.com/a/b.git", "branch": "main", "interval": "5m"]
    for (key, value) in spec { all[key] = value }
    let metadata = ObjectMetadata(
      tenant: UID(high: 1, low: 1), uid: UID(high: 2, low: 7), kind: "GitSource", name: "shop", generation: 1, labels: [:],
      created: start)
    return ReconcileInput(spec: all, metadata: metadata, status: status, world: world, replies: replies, now: start + after)
  }

  private func reason(_ decision: Decision, _ type: String = "Ready") -> String? {
    (decision.status["conditions"].list ?? []).first { $0["type"].string == type }?["reason"].string
  }

  private func look(_ input: ReconcileInput, _ result: Value) -> Value {
    var look = result
    look["key"] = GitSourceController().observation(input)?.arguments["key"] ?? .null
    look["startedAt"] = .string(input.now.description)
    return ["look": look]
  }

  /// A source that has applied a commit.
  private func applied(_ spec: ObjectMap, _ commit: String) -> Value {
    let controller = GitSourceController()
    var one = input(spec)
    one.world = look(one, ["commit": .string(commit), "rewritten": false])
    let decision = controller.decide(one)
    let reply = StepReply(
      step: decision.steps[0].name, outcome: .done, value: ["created": 1, "updated": 0, "deleted": 0, "objects": 1])
    return controller.decide(input(spec, status: decision.status, replies: [reply])).status
  }

  func testItLooksAppliesAndRestsUntilItsInterval() {
    let controller = GitSourceController()
    let first = input([:])
    XCTAssertEqual(controller.observation(first)?.arguments["due"], true)
    XCTAssertEqual(reason(controller.decide(first)), "Fetching")
    let status = applied([:], "aa11")
    XCTAssertEqual(status["appliedCommit"], "aa11")
    let soon = input([:], status: status, after: .seconds(100))
    XCTAssertEqual(controller.observation(soon)?.arguments["due"], false)
    let rest = controller.decide(soon)
    XCTAssertEqual(rest.status, status, "an idle look changes nothing")
    XCTAssertEqual(rest.steps.count, 0)
    XCTAssertGreaterThan(rest.lookAgain ?? .zero, .seconds(150))
    var later = input([:], status: status, after: .seconds(301))
    XCTAssertEqual(controller.observation(later)?.arguments["due"], true)
    later.world = look(later, ["commit": "aa11", "rewritten": false, "settled": true])
    XCTAssertEqual(controller.decide(later).steps.count, 0, "the same commit is not applied again")
    later.world = look(later, ["commit": "aa11", "rewritten": false, "settled": false])
    XCTAssertEqual(controller.decide(later).steps.count, 1, "what somebody else changed is put right")
  }

  func testALookThatIsOlderThanTheNeedIsNotBelieved() {
    let controller = GitSourceController()
    let status = applied([:], "aa11")
    let asked: ObjectMap = ["syncRequest": "manual/1"]
    var stale = input([:], status: status)
    stale.world = look(stale, ["commit": "bb22", "rewritten": false])
    var now = input(asked, status: status, after: .seconds(5))
    now.world = stale.world
    XCTAssertEqual(controller.decide(now).steps.count, 0, "it answers another question")
  }

  func testFaultsKeepWhatIsInForceAndAreRetriedLessAndLessOften() {
    let controller = GitSourceController()
    var status = applied([:], "aa11")
    var waits: [Duration] = []
    var at = Duration.seconds(400)
    for _ in 0..<4 {
      var one = input([:], status: status, after: at)
      one.world = look(one, ["error": ["reason": "Unreachable", "message": "The host cannot be reached.", "attention": false]])
      let decision = controller.decide(one)
      XCTAssertEqual(reason(decision), "Unreachable")
      XCTAssertEqual(reason(decision, "Stalled"), "Unreachable")
      XCTAssertEqual(decision.status["appliedCommit"], "aa11")
      status = decision.status
      waits.append(decision.lookAgain ?? .zero)
      at += .seconds(400)
    }
    XCTAssertEqual(waits, waits.sorted())
    XCTAssertGreaterThan(waits[3], waits[0])
    var one = input([:], status: status, after: at)
    one.world = look(one, ["error": ["reason": "SignatureInvalid", "message": "It is not signed.", "attention": true]])
    let events = controller.decide(one).events
    XCTAssertEqual(events.map(\.reason), ["SignatureInvalid"])
    XCTAssertTrue(events[0].message.contains("aa11 stays in force"))
  }

  func testGuards() {
    let controller = GitSourceController()
    let status = applied([:], "aa11")
    func decide(_ spec: ObjectMap, _ result: Value, at: Duration = .seconds(400)) -> Decision {
      var one = input(spec, status: status, after: at)
      one.world = look(one, result)
      return controller.decide(one)
    }
    let rewritten: Value = ["commit": "bb22", "rewritten": true]
    XCTAssertEqual(reason(decide([:], rewritten)), "HistoryRewritten")
    XCTAssertEqual(decide(["onRewrite": "follow"], rewritten).steps.count, 1)
    XCTAssertEqual(decide(["confirmedCommit": "bb22"], rewritten).steps.first?.arguments["confirmed"], true)
    XCTAssertEqual(decide(["confirmedCommit": "cc33"], rewritten).steps.count, 0)
    let next: Value = ["commit": "bb22", "rewritten": false]
    XCTAssertEqual(reason(decide(["syncWindows": [["kind": "deny"]]], next), "Synced"), "OutsideWindow")
    XCTAssertEqual(reason(decide(["suspend": true], next), "Suspended"), "Suspended")
    let paused = decide(["paused": true, "pausedReason": "rolled back"], next)
    XCTAssertEqual(paused.steps.count, 0)
    XCTAssertEqual(reason(paused, "Suspended"), "Paused")
  }

  func testNoSecretLeavesThroughAnApply() {
    let controller = GitSourceController()
    let uid = UID(high: 3, low: 3)
    var one = input(["credential": .string(uid.description)])
    one.related[uid] = ["spec": ["token": "hunter2"]]
    XCTAssertEqual(controller.observation(one)?.arguments["token"], "hunter2")
    one.world = look(one, ["commit": "aa11", "rewritten": false])
    let decision = controller.decide(one)
    XCTAssertEqual(decision.steps.count, 1)
    XCTAssertFalse(JSON.text(decision.steps[0].arguments).contains("hunter2"))
    XCTAssertFalse(JSON.text(decision.status).contains("hunter2"))
  }

  // MARK: Windows

  private func isOpen(_ windows: Value, _ at: String, manual: Bool = false) -> Bool {
    GitWindows(windows).isOpen(at: Timestamp(at)!, isManual: manual)
  }

  func testWindowsOfTheWeek() {
    let office: Value = [["kind": "allow", "days": ["mon", "fri"], "from": "08:00", "to": "17:00", "timeZone": "Europe/Berlin"]]
    // 2026-03-02 is a Monday; Berlin is an hour ahead, in July two.
    XCTAssertTrue(isOpen(office, "2026-03-02T07:00:00Z"))
    XCTAssertFalse(isOpen(office, "2026-03-02T06:59:00Z"))
    XCTAssertFalse(isOpen(office, "2026-03-02T16:00:00Z"))
    XCTAssertFalse(isOpen(office, "2026-03-03T10:00:00Z"))
    XCTAssertTrue(isOpen(office, "2026-07-06T06:30:00Z"))
    let night: Value = [["kind": "deny", "days": ["fri"], "from": "22:00", "to": "06:00"]]
    XCTAssertFalse(isOpen(night, "2026-03-06T23:00:00Z"))
    XCTAssertFalse(isOpen(night, "2026-03-07T05:59:00Z"), "it began on Friday")
    XCTAssertTrue(isOpen(night, "2026-03-07T06:00:00Z"))
    XCTAssertTrue(isOpen(night, "2026-03-07T23:00:00Z"))
    XCTAssertEqual(GitWindows(office).nextOpening(after: Timestamp("2026-03-02T06:30:10Z")!), Timestamp("2026-03-02T07:00:00Z"))
  }

  func testScheduledWindowsAndManualSyncs() {
    let nightly: Value = [["kind": "deny", "schedule": "30 22 * * 1-5", "duration": "2h"]]
    XCTAssertFalse(isOpen(nightly, "2026-03-02T22:30:00Z"))
    XCTAssertFalse(isOpen(nightly, "2026-03-03T00:29:00Z"))
    XCTAssertTrue(isOpen(nightly, "2026-03-03T00:30:00Z"))
    XCTAssertTrue(isOpen(nightly, "2026-03-07T23:00:00Z"), "Saturday")
    XCTAssertFalse(isOpen(nightly, "2026-03-02T22:30:00Z", manual: true))
    XCTAssertTrue(isOpen([["kind": "deny", "manual": true]], "2026-03-02T22:30:00Z", manual: true))
    XCTAssertTrue(
      isOpen([["kind": "allow", "from": "01:00", "to": "02:00", "manual": true]], "2026-03-02T22:30:00Z", manual: true))
    XCTAssertTrue(isOpen([], "2026-03-02T22:30:00Z"))
  }

  func testCronTimes() {
    func matches(_ text: String, _ at: String) -> Bool? {
      CronTimes(text).map {
        $0.matches(LocalMinute(minute: Timestamp(at)!.microseconds / 60_000_000, zone: TimeZone(identifier: "UTC")!))
      }
    }
    XCTAssertEqual(matches("*/15 * * * *", "2026-03-02T12:45:00Z"), true)
    XCTAssertEqual(matches("*/15 * * * *", "2026-03-02T12:46:00Z"), false)
    XCTAssertEqual(matches("0 0 1 jan *", "2026-01-01T00:00:00Z"), true)
    XCTAssertEqual(matches("0 12 13 * fri", "2026-03-06T12:00:00Z"), true, "either day is enough when both are stated")
    XCTAssertEqual(matches("0 12 * * 7", "2026-03-01T12:00:00Z"), true, "7 is Sunday")
    for bad in ["", "* * * *", "60 * * * *", "* * * * mon-", "*/0 * * * *", "5-1 * * * *"] { XCTAssertNil(CronTimes(bad), bad) }
  }
}
