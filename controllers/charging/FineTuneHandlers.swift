// Fine-tuning: a job is queued, and later says how far it is and which model came of it.
import ChargingAnalysis
import Core
import Ports

struct StartFineTuneHandler: OperationHandler {
  let name = "charging.startFineTune"

  func faults(of body: Value) -> [Problem] {
    var problems: [Problem] = []
    let source = body["dataSource"]
    if let type = source["type"].string, TrainingSource(type) == nil {
      problems.append(
        Problem(
          .invalid, code: "data_source", "\"\(type.prefix(40))\" is no source of training data", pointer: "/dataSource/type",
          fix: "\(TrainingSource.words)."))
    }
    problems += TrainingFilter.problems(source["sessionFilter"], at: "/dataSource/sessionFilter")
    if TrainingSource(source["type"].string ?? "") == .upload { problems += Self.uploadFaults(source["sessions"]) }
    let config = body["trainingConfig"]
    do { _ = try FitConfig(json: config.isNull ? .emptyObject : config, at: "/trainingConfig") } catch { problems += error.list }
    return problems
  }

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    var problems: [Problem] = []
    let base = call.body["baseModelId"].string ?? ""
    if base != BaseModel.csar.id {
      let own = try await ports.reads.objects(named: [ObjectKey(tenant: call.tenant, kind: "DetectorModel", name: base)])
      if own.isEmpty {
        let isShade = base == BaseModel.shade.id
        problems.append(
          Problem(
            .invalid, code: "unknown_model",
            isShade ? "this model learns from each station's history by itself" : "no model has the id \"\(base.prefix(80))\"",
            pointer: "/baseModelId", fix: "Use \"\(BaseModel.csar.id)\" or one of your own models."))
      }
    }
    let source = call.body["dataSource"]
    problems += faults(of: call.body)
    guard problems.isEmpty else { throw Problems(problems) }
    let fields: ObjectMap = [
      "baseModel": .string(base), "title": .string(call.body["name"].string ?? ""),
      "config": call.body["trainingConfig"].isNull ? .emptyObject : call.body["trainingConfig"], "source": source,
    ]
    let outcome = try await ports.writes.write([Intent(.create, .new(tenant: call.tenant, kind: "FineTune"), fields: fields)])
    guard let job = outcome.objects[0] else { throw Problem(.failure, code: "failure", "The job is gone.") }
    return .value([
      "jobId": .string(job.uid.description), "status": "queued", "baseModelId": .string(base),
      "createdAt": .string(job.created.description),
    ])
  }

  private static func uploadFaults(_ sessions: Value) -> [Problem] {
    guard let list = sessions.list, !list.isEmpty, list.count <= TrainingFacts.sessionLimit else {
      return [
        Problem(
          .invalid, code: "data_source", "an upload holds 1 to \(TrainingFacts.sessionLimit) sessions with their meterValues",
          pointer: "/dataSource/sessions")
      ]
    }
    return list.enumerated().flatMap { at, one in
      MeterValueReader.read(one["meterValues"], at: "/dataSource/sessions/\(at)/meterValues").problems
    }
  }
}

struct GetFineTuneHandler: OperationHandler {
  let name = "charging.getFineTune"

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    guard let job = call.target else { throw Problem(.missing, code: "missing", "There is no such job.") }
    let query = ObjectQuery(
      tenant: call.tenant, kind: "DetectorModel", predicate: .compare(.spec(["fineTune"]), .equal, .string(job.uid.description)),
      limit: 1, wantsOwners: false)
    let model = try await ports.reads.list(query).objects.first
    let status = job.status
    return .value([
      "jobId": .string(job.uid.description), "status": .string(Self.word(status)), "baseModelId": job.spec["baseModel"] ?? .null,
      "resultModelId": Value(model?.name), "config": job.spec["config"] ?? [:], "progress": status["progress"],
      "metrics": status["result"]["metrics"], "createdAt": .string(job.created.description), "startedAt": status["startedAt"],
      "completedAt": status["finishedAt"], "errorMessage": status["error"],
    ])
  }

  static func word(_ status: Value) -> String {
    switch status["phase"].string {
    case nil, "Waiting", "Queued": "queued"
    case "Running": "running"
    case "Succeeded": "completed"
    case "Cancelled": "cancelled"
    default: "failed"
    }
  }
}
