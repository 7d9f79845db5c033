// Invitation: one that was stated in a manifest is mailed, once; the API mails its own in the same transaction.
import Core
import Kinds

public struct InvitationController: KindController {
  static let attempts = 5
  static let pause = Duration.seconds(30)
  private static let deadline = Duration.seconds(15)

  public let kind = "Invitation"
  public init() {}

  public func decide(_ input: ReconcileInput) -> Decision {
    if input.deleting { return Decision(status: input.status, finished: true) }
    var conditions = ConditionSet(input)
    func answer(_ state: Condition.Truth, _ reason: String, _ message: String, attempts: Int, retryAt: Timestamp? = nil)
      -> Value
    {
      conditions.set("Ready", state, reason, message)
      return ["attempts": .int(attempts), "retryAt": Value(retryAt?.description), "conditions": conditions.value]
    }
    let attempts = input.status["attempts"].int ?? 0
    if input.spec["mailed"] == true {
      return Decision(status: answer(.yes, "Mailed", "the mail was written with it", attempts: 0))
    }
    if input.conditions.contains(where: { $0.type == "Ready" && $0.reason == "Mailed" }) { return Decision(status: input.status) }
    if let expires = input.spec["expiresAt"]?.string.flatMap({ Timestamp($0) }), expires <= input.now {
      return Decision(status: answer(.no, "Expired", "it expired before it could be mailed", attempts: attempts))
    }
    if let reply = input.replies.last(where: { $0.step == "mail-\(attempts)" }) {
      if reply.outcome == .done { return Decision(status: answer(.yes, "Mailed", "the mail was written", attempts: attempts)) }
      let why = WebhookRequest.failure(reply) ?? "it failed"
      if attempts >= Self.attempts { return Decision(status: answer(.no, "Failed", why, attempts: attempts)) }
      return Decision(
        status: answer(.no, "Retrying", why, attempts: attempts, retryAt: input.now + Self.pause), lookAgain: Self.pause)
    }
    if let at = input.status["retryAt"].string.flatMap({ Timestamp($0) }), input.now < at {
      return Decision(status: input.status, lookAgain: at - input.now)
    }
    if attempts >= Self.attempts { return Decision(status: input.status) }
    let step = Step(
      name: "mail-\(attempts + 1)", service: "invitations", operation: "mail",
      arguments: ["email": input.spec["email"] ?? .null, "invitedBy": input.spec["invitedBy"] ?? .null], kind: .keyed,
      deadline: Self.deadline)
    return Decision(status: answer(.no, "Mailing", "the mail is being written", attempts: attempts + 1), steps: [step])
  }
}
