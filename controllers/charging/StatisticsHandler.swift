// The tenant's summary: sessions, anomalies, stations, availability, revenue. A fixed number of grouped statements.
import ChargingAnalysis
import Core
import Ports

struct StatisticsHandler: OperationHandler {
  let name = "charging.statistics"
  /// Issues in these states need nobody any more.
  static let closed: [Value] = ["RESOLVED", "CLOSED", "DISMISSED"]

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let reads = ports.reads
    let found = Predicate.compare(.spec(["found"]), .equal, true)
    func anomalies(_ predicate: Predicate) -> ObjectQuery {
      ObjectQuery(tenant: call.tenant, kind: "Anomaly", predicate: predicate)
    }
    let counts = try await reads.count([
      anomalies(found), anomalies(.all([found, .not(.among(.spec(["issueStatus"]), Self.closed))])),
      ObjectQuery(tenant: call.tenant, kind: "Session"),
      ObjectQuery(tenant: call.tenant, kind: "Session", predicate: .compare(.spec(["isAnomaly"]), .equal, true)),
    ])
    let connectors = try await reads.groups(
      GroupQuery(anomalies(.all([found, .not(.isNull(.spec(["connector"])))])), by: [.spec(["connector"])], limit: 0)
    ).total
    let stations = try await reads.groups(GroupQuery(anomalies(found), by: [.spec(["station"])], limit: 0)).total
    let uptime = try await uptime(call, reads)
    let revenue = try await revenue(call, reads)
    return .value([
      "activeAnomaliesCount": .int(counts[1]), "sessionsWithAnomaliesCount": .int(counts[3]),
      "connectorsWithAnomaliesCount": .int(connectors), "totalAnomaliesCount": .int(counts[0]),
      "chargingStationsWithAnomaliesCount": .int(stations), "uptimePercentage": .double(uptime.now),
      "uptimeDelta": .double(uptime.delta),
      "totalSessions": .int(counts[2]), "totalRevenue": .double(revenue.total), "revenueAtRisk": .double(revenue.atRisk),
      "revenueLeakEstimate": .double(revenue.leak),
    ])
  }

  /// Share of stations whose latest judged day shows no outage or drop, against the share a day of theirs had before on average.
  private func uptime(_ call: OperationCall, _ reads: any ReadPort) async throws -> (now: Double, delta: Double) {
    let stations = ObjectQuery(
      tenant: call.tenant, kind: "ChargingStation", predicate: .not(.isNull(.status(["analyzedAt"]))))
    let groups = try await reads.groups(GroupQuery(stations, by: [.status(["isAnomaly"])]))
    let total = groups.rows.reduce(0) { $0 + $1.count }
    guard total > 0 else { return (100, 0) }
    let down = groups.rows.filter { $0.key[0] == "true" }.reduce(0) { $0 + $1.count }
    let history = try await reads.aggregate(RecordQuery(tenant: call.tenant, kind: "StationInference"), sum: nil, by: "isAnomaly")
    let past = history.reduce(0) { $0 + $1.count }
    let pastDown = history.filter { $0.group == "true" }.reduce(0) { $0 + $1.count }
    let now = 100 * Double(total - down) / Double(total)
    let before = past == 0 ? now : 100 * Double(past - pastDown) / Double(past)
    return (Self.rounded(now), Self.rounded(now - before))
  }

  /// Energy times the price of its station. At risk: what anomalous sessions brought; the estimate of the leak weighs it by their scores.
  private func revenue(_ call: OperationCall, _ reads: any ReadPort) async throws -> (total: Double, atRisk: Double, leak: Double)
  {
    let query = GroupQuery(
      ObjectQuery(tenant: call.tenant, kind: "Session"), by: [.spec(["isAnomaly"])],
      figures: [.sum(.spec(["revenue"])), .sum(.spec(["revenueLeak"]))])
    var (total, risk, leak) = (0.0, 0.0, 0.0)
    for row in try await reads.groups(query).rows {
      total += row.figures[0].double ?? 0
      if row.key[0] == "true" {
        risk += row.figures[0].double ?? 0
        leak += row.figures[1].double ?? 0
      }
    }
    return (Self.rounded(total), Self.rounded(risk), Self.rounded(leak))
  }

  private static func rounded(_ number: Double) -> Double { (number * 100).rounded() / 100 }
}
