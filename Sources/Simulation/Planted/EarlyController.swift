// A controller that says what it hopes for: a bug, put in on purpose.
import Core
import Kinds

struct EarlyController: KindController {
  let inner: any KindController
  var kind: String { inner.kind }
  func observation(_ input: ReconcileInput) -> (service: String, operation: String, arguments: Value)? {
    inner.observation(input)
  }
  func needs(_ input: ReconcileInput) -> [Need] { inner.needs(input) }
  func decide(_ input: ReconcileInput) -> Decision {
    var decision = inner.decide(input)
    guard decision.steps.contains(where: { $0.operation == "start" }) else { return decision }
    decision.status["phase"] = "Running"
    decision.status["conditions"] = [Condition("Ready", .yes, reason: "Running", message: "it will", since: input.now).value]
    return decision
  }
}
