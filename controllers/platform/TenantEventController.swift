// TenantEvent: the feed of the root tenant tells of it once it is stored; nothing else has to be done.
import Core
import Kinds

public struct TenantEventController: KindController {
  public let kind = "TenantEvent"
  public init() {}

  public func decide(_ input: ReconcileInput) -> Decision {
    if input.deleting { return Decision(status: input.status, finished: true) }
    if RunStatus.isFinished(input.status) { return Decision(status: input.status) }
    var run = RunStatus(input)
    return Decision(status: run.succeeded("told"))
  }
}
