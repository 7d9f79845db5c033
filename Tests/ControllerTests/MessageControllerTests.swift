// Mails, text messages and invitations: tried a bounded number of times, never again once taken or refused.
import Core
import Kinds
import XCTest

@testable import Controllers

final class MessageControllerTests: XCTestCase {
  private let start = Timestamp("2026-03-01T12:00:00Z") ?? Timestamp(microseconds: 0)

  private func input(_ kind: String, _ spec: ObjectMap, _ status: Value, _ replies: [StepReply], at seconds: Int)
    -> ReconcileInput
  {
    let metadata = ObjectMetadata(
      tenant: .rootTenant, uid: UID(high: 1, low: 2), kind: kind, name: "x", generation: 1, labels: [:], created: start)
    return ReconcileInput(spec: spec, metadata: metadata, status: status, replies: replies, now: start + .seconds(seconds))
  }

  /// Goes on until nothing is asked for any more: the steps that were taken, and the last status.
  private func run(_ controller: some KindController, _ spec: ObjectMap, answer: (Step) -> StepReply) -> (
    steps: [Step], status: Value
  ) {
    var status = Value.null
    var replies: [StepReply] = []
    var steps: [Step] = []
    for round in 0..<100 {
      let decision = controller.decide(input(controller.kind, spec, status, replies, at: round * 60))
      status = decision.status
      replies = decision.steps.map(answer)
      steps += decision.steps
      if decision.steps.isEmpty, decision.lookAgain == nil { return (steps, status) }
    }
    XCTFail("it never ends")
    return (steps, status)
  }

  private func failed(_ step: Step, retry: Value = .null) -> StepReply {
    StepReply(step: step.name, outcome: .failed, value: ["error": ["code": "down", "message": "down", "retry": retry]])
  }
  private func done(_ step: Step) -> StepReply { StepReply(step: step.name, outcome: .done, value: .emptyObject) }
  private func reason(_ status: Value) -> String? { status["conditions"].list?.first { $0["type"] == "Ready" }?["reason"].string }

  func testATextIsTriedFiveTimesUnderOneKey() {
    let spec: ObjectMap = ["to": "+4915112345678", "text": "123456"]
    let all = run(OutgoingMessageController.text, spec) { failed($0, retry: true) }
    XCTAssertEqual(all.steps.count, 5)
    XCTAssertEqual(Set(all.steps.map { $0.arguments["id"] }).count, 1, "a second copy would be a second message")
    XCTAssertTrue(all.steps.allSatisfy(\.sensitive))
    XCTAssertEqual(all.status["phase"], "Failed")
    let second = run(OutgoingMessageController.text, spec) { $0.name == "send-1" ? failed($0, retry: true) : done($0) }
    XCTAssertEqual(second.steps.count, 2)
    XCTAssertEqual(second.status["phase"], "Succeeded")
    let refused = run(OutgoingMessageController.text, spec) { failed($0, retry: false) }
    XCTAssertEqual(refused.steps.count, 1, "what the gateway refuses is not sent again")
    XCTAssertEqual(run(OutgoingMessageController.text, ["to": "+4915112345678"]) { done($0) }.status["phase"], "Rejected")
  }

  func testAnInvitationOfAManifestIsMailedOnce() {
    let spec: ObjectMap = ["email": "ada@example.com", "expiresAt": "2026-03-08T12:00:00Z"]
    let once = run(InvitationController(), spec) { done($0) }
    XCTAssertEqual(once.steps.map(\.service), ["invitations"])
    XCTAssertEqual(reason(once.status), "Mailed")
    // Looked at again, changed or not, it stays so.
    let again = InvitationController().decide(input("Invitation", spec, once.status, [], at: 9999))
    XCTAssertTrue(again.steps.isEmpty)
    let all = run(InvitationController(), spec) { failed($0) }
    XCTAssertEqual(all.steps.count, 5)
    XCTAssertEqual(reason(all.status), "Failed")
    var own = spec
    own["mailed"] = true
    XCTAssertTrue(run(InvitationController(), own) { done($0) }.steps.isEmpty, "the API mailed it already")
    var late = spec
    late["expiresAt"] = "2026-03-01T11:00:00Z"
    XCTAssertEqual(reason(run(InvitationController(), late) { done($0) }.status), "Expired")
  }
}
