// The sessions that a fine-tuning learns from: chosen among the tenant's, or sent with the job.
import ChargingAnalysis
import Core
import Kinds
import Ports

/// Where training data comes from.
enum TrainingSource {
  case stored, upload

  /// Words that clients use for the two.
  private static let known: [String: TrainingSource] = [
    "sessions": .stored, "submitted_sessions": .stored, "existing_sessions": .stored, "previous_sessions": .stored,
    "stored": .stored,
    "historical": .stored, "upload": .upload, "direct_upload": .upload,
  ]
  static let words = "Use \"sessions\" for sessions that were submitted before, or \"upload\" with `sessions`"

  init?(_ word: String) {
    guard let found = Self.known[word.lowercased()] else { return nil }
    self = found
  }
}

/// Which stored sessions: `{chargingStationId, connectorId, evseId, sessionIds, isAnomaly, dateFrom, dateTo, limit}`, all optional.
enum TrainingFilter {
  private static let texts = ["chargingStationId": "stationId", "connectorId": "connectorId", "evseId": "evseId"]

  static func problems(_ filter: Value, at pointer: String) -> [Problem] {
    if filter.isNull { return [] }
    func fault(_ name: String, _ message: String) -> Problem {
      Problem(.invalid, code: "session_filter", message, pointer: "\(pointer)/\(name)")
    }
    guard let map = filter.object else {
      return [Problem(.invalid, code: "session_filter", "a filter is an object", pointer: pointer)]
    }
    return map.compactMap { name, value in
      if value.isNull { return nil }
      switch name {
      case "chargingStationId", "connectorId", "evseId": return value.string == nil ? fault(name, "a text is expected") : nil
      case "isAnomaly": return value.bool == nil ? fault(name, "true or false is expected") : nil
      case "dateFrom", "dateTo":
        return value.string.flatMap { Timestamp($0) } == nil
          ? fault(name, "a time such as 2026-01-31T12:00:00Z is expected") : nil
      case "limit": return (value.int ?? 0) < 1 ? fault(name, "a whole number from 1 on is expected") : nil
      case "sessionIds":
        return value.list?.allSatisfy { $0.string != nil } == true ? nil : fault(name, "a list of ids is expected")
      default:
        return fault(
          name,
          "there is no such filter; known: \((texts.keys + ["dateFrom", "dateTo", "isAnomaly", "limit", "sessionIds"]).sorted().joined(separator: ", "))"
        )
      }
    }
  }

  static func predicate(_ filter: Value) -> Predicate {
    var parts: [Predicate] = []
    for (name, field) in texts.sorted(by: { $0.key < $1.key }) {
      if let text = filter[name].string { parts.append(.compare(.spec([field]), .equal, .string(text))) }
    }
    if let flag = filter["isAnomaly"].bool { parts.append(.compare(.spec(["isAnomaly"]), .equal, .bool(flag))) }
    if let from = filter["dateFrom"].string { parts.append(.compare(.created, .greaterOrEqual, .string(from))) }
    if let to = filter["dateTo"].string { parts.append(.compare(.created, .lessOrEqual, .string(to))) }
    if let ids = filter["sessionIds"].list { parts.append(.among(.name, ids)) }
    return parts.isEmpty ? .always : .all(parts)
  }
}

struct TrainingFacts {
  /// Sessions that one job learns from, newest first, and values of all of them.
  static let sessionLimit = 500
  static let valueLimit = 100_000

  let reads: any ReadPort
  let tenant: UID

  func sessions(_ filter: Value) async throws -> [TrainingSession] {
    let limit = min(filter["limit"].int ?? Self.sessionLimit, Self.sessionLimit)
    let query = ObjectQuery(
      tenant: tenant, kind: "Session", predicate: TrainingFilter.predicate(filter), sort: [(.created, true)], limit: limit,
      wantsOwners: false)
    var sessions: [StoredObject] = []
    var count = 0
    for session in try await reads.list(query).objects {
      let values = session.spec["valueCount"]?.int ?? 0
      if values < SessionAnalyzer.minimumValues { continue }
      count += values
      if count > Self.valueLimit { break }
      sessions.append(session)
    }
    let points = try await reads.series(tenant: tenant, owners: sessions.map(\.uid))
    let connectors = try await reads.objects(
      tenant: tenant, uids: Set(sessions.compactMap { $0.spec["connector"]?.string.flatMap { UID($0) } }).sorted())
    let limits = Dictionary(
      connectors.map { ($0.uid.description, SessionGround.limits($0.spec)) }, uniquingKeysWith: { first, _ in first })
    return sessions.map { session in
      TrainingSession(
        id: session.name, values: ChannelCode.values(points[session.uid] ?? []),
        limits: session.spec["connector"]?.string.flatMap { limits[$0] } ?? ConnectorLimits(),
        label: Self.label((session.spec["metadata"] ?? .null)["label"]))
    }
  }

  /// `"clean"`, `"anomalous"`, or a list of categories; anything else says nothing.
  static func label(_ value: Value) -> TrainingSession.Label? {
    switch value {
    case .string("clean"), .string("normal"): return .clean
    case .string("anomalous"), .string("anomaly"): return .anomalous([])
    case .list(let names): return .anomalous(Set(names.compactMap { $0.string.flatMap { AnomalyCategory(rawValue: $0) } }))
    default: return nil
    }
  }
}
