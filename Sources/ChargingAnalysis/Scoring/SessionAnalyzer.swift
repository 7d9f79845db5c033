// CSAR-2: from a session's meter values to its anomalies. The same values, in any order, give the same answer.
import Core
import Foundation

public enum SessionAnalyzer {
  /// Fewer values are not analysed.
  public static let minimumValues = 3
  /// Anomalies told of one session: the highest scores.
  public static let anomalyLimit = 50

  /// Nil with fewer than `minimumValues`. `earlier` are results of the same connector; those after this session, or of long ago, are not looked
  /// at.
  public static func analyze(
    _ values: [MeterValue], limits: ConnectorLimits = ConnectorLimits(), earlier: [EarlierResult] = [],
    parameters: DetectorParameters = .standard
  ) -> SessionAnalysis? {
    guard values.count >= minimumValues, let signal = SessionSignal(values) else { return nil }
    let findings = findings(signal, limits: limits, parameters: parameters)
    let threshold = parameters.decisionThreshold
    let anomalies = findings.filter { $0.score >= threshold }.sorted { ($0.score, -$0.from) > ($1.score, -$1.from) }.prefix(
      anomalyLimit
    )
    .map { anomaly($0, signal) }
    let below = findings.map(\.score).filter { $0 < threshold }.max() ?? 0
    let score = anomalies.isEmpty ? below : combined(anomalies)
    let strongest = anomalies.first
    let confidence = strongest?.confidence ?? cleanConfidence(signal)
    let recurring = recurrence(anomalies, earlier, signal.start, days: parameters.recurrenceDays)
    let distrusted = findings.filter { $0.score >= threshold && ($0.category == .socDrop || isStuckCharge($0)) }.map {
      ($0.from, $0.to)
    }
    var analysis = SessionAnalysis(
      isAnomaly: !anomalies.isEmpty, anomalyScore: rounded(score), anomalyConfidence: rounded(confidence),
      isIncident: anomalies.contains { $0.score >= parameters.incidentScore && $0.confidence >= parameters.incidentConfidence },
      isRecurring: !recurring.isEmpty, anomalies: anomalies,
      socReconstructed: SocModel(signal, limits).reconstructed(distrusted: distrusted), facts: SessionFacts())
    analysis.facts = SessionFacts(signal, analysis, recurring: recurring, model: SocModel(signal, limits))
    return analysis
  }

  /// Everything the detectors see, scored or not, overlapping findings of one category as one.
  static func findings(_ signal: SessionSignal, limits: ConnectorLimits, parameters: DetectorParameters) -> [Finding] {
    var scene = Scene(signal, parameters, limits)
    BackwardClockDetector.run(&scene)
    RegisterFallDetector.run(&scene)
    GapDetector.run(&scene)
    PowerSpikeDetector.run(&scene)
    EnergyPitDetector.run(&scene)
    MismatchDetector.run(&scene)
    StuckValueDetector.run(&scene)
    SocDropDetector.run(&scene)
    return merged(scene.findings.filter { $0.severity > 0 }, slack: signal.interval)
  }

  private static func merged(_ findings: [Finding], slack: Double) -> [Finding] {
    var result: [Finding] = []
    for finding in findings.sorted(by: { ($0.category.rawValue, $0.from, $0.to) < ($1.category.rawValue, $1.from, $1.to) }) {
      guard let last = result.last, last.category == finding.category, finding.from <= last.to,
        (last.severity >= 1) == (finding.severity >= 1)
      else {
        result.append(finding)
        continue
      }
      var joined = finding.severity > last.severity ? finding : last
      joined.from = min(last.from, finding.from)
      joined.to = max(last.to, finding.to)
      result[result.count - 1] = joined
    }
    return result
  }

  /// Different kinds of anomaly in one session make it worse than the worst of them.
  private static func combined(_ anomalies: [Anomaly]) -> Double {
    var best: [AnomalyCategory: Double] = [:]
    for anomaly in anomalies { best[anomaly.category] = max(best[anomaly.category] ?? 0, anomaly.score) }
    // In a fixed order: sums of binary numbers depend on it.
    return 1 - AnomalyCategory.allCases.reduce(1) { $0 * (1 - (best[$1] ?? 0)) }
  }

  private static func anomaly(_ finding: Finding, _ signal: SessionSignal) -> Anomaly {
    let shares = [signal.energy, signal.power, signal.soc].map { $0.reconstructedShare(from: finding.from, to: finding.to) }
    let basis = 0.6 + 0.4 * (1 - exp(-Double(signal.valueCount) / 6))
    let confidence = finding.certainty * basis * (1 - 0.5 * (shares.max() ?? 0))
    return Anomaly(
      category: finding.category, score: rounded(finding.score), confidence: rounded(min(confidence, 0.99)),
      startUnit: signal.bucket(at: finding.from), endUnit: signal.bucket(at: finding.to),
      startTimestamp: signal.moment(finding.from),
      endTimestamp: signal.moment(finding.to), evidence: finding.evidence.map { ($0.0, rounded($0.1, $0.0.decimals)) })
  }

  /// How sure it is that nothing is wrong: by how much was measured, and whether two quantities vouch for each other.
  private static func cleanConfidence(_ signal: SessionSignal) -> Double {
    let channels = [signal.energy, signal.power, signal.soc].filter { $0.count >= 2 }.count
    let enough = 1 - exp(-Double(signal.buckets.count) / 8)
    let made = Double(signal.reconstructedCount) / Double(max(signal.valueCount, 1))
    return (0.4 + 0.18 * Double(channels)) * (0.5 + 0.5 * enough) * (1 - 0.4 * made)
  }

  private static func isStuckCharge(_ finding: Finding) -> Bool {
    finding.category == .stuckValue && finding.evidence.contains { $0.0 == .socExpected }
  }

  /// The categories that this connector has shown before.
  private static func recurrence(_ anomalies: [Anomaly], _ earlier: [EarlierResult], _ start: Timestamp, days: Double)
    -> [AnomalyCategory]
  {
    let since = Timestamp(seconds: start.seconds - days * 86_400)
    let before = earlier.filter { $0.startedAt <= start && $0.startedAt >= since }
    let now = Set(anomalies.map(\.category))
    return AnomalyCategory.allCases.filter { category in
      now.contains(category) && before.contains { $0.categories.contains(category) }
    }
  }

  static func rounded(_ number: Double, _ decimals: Int = 3) -> Double {
    let scale = pow(10, Double(decimals))
    return (number * scale).rounded() / scale
  }
}
