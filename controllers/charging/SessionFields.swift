// What an analysis writes into its session, and what a session's readers make of it. Pure.
import ChargingAnalysis
import Core
import Kinds
import Ports

enum SessionFields {
  /// Scores are also kept as whole millionths, by which lists are narrowed with an index.
  static let rank = 1_000_000.0

  static func ranked(_ score: Double) -> Int { Int((min(max(score, 0), 1) * rank).rounded()) }

  /// Facts about the values themselves, kept whether or not they can be analysed.
  static func facts(_ values: [MeterValue], fingerprint: String, energy: [HourEnergy]) -> ObjectMap {
    let kwh = energy.reduce(0) { $0 + $1.kwh }
    return [
      "valueCount": .int(values.count), "fingerprint": .string(fingerprint), "energyKwh": .double((kwh * 1e6).rounded() / 1e6),
      "startedAt": Value(values.first?.timestamp.description), "endedAt": Value(values.last?.timestamp.description),
    ]
  }

  /// What the session shows of its latest analysis.
  static func analyzed(_ analysis: SessionAnalysis, fingerprint: String, model: String, now: Timestamp) -> ObjectMap {
    [
      "isAnomaly": .bool(analysis.isAnomaly), "anomalyScore": .double(analysis.anomalyScore),
      "anomalyConfidence": .double(analysis.anomalyConfidence), "scoreRank": .int(ranked(analysis.anomalyScore)),
      "confidenceRank": .int(ranked(analysis.anomalyConfidence)), "anomalyCount": .int(analysis.anomalies.count),
      "isIncident": .bool(analysis.isIncident), "isRecurring": .bool(analysis.isRecurring),
      "anomalies": .list(analysis.anomalies.map(\.json)), "socReconstructed": analysis.json["socReconstructed"],
      "message": .string(analysis.message), "facts": analysis.facts.json, "analyzedAt": .string(now.description),
      "analyzedFingerprint": .string(fingerprint), "model": .string(model),
    ]
  }

  /// What is left when fewer values are known than an analysis needs.
  static let unanalyzed: ObjectMap = ObjectMap(
    [
      "isAnomaly", "anomalyScore", "anomalyConfidence", "scoreRank", "confidenceRank", "anomalyCount", "isIncident",
      "isRecurring",
      "anomalies", "socReconstructed", "message", "facts", "analyzedAt", "analyzedFingerprint", "model",
    ].map { ($0, Value.null) })

  /// Row of record kind SessionAnalysis: the history of a session's analyses.
  static func record(_ analysis: SessionAnalysis, session: UID, fingerprint: String, model: String) -> ObjectMap {
    [
      "session": .string(session.description), "isAnomaly": .bool(analysis.isAnomaly), "score": .double(analysis.anomalyScore),
      "confidence": .double(analysis.anomalyConfidence),
      "categories": .list(Set(analysis.anomalies.map(\.category.rawValue)).sorted().map(Value.string)),
      "fingerprint": .string(fingerprint), "model": .string(model),
    ]
  }

  /// The documented result of a session.
  static func shown(_ session: StoredObject) -> ObjectMap {
    let spec = session.spec
    func field(_ name: String) -> Value { spec[name] ?? .null }
    return [
      "sessionId": .string(session.name), "status": field("status"), "isAnomaly": field("isAnomaly"),
      "anomalyScore": field("anomalyScore"), "anomalyConfidence": field("anomalyConfidence"), "isIncident": field("isIncident"),
      "isRecurring": field("isRecurring"), "anomalies": spec["anomalies"] ?? [], "analyzedAt": field("analyzedAt"),
      "socReconstructed": field("socReconstructed"), "message": .string(message(spec)),
      "createdAt": .string(session.created.description),
    ]
  }

  private static func message(_ spec: ObjectMap) -> String {
    if let text = spec["message"]?.string { return text }
    let known = spec["valueCount"]?.int ?? 0
    if spec["awaits"]?.bool == true, known >= SessionAnalyzer.minimumValues { return "Waiting to be analysed." }
    return "Not analysed yet: \(known) of at least \(SessionAnalyzer.minimumValues) meter values are known."
  }
}
