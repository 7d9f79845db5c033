// Controllers with a bug in them, put in on purpose.
import Core
import Kinds

/// Notes what it made true together with the decision, not after the steps, and does nothing more while the note fits.
struct HashFirstController: KindController {
  let inner: any KindController
  var kind: String { inner.kind }
  func observation(_ input: ReconcileInput) -> (service: String, operation: String, arguments: Value)? {
    inner.observation(input)
  }
  func needs(_ input: ReconcileInput) -> [Need] { inner.needs(input) }
  func decide(_ input: ReconcileInput) -> Decision {
    let children = input.world["replicas"].list ?? []
    if !input.deleting, input.status["applied"].int == input.metadata.generation,
      children.allSatisfy({ $0["state"] == "running" })
    {
      return Decision(status: input.status)
    }
    var decision = inner.decide(input)
    guard decision.steps.contains(where: { $0.operation == "start" }) else { return decision }
    decision.status["applied"] = .int(input.metadata.generation)
    decision.status["phase"] = "Running"
    decision.status["conditions"] = [Condition("Ready", .yes, reason: "Applied", message: "as noted", since: input.now).value]
    return decision
  }
}

/// Lets go of the object without cleaning up.
struct OrphaningController: KindController {
  let inner: any KindController
  var kind: String { inner.kind }
  func observation(_ input: ReconcileInput) -> (service: String, operation: String, arguments: Value)? {
    inner.observation(input)
  }
  func needs(_ input: ReconcileInput) -> [Need] { inner.needs(input) }
  func decide(_ input: ReconcileInput) -> Decision {
    input.deleting ? Decision(status: input.status, finished: true) : inner.decide(input)
  }
}

/// Takes every reply for a good one.
struct CarelessController: KindController {
  let inner: any KindController
  var kind: String { inner.kind }
  func observation(_ input: ReconcileInput) -> (service: String, operation: String, arguments: Value)? {
    inner.observation(input)
  }
  func needs(_ input: ReconcileInput) -> [Need] { inner.needs(input) }
  func decide(_ input: ReconcileInput) -> Decision {
    var input = input
    for at in input.replies.indices { input.replies[at].outcome = .done }
    return inner.decide(input)
  }
}

extension PlantedBug {
  /// The controller with this bug in it.
  func planted(in controller: any KindController) -> any KindController {
    switch (self, controller.kind) {
    case (.lostDelivery, "Webhook"), (.commitFirst, "GitSource"): return CarelessController(inner: controller)
    default: break
    }
    guard controller.kind == "App" else { return controller }
    switch self {
    case .earlyStatus: return EarlyController(inner: controller)
    case .hashFirst: return HashFirstController(inner: controller)
    case .orphan: return OrphaningController(inner: controller)
    default: return controller
    }
  }
}
