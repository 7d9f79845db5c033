// What a session stands on: its station and connector, made when first seen, the limits and earlier sessions of the connector, its model.
import ChargingAnalysis
import Core
import Kinds
import Ports

struct SessionGround: Sendable {
  /// Earlier anomalous sessions of the connector that recurrence looks at.
  static let earlierLimit = 20

  var station: UID
  var stationId: String
  var connector: UID?
  /// Creations of what was not known yet.
  var creations: [Intent] = []
  var limits = ConnectorLimits()
  var earlier: [EarlierResult] = []
  var parameters = DetectorParameters.standard
  var mark = ""
  /// What the station takes for a kilowatt-hour.
  var pricePerKwh = 0.0

  /// For a session that is to be made.
  static func find(
    tenant: UID, stationId: String, connectorId: String?, evseId: String?, modelId: String?, reads: any ReadPort,
    newUID: () -> UID
  ) async throws -> SessionGround {
    let found = try await reads.objects(named: [ObjectKey(tenant: tenant, kind: "ChargingStation", name: stationId)]).first
    let station = found?.uid ?? newUID()
    var ground = SessionGround(station: station, stationId: stationId)
    if found == nil {
      ground.creations.append(
        Intent(.create, .key(ObjectKey(tenant: tenant, kind: "ChargingStation", name: stationId)), newUID: station))
    }
    if let connectorId {
      let known = found == nil ? nil : try await connector(tenant, station, connectorId, reads)
      let uid = known?.uid ?? newUID()
      ground.connector = uid
      if let known {
        ground.limits = limits(known.spec)
      } else {
        ground.creations.append(
          Intent(
            .create, .new(tenant: tenant, kind: "Connector"),
            fields: connectorFields(station, connectorId, evseId: evseId), newUID: uid))
      }
    }
    try await ground.read(tenant: tenant, model: modelId, station: found, reads: reads)
    return ground
  }

  /// For a session that exists.
  static func of(_ session: StoredObject, modelId: String?, reads: any ReadPort) async throws -> SessionGround {
    let uids = ["station", "connector"].compactMap { session.spec[$0]?.string.flatMap { UID($0) } }
    let objects = try await reads.objects(tenant: session.tenant, uids: uids)
    let station = objects.first { $0.kind == "ChargingStation" }
    let connector = objects.first { $0.kind == "Connector" }
    var ground = SessionGround(station: uids[0], stationId: station?.name ?? "", connector: connector?.uid)
    if let connector { ground.limits = limits(connector.spec) }
    try await ground.read(tenant: session.tenant, model: modelId, station: station, reads: reads)
    return ground
  }

  /// Of a connector that a session names first: the EVSE is the one that this session says.
  static func connectorFields(_ station: UID, _ connectorId: String, evseId: String?) -> ObjectMap {
    var fields: ObjectMap = ["station": .string(station.description), "connectorId": .string(connectorId)]
    if let evseId { fields["evseId"] = .string(evseId) }
    return fields
  }

  private static func connector(_ tenant: UID, _ station: UID, _ connectorId: String, _ reads: any ReadPort) async throws
    -> StoredObject?
  {
    let query = ObjectQuery(
      tenant: tenant, kind: "Connector",
      predicate: .all([
        .compare(.spec(["station"]), .equal, .string(station.description)),
        .compare(.spec(["connectorId"]), .equal, .string(connectorId)),
      ]), limit: 1, wantsOwners: false)
    return try await reads.list(query).objects.first
  }

  private mutating func read(tenant: UID, model: String?, station: StoredObject?, reads: any ReadPort) async throws {
    if let connector {
      let query = ObjectQuery(
        tenant: tenant, kind: "Session",
        predicate: .all([
          .compare(.spec(["connector"]), .equal, .string(connector.description)), .compare(.spec(["isAnomaly"]), .equal, true),
        ]), sort: [(.created, true)], limit: Self.earlierLimit, wantsOwners: false)
      earlier = try await reads.list(query).objects.compactMap(Self.earlier)
    }
    pricePerKwh = station?.spec["pricePerKwh"]?.double ?? 0
    let stored = try await Self.model(tenant, named: model ?? station?.spec["model"]?.string, reads)
    (parameters, mark) = try ModelChoice.parameters(stored)
  }

  /// A tenant's own model by id or name; nil for the base model.
  static func model(_ tenant: UID, named: String?, _ reads: any ReadPort) async throws -> StoredObject? {
    guard let named, named != BaseModel.csar.id else { return nil }
    let found =
      if let uid = UID(named) {
        try await reads.objects(tenant: tenant, uids: [uid])
      } else {
        try await reads.objects(named: [ObjectKey(tenant: tenant, kind: "DetectorModel", name: named)])
      }
    guard let model = found.first(where: { $0.kind == "DetectorModel" && !$0.deleted }) else {
      throw Problem(
        .invalid, code: "unknown_model", "no model has the id \"\(named.prefix(80))\"",
        pointer: "/metadata/\(ModelChoice.member)",
        fix: "GET /v1/models lists them.")
    }
    return model
  }

  static func earlier(_ session: StoredObject) -> EarlierResult? {
    guard let start = session.spec["startedAt"]?.string.flatMap({ Timestamp($0) }) else { return nil }
    let categories = Set((session.spec["anomalies"]?.list ?? []).compactMap { $0["category"].string })
    return EarlierResult(
      startedAt: start, categories: categories.sorted().compactMap { AnomalyCategory(rawValue: $0) })
  }

  static func limits(_ connector: ObjectMap) -> ConnectorLimits {
    var limits = ConnectorLimits()
    limits.maxPowerKw = connector["maxPowerKw"]?.double
    limits.maxCurrentA = connector["maxCurrentA"]?.double
    limits.maxVoltageV = connector["maxVoltageV"]?.double
    limits.phases = connector["phases"]?.int
    return limits
  }

  /// Only what came before counts as earlier.
  func earlier(than values: [MeterValue]) -> [EarlierResult] {
    guard let start = values.first?.timestamp else { return [] }
    return earlier.filter { $0.startedAt < start }
  }
}
