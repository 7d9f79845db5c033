// OutgoingMail: one mail, tried until the mail server has taken it or the attempts are used up.
import Core
import Kinds

public struct OutgoingMailController: KindController {
  static let attempts = 5
  static let pause = Duration.seconds(20)
  private static let deadline = Duration.seconds(30)

  public let kind = "OutgoingMail"
  public init() {}

  public func decide(_ input: ReconcileInput) -> Decision {
    if input.deleting { return Decision(status: input.status, finished: true) }
    if RunStatus.isFinished(input.status) { return Decision(status: input.status) }
    var run = RunStatus(input)
    guard let to = input.spec["to"]?.string, let subject = input.spec["subject"]?.string, let text = input.spec["text"]?.string
    else {
      return Decision(status: run.ended("Rejected", "it has no text"))
    }
    if let reply = input.replies.last(where: { $0.step == "send-\(run.attempts)" }) {
      let refused = reply.value["rejected"].list?.first?["reason"].string
      if reply.outcome == .done, refused == nil { return Decision(status: run.succeeded("the mail server took it")) }
      let why = refused ?? WebhookRequest.failure(reply) ?? "it failed"
      // A mail that may have arrived is not sent again by another name: its Message-ID stays, so a second copy is one mail.
      if refused != nil || run.attempts >= Self.attempts { return Decision(status: run.ended("Failed", why)) }
      var status = run.running("trying again: \(why)")
      status["retryAt"] = .string((input.now + Self.pause).description)
      status["waiting"] = true
      return Decision(status: status, lookAgain: Self.pause)
    }
    if input.status["waiting"].bool == true, let at = input.status["retryAt"].string.flatMap({ Timestamp($0) }), input.now < at {
      return Decision(status: input.status, lookAgain: at - input.now)
    }
    run.attempts += 1
    let step = Step(
      name: "send-\(run.attempts)", service: "mail", operation: "send",
      arguments: [
        "to": [.string(to)], "subject": .string(subject), "text": .string(text), "id": .string("mail-\(input.metadata.uid)"),
      ], kind: .keyed, deadline: Self.deadline, sensitive: true)
    return Decision(status: run.running("sending"), steps: [step])
  }
}
