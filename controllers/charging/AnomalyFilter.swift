// The filters that lists of anomalies share, as one predicate. Pure.
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
      parts.append(
        .any([.compare(.spec(["category"]), .equal, .string(type)), .compare(.spec(["categoryId"]), .equal, .string(type))]))
    }
    for (parameter, field) in equal.sorted(by: { $0.key < $1.key }) {
      if let value = args[parameter], !value.isNull { parts.append(.compare(.spec([field]), .equal, value)) }
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
