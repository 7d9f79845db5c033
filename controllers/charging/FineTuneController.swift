// FineTune: fits the detector's parameters to sessions, measures them on others that were held out, and makes a model of them.
import ChargingAnalysis
import Core
import Kinds
import Ports

/// First it says that it runs, then it observes `charging` `training` and fits. The model carries the job's uid, so that it is made once.
public struct FineTuneController: KindController {
  public let kind = "FineTune"
  public init() {}

  public func observation(_ input: ReconcileInput) -> (service: String, operation: String, arguments: Value)? {
    guard !input.deleting, input.status["phase"].string == "Running", Self.source(input) == .stored else { return nil }
    return ("charging", "training", ["filter": (input.spec["source"] ?? .null)["sessionFilter"]])
  }

  public func needs(_ input: ReconcileInput) -> [Need] {
    guard let base = input.spec["baseModel"]?.string, base != BaseModel.csar.id else { return [] }
    return [Need("base", kind: "DetectorModel", matches: [.init(.spec, "name", among: [.string(base)])])]
  }

  private static func source(_ input: ReconcileInput) -> TrainingSource? {
    TrainingSource((input.spec["source"] ?? .null)["type"].string ?? "")
  }

  public func decide(_ input: ReconcileInput) -> Decision {
    if input.deleting { return Decision(status: input.status, finished: true) }
    if RunStatus.isFinished(input.status) { return Decision(status: input.status) }
    var run = RunStatus(input)
    run.attempts = 1
    guard input.status["phase"].string == "Running" else {
      return Decision(status: run.running("reading the sessions", progress: 0.1), lookAgain: .zero)
    }
    if Self.source(input) == .stored, input.world.isNull { return Decision(status: input.status, lookAgain: .seconds(2)) }
    let base = input.spec["baseModel"]?.string ?? BaseModel.csar.id
    do {
      var parameters = DetectorParameters.standard
      if base != BaseModel.csar.id {
        guard let own = input.needed["base"]?.first else {
          return Decision(status: run.ended("Failed", "the base model is gone"))
        }
        parameters = try DetectorParameters(json: own["spec"]["parameters"])
      }
      let config = try FitConfig(json: input.spec["config"] ?? .emptyObject)
      let result = try ParameterFit.fit(Self.sessions(input), base: parameters, config: config)
      run.result = ["metrics": result.metrics]
      let title = input.spec["title"]?.string ?? ""
      let model: ObjectMap = [
        "name": .string("tuned-\(input.metadata.uid)"), "title": .string(title), "type": "csar_2", "baseModel": .string(base),
        "parameters": result.parameters.json, "metrics": result.metrics, "fineTune": .string(input.metadata.uid.description),
        "description": .string("Fitted to sessions of this tenant."),
      ]
      return Decision(
        status: run.succeeded("fitted"), events: [("Fitted", "its model is \(title)", false)],
        writes: [.create(kind: "DetectorModel", name: nil, spec: model)])
    } catch let problems as Problems {
      return Decision(status: run.ended("Failed", problems.list.map(\.message).joined(separator: " ")))
    } catch {
      return Decision(status: run.ended("Failed", "\(error)"))
    }
  }

  private static func sessions(_ input: ReconcileInput) -> [TrainingSession] {
    if source(input) == .upload {
      return ((input.spec["source"] ?? .null)["sessions"].list ?? []).enumerated().map { at, one in
        TrainingSession(
          id: one["sessionId"].string ?? "\(at)", values: MeterValueReader.read(one["meterValues"]).values,
          limits: ConnectorLimits(),
          label: TrainingFacts.label(one["label"]))
      }
    }
    return (input.world["sessions"].list ?? []).map { one in
      TrainingSession(
        id: one["id"].string ?? "", values: ChannelCode.values(PointCoding.points(one["points"])),
        limits: one["connector"].object.map(SessionGround.limits) ?? ConnectorLimits(), label: TrainingFacts.label(one["label"]))
    }
  }
}
