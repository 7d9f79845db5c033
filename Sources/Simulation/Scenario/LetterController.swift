// Sends one letter for each `NotificationTest`, with a step of class once.
import Core
import Kinds

public struct LetterController: KindController {
  public let kind = "NotificationTest"
  public init() {}

  public func decide(_ input: ReconcileInput) -> Decision {
    let phase = input.status["phase"].string
    if input.deleting { return Decision(status: input.status, finished: true) }
    if let reply = input.replies.last {
      return Decision(status: ["phase": reply.outcome == .done ? "Succeeded" : reply.outcome == .unknown ? "Unknown" : "Failed"])
    }
    if phase != nil, phase != "Running" { return Decision(status: input.status) }
    let step = Step(
      name: "send", service: "letters", operation: "send", arguments: .emptyObject, kind: .once, deadline: .seconds(10))
    return Decision(status: ["phase": "Running"], steps: phase == nil ? [step] : [])
  }
}
