// The few numbers from which a session is explained. Kept with the analysis: explanations need no meter values.
import Core

public struct SessionFacts: Sendable {
  /// One anomaly's numbers, rounded as they are told.
  public struct AnomalyFact: Sendable {
    public var category: AnomalyCategory
    /// Percent.
    public var score: Int
    public var confidence: Int
    public var start: Timestamp
    public var end: Timestamp
    public var evidence: [Evidence: Double]
  }

  public var valueCount = 0
  public var start = Timestamp(microseconds: 0)
  public var end = Timestamp(microseconds: 0)
  /// Minutes.
  public var duration = 0.0
  /// Minutes between two values.
  public var interval = 0.0
  public var energyKwh: Double?
  public var peakPowerKw: Double?
  public var meanPowerKw: Double?
  public var socStart: Double?
  public var socEnd: Double?
  public var batteryKwh: Double?
  /// Percent, of the session.
  public var score = 0
  public var confidence = 0
  public var isIncident = false
  public var reconstructedCount = 0
  public var computedSocCount = 0
  public var anomalies: [AnomalyFact] = []
  public var recurring: [AnomalyCategory] = []

  /// Anomalies that are kept: those told of.
  static let anomalyLimit = 10

  init() {}

  init(_ signal: SessionSignal, _ analysis: SessionAnalysis, recurring: [AnomalyCategory], model: SocModel) {
    func rounded(_ number: Double, _ decimals: Int) -> Double { SessionAnalyzer.rounded(number, decimals) }
    valueCount = signal.valueCount
    start = signal.start
    let last = signal.buckets.last ?? 0
    end = signal.moment(last)
    duration = rounded(last / 60, 0)
    interval = rounded(signal.interval / 60, 1)
    if let first = signal.energy.values.first, let most = signal.energy.values.last, signal.energy.count >= 2 {
      energyKwh = rounded(max(0, most - first), 2)
      if last > 0 { meanPowerKw = rounded(max(0, most - first) / (last / 3600), 1) }
    }
    peakPowerKw = signal.power.values.max().map { rounded($0, 1) }
    socStart = signal.soc.values.first.map { rounded($0, 1) }
    socEnd = signal.soc.values.last.map { rounded($0, 1) }
    batteryKwh = model.batteryKwh.map { rounded($0, 0) }
    score = Int((analysis.anomalyScore * 100).rounded())
    confidence = Int((analysis.anomalyConfidence * 100).rounded())
    isIncident = analysis.isIncident
    reconstructedCount = signal.reconstructedCount
    computedSocCount = analysis.socReconstructed?.count ?? 0
    anomalies = analysis.anomalies.prefix(Self.anomalyLimit).map { anomaly in
      AnomalyFact(
        category: anomaly.category, score: Int((anomaly.score * 100).rounded()),
        confidence: Int((anomaly.confidence * 100).rounded()),
        start: anomaly.startTimestamp, end: anomaly.endTimestamp,
        evidence: Dictionary(anomaly.evidence.map { ($0.0, $0.1) }) { a, _ in a })
    }
    self.recurring = recurring
  }
}

extension SessionFacts {
  public var json: Value {
    var map: ObjectMap = [
      "values": .int(valueCount), "start": .string(start.description), "end": .string(end.description),
      "durationMinutes": Value(number: duration), "intervalMinutes": Value(number: interval),
    ]
    map["energyKwh"] = energyKwh.map { Value(number: $0) }
    map["peakPowerKw"] = peakPowerKw.map { Value(number: $0) }
    map["meanPowerKw"] = meanPowerKw.map { Value(number: $0) }
    map["socStartPercent"] = socStart.map { Value(number: $0) }
    map["socEndPercent"] = socEnd.map { Value(number: $0) }
    map["batteryKwh"] = batteryKwh.map { Value(number: $0) }
    map["scorePercent"] = .int(score)
    map["confidencePercent"] = .int(confidence)
    map["isIncident"] = .bool(isIncident)
    if reconstructedCount > 0 { map["reconstructedValues"] = .int(reconstructedCount) }
    if computedSocCount > 0 { map["computedSocValues"] = .int(computedSocCount) }
    map["anomalies"] = .list(
      anomalies.map { fact in
        var one: ObjectMap = [
          "category": .string(fact.category.rawValue), "scorePercent": .int(fact.score),
          "confidencePercent": .int(fact.confidence),
          "start": .string(fact.start.description), "end": .string(fact.end.description),
        ]
        for name in Evidence.allCases { one[name.rawValue] = fact.evidence[name].map { Value(number: $0) } }
        return .object(one)
      })
    map["recurring"] = .list(recurring.map { .string($0.rawValue) })
    return .object(map)
  }

  /// Reads what `json` wrote; nil when it is something else.
  public init?(json: Value) {
    guard let start = json["start"].string.flatMap({ Timestamp($0) }), let end = json["end"].string.flatMap({ Timestamp($0) }),
      let values = json["values"].int, let list = json["anomalies"].list
    else { return nil }
    self.init()
    self.start = start
    self.end = end
    valueCount = values
    duration = json["durationMinutes"].double ?? 0
    interval = json["intervalMinutes"].double ?? 0
    energyKwh = json["energyKwh"].double
    peakPowerKw = json["peakPowerKw"].double
    meanPowerKw = json["meanPowerKw"].double
    socStart = json["socStartPercent"].double
    socEnd = json["socEndPercent"].double
    batteryKwh = json["batteryKwh"].double
    score = json["scorePercent"].int ?? 0
    confidence = json["confidencePercent"].int ?? 0
    isIncident = json["isIncident"].bool ?? false
    reconstructedCount = json["reconstructedValues"].int ?? 0
    computedSocCount = json["computedSocValues"].int ?? 0
    anomalies = list.compactMap { one in
      guard let category = one["category"].string.flatMap({ AnomalyCategory(rawValue: $0) }),
        let from = one["start"].string.flatMap({ Timestamp($0) }), let to = one["end"].string.flatMap({ Timestamp($0) })
      else { return nil }
      var evidence: [Evidence: Double] = [:]
      for name in Evidence.allCases { evidence[name] = one[name.rawValue].double }
      return AnomalyFact(
        category: category, score: one["scorePercent"].int ?? 0, confidence: one["confidencePercent"].int ?? 0, start: from,
        end: to,
        evidence: evidence)
    }
    recurring = (json["recurring"].list ?? []).compactMap { $0.string.flatMap { AnomalyCategory(rawValue: $0) } }
  }
}
