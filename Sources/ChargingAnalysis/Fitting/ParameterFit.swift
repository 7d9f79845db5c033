// Fits the thresholds of a model to chosen sessions: by their labels where there are some, else by what most of them look like.
import Core
import Foundation

public enum ParameterFit {
  /// Fewer say too little.
  public static let minimumSessions = 5
  public static let maximumSessions = 100_000
  /// How far a threshold may move from the base model's.
  private static let reach = 0.6...5.0
  /// Without labels: what lies so many deviations above the middle is unusual.
  private static let deviations = 6.0
  private static let candidates = 40

  /// Deterministic. `progress` goes from 0 to 1; it is told after each session, and says whether to go on, so that who waits for a fit can
  /// give others their turn, or end it. Throws Problems `too_few_sessions`, `too_many_sessions`, `fit_ended`.
  public static func fit(
    _ sessions: [TrainingSession], base: DetectorParameters, config: FitConfig = FitConfig(),
    progress: (Double) async -> Bool = { _ in true }
  ) async throws(Problems) -> FitResult {
    let usable = sessions.filter { $0.values.count >= SessionAnalyzer.minimumValues }
    guard usable.count >= minimumSessions else {
      throw Problems(
        Problem(
          .invalid, code: "too_few_sessions",
          "\(usable.count) of the chosen sessions have \(SessionAnalyzer.minimumValues) or more meter values; a model needs \(minimumSessions)",
          fix: "Choose more sessions."))
    }
    guard usable.count <= maximumSessions else {
      throw Problems(
        Problem(
          .tooLarge, code: "too_many_sessions",
          "\(usable.count) sessions are more than the \(maximumSessions) that one model is fitted to",
          fix: "Narrow the filter."))
    }
    let (training, heldOut) = split(usable, config.holdout)
    var seen: [Observation] = []
    for (i, session) in training.enumerated() {
      if let signal = SessionSignal(session.values) {
        seen.append(Observation(session, SessionAnalyzer.findings(signal, limits: session.limits, parameters: base)))
      }
      try await going(progress, 0.4 * Double(i + 1) / Double(training.count))
    }
    var fitted = base
    for category in AnomalyCategory.allCases {
      let factor = factor(category, seen, config)
      fitted.scaleThreshold(of: category, by: min(max(factor, reach.lowerBound), reach.upperBound))
    }
    // Never worse than the base model on what it was fitted to.
    if fitted != base {
      let before = try await score(training, base, progress, 0.4...0.6)
      let after = try await score(training, fitted, progress, 0.6...0.8)
      if let before = before.f1, let after = after.f1, after < before { fitted = base }
    }
    let before = try await score(heldOut, base, progress, 0.8...0.9)
    let after = try await score(heldOut, fitted, progress, 0.9...1)
    return FitResult(parameters: fitted, metrics: metrics(training, heldOut, before, after, base, fitted))
  }

  private static func going(_ progress: (Double) async -> Bool, _ share: Double) async throws(Problems) {
    if await progress(share) { return }
    throw Problems(
      Problem(
        .timeout, code: "fit_ended", "The fit took longer than it may", fix: "Choose fewer sessions, or such with fewer values."))
  }

  /// The severity of each category in one session, at the base thresholds.
  private struct Observation {
    var severities: [AnomalyCategory: Double] = [:]
    var label: TrainingSession.Label?

    init(_ session: TrainingSession, _ findings: [Finding]) {
      for finding in findings { severities[finding.category] = max(severities[finding.category] ?? 0, finding.severity) }
      label = session.label
    }

    /// Whether the category is there. Where nobody said which is, it is the clearest.
    func has(_ category: AnomalyCategory) -> Bool? {
      switch label {
      case nil: nil
      case .clean: false
      case .anomalous(let categories):
        categories.isEmpty
          ? AnomalyCategory.allCases.max { severities[$0] ?? 0 < severities[$1] ?? 0 } == category : categories.contains(category)
      }
    }
  }

  /// What the threshold is to be multiplied by.
  private static func factor(_ category: AnomalyCategory, _ seen: [Observation], _ config: FitConfig) -> Double {
    let labelled = seen.compactMap { one in one.has(category).map { (severity: one.severities[category] ?? 0, there: $0) } }
    if labelled.contains(where: \.there), labelled.contains(where: { !$0.there }) { return best(labelled, config) }
    // Without both kinds of label: most sessions are clean. Those that are labelled clean count for certain.
    let values = (labelled.isEmpty ? seen.map { $0.severities[category] ?? 0 } : labelled.filter { !$0.there }.map(\.severity))
    guard let middle = Robust.median(values) else { return 1 }
    var factor = middle + deviations * Robust.deviation(values, around: middle)
    if !labelled.isEmpty, let most = Robust.quantile(values, 1 - config.maxFalseAlarmRate) { factor = max(factor, most * 1.1) }
    return max(factor, reach.lowerBound)
  }

  /// The factor with the best F1 that keeps false alarms low; of equal ones the nearest to 1.
  private static func best(_ labelled: [(severity: Double, there: Bool)], _ config: FitConfig) -> Double {
    let clean = labelled.filter { !$0.there }
    var best = (factor: 1.0, f1: -1.0)
    let grid = (0...candidates).map {
      reach.lowerBound * pow(reach.upperBound / reach.lowerBound, Double($0) / Double(candidates))
    }
    for factor in [1] + grid.sorted(by: { abs(log($0)) < abs(log($1)) }) {
      var tally = QualityReport.Tally()
      for one in labelled {
        let said = one.severity >= factor
        if one.there, said { tally.truePositives += 1 }
        if one.there, !said { tally.falseNegatives += 1 }
        if !one.there, said { tally.falsePositives += 1 }
      }
      let tooMany = Double(tally.falsePositives) > config.maxFalseAlarmRate * Double(clean.count)
      let f1 = tally.f1 - (tooMany ? 0.05 : 0)
      if f1 > best.f1 + 1e-9 { best = (factor, f1) }
    }
    return best.factor
  }

  /// Some of every kind of label is held out; which, the identifiers decide.
  private static func split(_ sessions: [TrainingSession], _ share: Double) -> (
    training: [TrainingSession], heldOut: [TrainingSession]
  ) {
    var training: [TrainingSession] = []
    var heldOut: [TrainingSession] = []
    let groups = Dictionary(grouping: sessions) { session in
      switch session.label {
      case nil: 0
      case .clean: 1
      case .anomalous: 2
      }
    }
    for kind in groups.keys.sorted() {
      let sorted = (groups[kind] ?? []).map { session in
        var hash = StableHash()
        hash.add(session.id)
        return (hash.text, session)
      }.sorted { ($0.0, $0.1.id) < ($1.0, $1.1.id) }.map(\.1)
      let count = sorted.count >= 2 ? max(1, Int((Double(sorted.count) * share).rounded())) : 0
      heldOut += sorted.prefix(count)
      training += sorted.dropFirst(count)
    }
    return (training, heldOut)
  }

  private struct Quality {
    var flaggedShare = 0.0
    var tally = QualityReport.Tally()
    var clean = 0
    var labelled = 0
    var falseAlarmRate: Double? { clean > 0 ? Double(tally.falsePositives) / Double(clean) : nil }
    var hasPositives: Bool { tally.truePositives + tally.falseNegatives > 0 }
    var f1: Double? { hasPositives ? tally.f1 : nil }
    var json: Value {
      var map: ObjectMap = ["flaggedShare": Value(rounded: flaggedShare, 4)]
      if let falseAlarmRate { map["falseAlarmRate"] = Value(rounded: falseAlarmRate, 4) }
      if hasPositives {
        map["precision"] = Value(rounded: tally.precision, 4)
        map["recall"] = Value(rounded: tally.recall, 4)
        map["f1"] = Value(rounded: tally.f1, 4)
      }
      return .object(map)
    }
  }

  private static func score(
    _ sessions: [TrainingSession], _ parameters: DetectorParameters, _ progress: (Double) async -> Bool,
    _ span: ClosedRange<Double>
  ) async throws(Problems) -> Quality {
    var quality = Quality()
    var flagged = 0
    for (i, session) in sessions.enumerated() {
      let share = Double(i + 1) / Double(sessions.count)
      try await going(progress, span.lowerBound + (span.upperBound - span.lowerBound) * share)
      let said = SessionAnalyzer.analyze(session.values, limits: session.limits, parameters: parameters)?.isAnomaly ?? false
      if said { flagged += 1 }
      guard let label = session.label else { continue }
      quality.labelled += 1
      let there = label != .clean
      if !there { quality.clean += 1 }
      if there, said { quality.tally.truePositives += 1 }
      if there, !said { quality.tally.falseNegatives += 1 }
      if !there, said { quality.tally.falsePositives += 1 }
    }
    quality.flaggedShare = sessions.isEmpty ? 0 : Double(flagged) / Double(sessions.count)
    return quality
  }

  private static func metrics(
    _ training: [TrainingSession], _ heldOut: [TrainingSession], _ before: Quality, _ after: Quality, _ base: DetectorParameters,
    _ fitted: DetectorParameters
  ) -> Value {
    var thresholds = ObjectMap()
    for info in DetectorParameters.all where info.category != nil {
      let (old, new) = (base[keyPath: info.path], fitted[keyPath: info.path])
      if old != new { thresholds[info.name] = ["from": Value(rounded: old, 4), "to": Value(rounded: new, 4)] }
    }
    return [
      "trainingSessions": .int(training.count), "heldOutSessions": .int(heldOut.count),
      "labelledSessions": .int((training + heldOut).filter { $0.label != nil }.count), "before": before.json, "after": after.json,
      "thresholds": .object(thresholds),
    ]
  }
}
