// FineTune: fits the detector's parameters to sessions, measures them on others that were held out, and makes a model of them.
import ChargingAnalysis
import Core
import Kinds
import Ports

/// It says that it runs, and takes the step `fit`; of the reply it makes the model, which carries the job's uid, so that it is made once.
public struct FineTuneController: KindController {
  public let kind = "FineTune"
  /// Fits that are tried, should the sessions not be readable.
  static let attempts = 3
  public init() {}

  public func needs(_ input: ReconcileInput) -> [Need] {
    guard let base = input.spec["baseModel"]?.string, base != BaseModel.csar.id else { return [] }
    return [Need("base", kind: "DetectorModel", matches: [.init(.spec, "name", among: [.string(base)])])]
  }

  public func decide(_ input: ReconcileInput) -> Decision {
    if input.deleting { return Decision(status: input.status, finished: true) }
    if RunStatus.isFinished(input.status) { return Decision(status: input.status) }
    var run = RunStatus(input)
    if let reply = input.replies.last(where: { $0.step.hasPrefix(FitStep.name) }) {
      if reply.outcome == .done { return fitted(reply.value, input, run) }
      let error = reply.value["error"]
      guard error["code"].string == "unavailable", run.attempts < Self.attempts else {
        return Decision(status: run.ended("Failed", error["message"].string ?? "The fit did not come to an end."))
      }
    }
    let base = input.spec["baseModel"]?.string ?? BaseModel.csar.id
    var parameters = DetectorParameters.standard
    if base != BaseModel.csar.id {
      guard let own = input.needed["base"]?.first, let stored = try? DetectorParameters(json: own["spec"]["parameters"]) else {
        return Decision(status: run.ended("Failed", "The base model is gone."))
      }
      parameters = stored
    }
    run.attempts += 1
    let step = Step(
      name: "\(FitStep.name)-\(run.attempts)", service: "charging", operation: FitStep.name,
      arguments: ["base": parameters.json, "config": input.spec["config"] ?? .emptyObject], kind: .idempotent,
      deadline: FitStep.deadline)
    return Decision(status: run.running("fitting", progress: 0.1), steps: [step])
  }

  private func fitted(_ reply: Value, _ input: ReconcileInput, _ run: RunStatus) -> Decision {
    var run = run
    run.result = ["metrics": reply["metrics"]]
    let title = input.spec["title"]?.string ?? ""
    let model: ObjectMap = [
      "name": .string("tuned-\(input.metadata.uid)"), "title": .string(title), "type": "csar_2",
      "baseModel": input.spec["baseModel"] ?? .string(BaseModel.csar.id), "parameters": reply["parameters"],
      "metrics": reply["metrics"], "fineTune": .string(input.metadata.uid.description),
      "description": .string("Fitted to sessions of this tenant."),
    ]
    return Decision(
      status: run.succeeded("fitted"), events: [("Fitted", "its model is \(title)", false)],
      writes: [.create(kind: "DetectorModel", name: nil, spec: model)])
  }
}
