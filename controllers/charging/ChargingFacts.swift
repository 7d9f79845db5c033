// Service `charging`: what the controllers of this family see of sessions and stations. Reads only, a fixed number of statements.
import ChargingAnalysis
import Core
import Kinds
import Ports

/// Observations, each within the object's tenant:
/// - `sessions` {sessions: [uid]} → {sessions: [{uid, spec, connector, earlier, model, points, anomalies}]}
/// - `station` {station} → see `StationFacts`
/// Step `fit`: see `FitStep`.
public struct ChargingFacts: ServicePort {
  public let name = "charging"
  let reads: any ReadPort
  /// Anomalous sessions of all connectors of one observation.
  private static let earlierLimit = 400

  public init(reads: any ReadPort) { self.reads = reads }

  public func observe(_ metadata: ObjectMetadata, operation: String, arguments: Value) async throws -> Value {
    switch operation {
    case "sessions":
      return try await sessions(metadata.tenant, (arguments["sessions"].list ?? []).compactMap { $0.string.flatMap { UID($0) } })
    case "station": return try await StationFacts(reads: reads, tenant: metadata.tenant).value(metadata.uid, named: metadata.name)
    default: throw Problem(.invalid, code: "operation", "Charging has no operation \(operation).")
    }
  }

  public func perform(_ step: Step, key: String, metadata: ObjectMetadata) async -> StepReply {
    if step.operation == FitStep.name { return await FitStep(reads: reads).reply(step, metadata: metadata) }
    return StepReply(
      step: step.name, outcome: .failed, value: ["error": ["code": "operation", "message": "Charging has no such step."]])
  }

  private func sessions(_ tenant: UID, _ uids: [UID]) async throws -> Value {
    if uids.isEmpty { return ["sessions": []] }
    let sessions = try await reads.objects(tenant: tenant, uids: uids).filter { $0.kind == "Session" && !$0.deleted }
    func targets(_ field: String) -> [UID] { Set(sessions.compactMap { $0.spec[field]?.string.flatMap { UID($0) } }).sorted() }
    let places = try await reads.objects(tenant: tenant, uids: targets("connector") + targets("station"))
    let byUID = Dictionary(places.map { ($0.uid, $0) }, uniquingKeysWith: { first, _ in first })
    let points = try await reads.series(tenant: tenant, owners: sessions.map(\.uid))
    let earlier = try await earlier(tenant, connectors: targets("connector"))
    let anomalies = try await anomalies(tenant, sessions.filter { $0.spec["everAnomalous"]?.bool == true })
    var models: [String: Value] = [:]
    var shown: [Value] = []
    for session in sessions.sorted(by: { $0.uid < $1.uid }) {
      let station = session.spec["station"]?.string.flatMap { UID($0) }.flatMap { byUID[$0] }
      let connector = session.spec["connector"]?.string.flatMap { UID($0) }.flatMap { byUID[$0] }
      let choice = (session.spec["metadata"] ?? .null)[ModelChoice.member].string ?? station?.spec["model"]?.string ?? ""
      if models[choice] == nil { models[choice] = try await model(tenant, choice) }
      shown.append([
        "uid": .string(session.uid.description), "spec": .object(session.spec),
        "connector": connector.map { .object($0.spec) } ?? .null,
        "earlier": .list(connector.map { earlier[$0.uid] ?? [] } ?? []), "model": models[choice] ?? .null,
        "points": PointCoding.value(points[session.uid] ?? []), "anomalies": .list(anomalies[session.uid] ?? []),
      ])
    }
    return ["sessions": .list(shown)]
  }

  /// A model that is gone or was never there: the base model.
  private func model(_ tenant: UID, _ choice: String) async throws -> Value {
    let stored = choice.isEmpty ? nil : try? await SessionGround.model(tenant, named: choice, reads)
    let (parameters, mark) = (try? ModelChoice.parameters(stored)) ?? (.standard, "")
    return ["parameters": parameters.json, "mark": .string(mark)]
  }

  private func earlier(_ tenant: UID, connectors: [UID]) async throws -> [UID: [Value]] {
    if connectors.isEmpty { return [:] }
    let query = ObjectQuery(
      tenant: tenant, kind: "Session",
      predicate: .all([
        .among(.spec(["connector"]), connectors.map { .string($0.description) }), .compare(.spec(["isAnomaly"]), .equal, true),
      ]), sort: [(.created, true)], limit: Self.earlierLimit, wantsOwners: false)
    var found: [UID: [Value]] = [:]
    for session in try await reads.list(query).objects {
      guard let connector = session.spec["connector"]?.string.flatMap({ UID($0) }), let result = SessionGround.earlier(session)
      else {
        continue
      }
      if found[connector]?.count ?? 0 >= SessionGround.earlierLimit { continue }
      found[connector, default: []].append([
        "sessionId": .string(session.name), "startedAt": .string(result.startedAt.description),
        "categories": .list(result.categories.map { .string($0.rawValue) }),
      ])
    }
    return found
  }

  private func anomalies(_ tenant: UID, _ sessions: [StoredObject]) async throws -> [UID: [Value]] {
    if sessions.isEmpty { return [:] }
    let query = ObjectQuery(
      tenant: tenant, kind: "Anomaly", predicate: .among(.spec(["sessionId"]), sessions.map { .string($0.name) }),
      limit: sessions.count * AnomalyCategory.allCases.count, wantsOwners: false)
    var found: [UID: [Value]] = [:]
    for anomaly in try await reads.list(query).objects {
      guard let session = anomaly.spec["session"]?.string.flatMap({ UID($0) }) else { continue }
      found[session, default: []].append(["uid": .string(anomaly.uid.description), "spec": .object(anomaly.spec)])
    }
    return found
  }
}
