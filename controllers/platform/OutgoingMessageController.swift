// OutgoingMail and OutgoingText: one message, tried until its server has taken it or the attempts are used up.
import Core
import Kinds

public struct OutgoingMessageController: KindController {
  static let attempts = 5
  static let pause = Duration.seconds(20)
  private static let deadline = Duration.seconds(30)

  public let kind: String
  private let service: String
  /// What the service is asked to send; nil when the object lacks something.
  private let message: @Sendable (ReconcileInput) -> Value?

  public static let mail = OutgoingMessageController(kind: "OutgoingMail", service: "mail") { input in
    guard let to = input.spec["to"]?.string, let subject = input.spec["subject"]?.string, let text = input.spec["text"]?.string
    else { return nil }
    // A mail that may have arrived is not sent again by another name: its Message-ID stays, so a second copy is one mail.
    return [
      "to": [.string(to)], "subject": .string(subject), "text": .string(text), "id": .string("mail-\(input.metadata.uid)"),
    ]
  }

  public static let text = OutgoingMessageController(kind: "OutgoingText", service: "texts") { input in
    guard let to = input.spec["to"]?.string, let text = input.spec["text"]?.string else { return nil }
    return ["to": .string(to), "text": .string(text), "id": .string("text-\(input.metadata.uid)")]
  }

  private init(kind: String, service: String, message: @escaping @Sendable (ReconcileInput) -> Value?) {
    self.kind = kind
    self.service = service
    self.message = message
  }

  public func decide(_ input: ReconcileInput) -> Decision {
    if input.deleting { return Decision(status: input.status, finished: true) }
    if RunStatus.isFinished(input.status) { return Decision(status: input.status) }
    var run = RunStatus(input)
    guard let arguments = message(input) else { return Decision(status: run.ended("Rejected", "it has no text")) }
    if let reply = input.replies.last(where: { $0.step == "send-\(run.attempts)" }) {
      let refused = reply.value["rejected"].list?.first?["reason"].string
      if reply.outcome == .done, refused == nil { return Decision(status: run.succeeded("the \(service) server took it")) }
      let why = refused ?? WebhookRequest.failure(reply) ?? "it failed"
      let isFinal = refused != nil || reply.value["error"]["retry"] == false
      if isFinal || run.attempts >= Self.attempts { return Decision(status: run.ended("Failed", why)) }
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
      name: "send-\(run.attempts)", service: service, operation: "send", arguments: arguments, kind: .keyed,
      deadline: Self.deadline, sensitive: true)
    return Decision(status: run.running("sending"), steps: [step])
  }
}
