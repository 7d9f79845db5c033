// Operations on stations that look at hourly energy, and the names for drop-down lists.
import ChargingAnalysis
import Core
import Ports

struct StationLookupHandler: OperationHandler {
  let name = "charging.lookupStations"
  static let limit = 10_000

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let query = GroupQuery(ObjectQuery(tenant: call.tenant, kind: "ChargingStation"), by: [.name], limit: Self.limit)
    return .value(["items": .list(try await ports.reads.groups(query).rows.map { Value($0.key[0]) })])
  }
}

/// The last 31 days that have energy, by hour: the station's hours without gaps, each connector's hours with energy.
struct StationEnergyHandler: OperationHandler {
  let name = "charging.stationEnergy"
  static let hours = 31 * 24
  private static let hour = 3_600_000_000

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    guard let station = call.target else { throw Problem(.missing, code: "missing", "There is no such station.") }
    let rows = try await ports.reads.tallies(tenant: call.tenant, group: station.uid, lastHours: Self.hours)
    let connectors = try await ports.reads.objects(tenant: call.tenant, uids: Set(rows.map(\.part)).sorted())
    let names = Dictionary(
      connectors.map { ($0.uid, $0.spec["connectorId"]?.string ?? "") }, uniquingKeysWith: { first, _ in first })
    var whole: [Int: Double] = [:]
    var parts: [UID: [TallyRow]] = [:]
    for row in rows {
      whole[row.hour.microseconds, default: 0] += row.amount
      parts[row.part, default: []].append(row)
    }
    var timeline: [Value] = []
    if let first = whole.keys.min(), let last = whole.keys.max() {
      timeline = stride(from: first, through: last, by: Self.hour).map { Self.point($0, whole[$0] ?? 0) }
    }
    let own = parts.filter { names[$0.key] != nil }.sorted { (names[$0.key] ?? "") < (names[$1.key] ?? "") }
    return .value([
      "chargingStationId": .string(station.name), "energyDelivered": Self.kwh(whole.values.reduce(0, +)),
      "energyConsumptionStation": .list(timeline),
      "energyConsumptionConnectors": .list(
        own.map { part, rows in
          ["connectorId": Value(names[part]), "energy": .list(rows.map { Self.point($0.hour.microseconds, $0.amount) })]
        }),
      "anomalyOccurrences": .list((station.status["anomalyMarkers"].list ?? []).map { $0["timestamp"] }),
      "computedAt": .string(call.now.description),
    ])
  }

  private static func point(_ at: Int, _ kwh: Double) -> Value {
    ["timestamp": .string(Timestamp(microseconds: at).description), "energy": Self.kwh(kwh)]
  }

  /// Watt-hours are as far as meters count.
  private static func kwh(_ amount: Double) -> Value { .double((amount * 1000).rounded() / 1000) }
}
