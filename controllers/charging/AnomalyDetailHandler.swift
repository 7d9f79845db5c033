// One category of anomaly in one session: its values, how its risk developed, and its issue.
import ChargingAnalysis
import Core
import Ports

struct AnomalyDetailHandler: OperationHandler {
  let name = "charging.anomalyDetail"

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    guard let session = call.target else { throw SessionWriting.missing }
    let wanted = call.with["category"]?.string ?? ""
    guard let category = AnomalyCategory.allCases.first(where: { $0.id == wanted || $0.rawValue == wanted.uppercased() }) else {
      throw Problem(
        .missing, code: "missing", "There is no anomaly category \"\(wanted.prefix(40))\".",
        fix: "Known: \(AnomalyCategory.allCases.map { "\($0.id) or \($0.rawValue)" }.joined(separator: ", ")).")
    }
    let query = ObjectQuery(
      tenant: call.tenant, kind: "Anomaly",
      predicate: .all([
        .compare(.spec(["sessionId"]), .equal, .string(session.name)),
        .compare(.spec(["category"]), .equal, .string(category.rawValue)),
      ]), limit: 1, wantsOwners: false)
    guard let anomaly = try await ports.reads.list(query).objects.first else {
      throw Problem(.missing, code: "missing", "No anomaly of this category was found in this session.")
    }
    let points = try await ports.reads.series(tenant: call.tenant, owners: [session.uid])[session.uid] ?? []
    return .value(Self.shown(anomaly, category, ChannelCode.values(points), tenant: call.tenant))
  }

  private static func shown(_ anomaly: StoredObject, _ category: AnomalyCategory, _ values: [MeterValue], tenant: UID) -> Value {
    let spec = anomaly.spec
    func field(_ name: String) -> Value { spec[name] ?? .null }
    return [
      "sessionId": field("sessionId"), "clientId": .string(tenant.description), "connectorId": field("connectorId"),
      "chargingPointId": field("stationId"), "ocppChargingStationId": field("stationId"), "evseId": field("evseId"),
      "detectionLevel": "session", "meterValues": .list(SessionTimeline.points(values).map { full($0.json) }),
      "currentRiskScore": spec["found"]?.bool == true ? field("score") : 0.0, "firstDetectionDate": field("firstDetectedAt"),
      "lastUpdateDate": field("lastDetectedAt"),
      "anomalyCategory": [
        "id": .string(category.id), "name": .string(category.rawValue), "description": .string(category.summary),
        "maxScore": field("maxScore"),
      ],
      "riskScoreTimeline": spec["timeline"] ?? [], "anomalyPeriod": ["start": field("periodStart"), "end": field("periodEnd")],
      "issues": [ListAnomaliesHandler.issue(anomaly)],
    ]
  }

  /// Every documented member is there; null where nothing was measured.
  private static func full(_ point: Value) -> Value {
    [
      "timestamp": point["timestamp"], "energy": point["energy"], "stateOfCharge": point["stateOfCharge"],
      "power": point["power"],
      "soc": point["soc"],
    ]
  }
}
