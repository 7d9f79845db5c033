// The filters that lists of anomalies share, as one predicate. Pure.
import ChargingAnalysis
import Core
import Ports

enum AnomalyFilter {
  /// Query parameter → field, where equality is meant.
  private static let equal = [
    "connectorId": "connectorId", "chargingSessionId": "sessionId", "chargingPointId": "stationId", "evseId": "evseId",
    "anomalyIssuesStatus": "issueStatus", "assignedTo": "assignedTo",
  ]

  static func predicate(_ args: ObjectMap) -> Predicate {
    var parts: [Predicate] = [.compare(.spec(["found"]), .equal, true)]
    // The anomaly's type by its name or by its number.
    if let type = args["anomalyType"]?.string {
      let category = AnomalyCategory(rawValue: type.uppercased()) ?? AnomalyCategory(id: type)
      parts.append(category.map { .compare(.spec(["category"]), .equal, .string($0.rawValue)) } ?? .never)
    }
    for (parameter, field) in equal.sorted(by: { $0.key < $1.key }) {
      guard let value = args[parameter], !value.isNull else { continue }
      let meant = field == "issueStatus" ? value.string.map { .string($0.uppercased()) } ?? value : value
      parts.append(.compare(.spec([field]), .equal, meant))
    }
    func range(_ from: String, _ to: String, _ path: FieldPath) {
      if let value = args[from], !value.isNull { parts.append(.compare(path, .greaterOrEqual, value)) }
      if let value = args[to], !value.isNull { parts.append(.compare(path, .lessOrEqual, value)) }
    }
    range("occurrenceFrom", "occurrenceTo", .spec(["occurredAt"]))
    range("updateFrom", "updateTo", .spec(["lastDetectedAt"]))
    return .all(parts)
  }

  static func query(_ call: OperationCall) -> ObjectQuery {
    ObjectQuery(tenant: call.tenant, kind: "Anomaly", predicate: predicate(call.args), wantsOwners: false)
  }
}
