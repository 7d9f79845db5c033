// NotificationTest: one message to a channel, to see whether it arrives.
import Core
import Kinds

public struct NotificationTestController: KindController {
  public let kind = "NotificationTest"
  public init() {}

  public func decide(_ input: ReconcileInput) -> Decision {
    if input.deleting { return Decision(status: input.status, finished: true) }
    if RunStatus.isFinished(input.status) { return Decision(status: input.status) }
    var run = RunStatus(input)
    guard let uid = input.spec["channel"]?.string.flatMap({ UID($0) }), let channel = input.related[uid] else {
      return Decision(status: run.ended("Rejected", "its channel does not exist"))
    }
    if let reply = input.replies.last(where: { $0.step == "send" }) {
      let failure = WebhookRequest.failure(reply)
      run.result = ["success": .bool(failure == nil), "statusCode": reply.value["status"], "error": Value(failure)]
      return Decision(
        status: failure.map { run.ended("Failed", $0) }
          ?? run.succeeded("the channel took the message"))
    }
    run.attempts = 1
    let message = ChannelMessage(
      type: "notification.test", title: "Test notification from Plumb",
      text: "If you read this, the channel \(channel["name"].string ?? "") works.",
      severity: "info", dedupe: "test-\(input.metadata.uid)", data: ["channel": channel["name"]], at: input.metadata.created)
    switch message.step(named: "send", to: channel["spec"]) {
    case .success(let step): return Decision(status: run.running("sending"), steps: [step])
    case .failure(let problem): return Decision(status: run.ended("Rejected", problem.message))
    }
  }
}
