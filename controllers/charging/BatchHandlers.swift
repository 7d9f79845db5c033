// Operations on batches: submit one, and see how far it is, with a page of results.
import ChargingAnalysis
import Core
import Ports

struct SubmitBatchHandler: OperationHandler {
  let name = "charging.submitBatch"

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let batch = try await BatchIntake(call: call, ports: ports).submit(call.body["sessions"].list ?? [])
    return .value([
      "batchId": .string(batch.uid.description), "totalSessions": batch.spec["totalSessions"] ?? 0, "status": "pending",
    ])
  }
}

struct GetBatchHandler: OperationHandler {
  let name = "charging.getBatch"

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    guard let batch = call.target else { throw Problem(.missing, code: "missing", "There is no such batch.") }
    let page = PageArguments(call)
    let status = batch.status
    let failures = batch.spec["failures"]?.list ?? []
    let analyzed = status["analyzed"].int ?? 0
    let done = (batch.spec["items"]?.list ?? []).prefix(analyzed)
    // Failed ones are known from the start; results stand in the order of the request.
    let results = (done + failures).sorted { ($0["index"].int ?? 0) < ($1["index"].int ?? 0) }
    let shown = results.dropFirst(page.offset).prefix(page.size)
    let uids = shown.compactMap { $0["session"].string.flatMap { UID($0) } }
    let found = try await ports.reads.objects(tenant: call.tenant, uids: uids)
    let sessions = Dictionary(found.map { ($0.uid.description, $0) }, uniquingKeysWith: { first, _ in first })
    let items = shown.map { result -> Value in
      if let session = result["session"].string.flatMap({ sessions[$0] }) { return .object(SessionFields.shown(session)) }
      return [
        "sessionId": result["sessionId"].string.map(Value.string) ?? "", "status": "failed", "isAnomaly": nil,
        "anomalyScore": nil,
        "anomalyConfidence": nil, "isIncident": nil, "isRecurring": nil, "anomalies": [], "analyzedAt": nil,
        "socReconstructed": nil,
        "message": result["message"].string.map(Value.string) ?? "The session is gone.", "createdAt": nil,
      ]
    }
    return .value([
      "batchId": .string(batch.uid.description), "status": .string(Self.word(status)),
      "totalSessions": batch.spec["totalSessions"] ?? 0, "processedSessions": .int(status["processedSessions"].int ?? 0),
      "failedSessions": .int(status["failedSessions"].int ?? 0), "results": .list(items), "page": .int(page.page),
      "pageSize": .int(page.size), "createdAt": .string(batch.created.description), "completedAt": status["finishedAt"],
    ])
  }

  static func word(_ status: Value) -> String {
    switch status["phase"].string {
    case nil, "Waiting", "Queued": "pending"
    case "Running": "processing"
    case "Succeeded": "completed"
    default: "failed"
    }
  }
}
