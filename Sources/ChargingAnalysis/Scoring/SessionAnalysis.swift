// What the analysis of a session says, with the names that the API shows.
import Core

/// One anomaly. Buckets are positions among the session's distinct measuring times, from 0; both ends belong to the range.
public struct Anomaly: Sendable {
  public var category: AnomalyCategory
  /// 0 to 1; at the standard threshold of 0.5 an anomaly begins.
  public var score: Double
  /// How sure the evidence is, beside how large: 0 to 1.
  public var confidence: Double
  public var startUnit: Int
  public var endUnit: Int
  public var startTimestamp: Timestamp
  public var endTimestamp: Timestamp
  /// The numbers behind it.
  public var evidence: [(Evidence, Double)]

  public var json: Value {
    [
      "category": .string(category.rawValue), "score": Value(number: score),
      "bucketRange": ["startUnit": .int(startUnit), "endUnit": .int(endUnit)],
      "timeRange": ["startTimestamp": .string(startTimestamp.description), "endTimestamp": .string(endTimestamp.description)],
      "confidence": Value(number: confidence),
    ]
  }
}

/// An earlier session of the same connector: when it began, and what was wrong.
public struct EarlierResult: Sendable {
  public var startedAt: Timestamp
  public var categories: [AnomalyCategory]
  public init(startedAt: Timestamp, categories: [AnomalyCategory]) {
    self.startedAt = startedAt
    self.categories = categories
  }
}

public struct SessionAnalysis: Sendable {
  public var isAnomaly: Bool
  /// 0 to 1. Without an anomaly: how near the session came to one.
  public var anomalyScore: Double
  public var anomalyConfidence: Double
  public var isIncident: Bool
  public var isRecurring: Bool
  /// Highest score first.
  public var anomalies: [Anomaly]
  /// Where the state of charge was not measured or cannot be right, and could be computed.
  public var socReconstructed: [SocPoint]?
  public var facts: SessionFacts

  /// One English sentence.
  public var message: String {
    let values = facts.valueCount == 1 ? "1 meter value" : "\(facts.valueCount) meter values"
    guard isAnomaly else { return "No anomaly found in \(values)." }
    let names = AnomalyCategory.allCases.filter { category in anomalies.contains { $0.category == category } }.map(\.rawValue)
    return
      "\(anomalies.count == 1 ? "1 anomaly" : "\(anomalies.count) anomalies") in \(values): \(names.joined(separator: ", "))."
  }

  /// The members that the API's answers share: `isAnomaly` to `message`.
  public var json: Value {
    var map: ObjectMap = [
      "isAnomaly": .bool(isAnomaly), "anomalyScore": Value(number: anomalyScore),
      "anomalyConfidence": Value(number: anomalyConfidence),
      "isIncident": .bool(isIncident), "isRecurring": .bool(isRecurring), "anomalies": .list(anomalies.map(\.json)),
    ]
    if let socReconstructed { map["socReconstructed"] = .list(socReconstructed.map(\.json)) }
    map["message"] = .string(message)
    return .object(map)
  }
}
