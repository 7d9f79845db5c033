// From one analysis to the session's anomaly objects: one for each category ever found, so that issues outlive what is analysed anew. Pure.
import ChargingAnalysis
import Core
import Kinds
import Ports

enum AnomalyFindings {
  /// Points of a risk-score timeline that are kept; the oldest go.
  static let timelineLimit = 200

  enum Change {
    case create(ObjectMap)
    case update(UID, ObjectMap)
  }

  /// Where the session stands, for the anomaly's own fields.
  struct Place {
    var session: UID
    var sessionId: String
    var station: UID
    var stationId: String
    var connector: UID?
    var connectorId: String?
    var evseId: String?
  }

  /// - Parameters:
  ///   - analysis: nil when the session can no longer be analysed.
  ///   - known: the session's anomaly objects: uid and fields.
  static func changes(_ analysis: SessionAnalysis?, known: [(uid: UID, spec: ObjectMap)], place: Place, now: Timestamp)
    -> [Change]
  {
    var changes: [Change] = []
    let found = Dictionary(grouping: analysis?.anomalies ?? [], by: \.category)
    for category in found.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
      guard let anomalies = found[category], let worst = anomalies.max(by: { $0.score < $1.score }) else { continue }
      let existing = known.first { $0.spec["category"]?.string == category.rawValue }
      var fields = finding(anomalies, worst: worst, existing: existing?.spec, now: now)
      if let existing {
        changes.append(.update(existing.uid, fields))
      } else {
        for (name, value) in identity(place, category, now) { fields[name] = value }
        changes.append(.create(fields))
      }
    }
    for (uid, spec) in known where spec["found"]?.bool == true {
      guard let category = spec["category"]?.string, !found.keys.contains(where: { $0.rawValue == category }) else { continue }
      changes.append(
        .update(uid, ["found": false, "lastDetectedAt": .string(now.description), "timeline": timeline(spec, 0, now)]))
    }
    return changes
  }

  private static func identity(_ place: Place, _ category: AnomalyCategory, _ now: Timestamp) -> ObjectMap {
    var map: ObjectMap = [
      "session": .string(place.session.description), "sessionId": .string(place.sessionId),
      "category": .string(category.rawValue),
      "categoryId": .string(category.id), "station": .string(place.station.description), "stationId": .string(place.stationId),
      "firstDetectedAt": .string(now.description),
    ]
    if let connector = place.connector { map["connector"] = .string(connector.description) }
    if let connectorId = place.connectorId { map["connectorId"] = .string(connectorId) }
    if let evseId = place.evseId { map["evseId"] = .string(evseId) }
    return map
  }

  private static func finding(_ anomalies: [Anomaly], worst: Anomaly, existing: ObjectMap?, now: Timestamp) -> ObjectMap {
    let start = anomalies.map(\.startTimestamp).min() ?? worst.startTimestamp
    let end = anomalies.map(\.endTimestamp).max() ?? worst.endTimestamp
    return [
      "score": .double(worst.score), "scoreRank": .int(SessionFields.ranked(worst.score)),
      "confidence": .double(worst.confidence),
      "maxScore": .double(max(worst.score, existing?["maxScore"]?.double ?? 0)), "found": true,
      "occurredAt": .string(start.description), "periodStart": .string(start.description), "periodEnd": .string(end.description),
      "lastDetectedAt": .string(now.description), "timeline": timeline(existing ?? [:], worst.score, now),
    ]
  }

  private static func timeline(_ spec: ObjectMap, _ score: Double, _ now: Timestamp) -> Value {
    let points = (spec["timeline"]?.list ?? []) + [["timestamp": .string(now.description), "riskScore": .double(score)]]
    return .list(Array(points.suffix(timelineLimit)))
  }
}
