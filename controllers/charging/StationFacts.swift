// What is known of one station: its sessions and anomalies by connector, and its energy by hour. Four grouped statements.
import ChargingAnalysis
import Core
import Kinds
import Ports

struct StationFacts {
  /// Hours of history that station analysis looks at: 26 weeks.
  static let hours = 26 * 7 * 24

  let reads: any ReadPort
  let tenant: UID

  /// `{connectors: [{connectorId, total, anomalous, categories: {name: n}}], total, anomalous, anomalies, lastAnomalyAt,
  /// worst, waiting, hours: [[µs, kWh]]}`; `connectorId` null: sessions without one.
  func value(_ station: UID, named name: String) async throws -> Value {
    let own = Predicate.compare(.spec(["stationId"]), .equal, .string(name))
    let sessions = try await reads.groups(
      GroupQuery(
        ObjectQuery(tenant: tenant, kind: "Session", predicate: own), by: [.spec(["connectorId"]), .spec(["isAnomaly"])],
        limit: 10_000))
    let anomalies = try await reads.groups(
      GroupQuery(
        ObjectQuery(tenant: tenant, kind: "Anomaly", predicate: .all([own, .compare(.spec(["found"]), .equal, true)])),
        by: [.spec(["connectorId"]), .spec(["category"])],
        figures: [.greatest(.spec(["occurredAt"])), .greatest(.spec(["score"]))], limit: 10_000))
    let known = try await reads.list(
      ObjectQuery(
        tenant: tenant, kind: "Connector", predicate: .compare(.spec(["station"]), .equal, .string(station.description)),
        limit: 1000,
        wantsOwners: false)
    ).objects.compactMap { $0.spec["connectorId"]?.string }
    let tallies = try await reads.tallies(tenant: tenant, group: station, lastHours: Self.hours)
    var byHour: [Int: Double] = [:]
    for row in tallies { byHour[row.hour.microseconds, default: 0] += row.amount }
    var connectors: [String?: Connector] = [:]
    for id in known { connectors[id] = Connector() }
    for row in sessions.rows {
      var one = connectors[row.key[0]] ?? Connector()
      one.total += row.count
      if row.key[1] == "true" { one.anomalous += row.count }
      connectors[row.key[0]] = one
    }
    for row in anomalies.rows {
      guard let category = row.key[1] else { continue }
      connectors[row.key[0], default: Connector()].categories[category, default: 0] += row.count
    }
    let sorted = connectors.sorted { ($0.key ?? "") < ($1.key ?? "") }
    return [
      "connectors": .list(sorted.map { id, one in one.value(id) }),
      "total": .int(sorted.reduce(0) { $0 + $1.value.total }), "anomalous": .int(sorted.reduce(0) { $0 + $1.value.anomalous }),
      "anomalies": .int(anomalies.rows.reduce(0) { $0 + $1.count }),
      "lastAnomalyAt": Value(anomalies.rows.compactMap { $0.figures[0].string }.max()),
      "worst": anomalies.rows.compactMap { $0.figures[1].double }.max().map(Value.double) ?? .null,
      "hours": .list(byHour.sorted { $0.key < $1.key }.map { [.int($0.key), .double($0.value)] }),
    ]
  }

  private struct Connector {
    var total = 0
    var anomalous = 0
    var categories: [String: Int] = [:]

    func value(_ id: String?) -> Value {
      [
        "connectorId": Value(id), "total": .int(total), "anomalous": .int(anomalous),
        "categories": .object(ObjectMap(categories.sorted { $0.key < $1.key }.map { ($0.key, Value.int($0.value)) })),
      ]
    }
  }
}
