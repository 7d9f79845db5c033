// What a model is fitted to, and how.
import Core

/// A session, with what people know of it.
public struct TrainingSession: Sendable {
  public enum Label: Sendable, Hashable {
    case clean
    /// Empty: something is wrong, nobody said what.
    case anomalous(Set<AnomalyCategory>)
  }

  /// Decides, with no chance, which sessions are held out.
  public var id: String
  public var values: [MeterValue]
  public var limits: ConnectorLimits
  /// Nil: nobody looked at it.
  public var label: Label?

  public init(id: String, values: [MeterValue], limits: ConnectorLimits = ConnectorLimits(), label: Label? = nil) {
    self.id = id
    self.values = values
    self.limits = limits
    self.label = label
  }
}

/// `trainingConfig` of a fine-tune.
public struct FitConfig: Sendable, Hashable {
  /// The share of sessions that are only used to measure.
  public var holdout = 0.3
  /// The share of clean sessions that may be flagged.
  public var maxFalseAlarmRate = 0.01

  public init() {}

  private static let ranges: [(name: String, range: ClosedRange<Double>)] = [
    ("holdout", 0.1...0.5), ("maxFalseAlarmRate", 0...0.5),
  ]

  /// Null and absent members are standard. Throws Problems `training_config` with pointers below `pointer`.
  public init(json: Value, at pointer: String = "/trainingConfig") throws(Problems) {
    if json.isNull { return }
    guard let members = json.object else {
      throw Problems(
        Problem(.invalid, code: "training_config", "trainingConfig must be an object, not \(json.typePhrase)", pointer: pointer))
    }
    var problems: [Problem] = []
    for (name, value) in members {
      let place = "\(pointer)/\(name)"
      guard let known = Self.ranges.first(where: { $0.name == name }) else {
        let names = Self.ranges.map(\.name).joined(separator: ", ")
        problems.append(
          Problem(
            .invalid, code: "training_config", "there is no setting \(name.prefix(60))", pointer: place,
            fix: "Settings are \(names)."))
        continue
      }
      guard let number = value.double, known.range.contains(number) else {
        problems.append(
          Problem(
            .invalid, code: "training_config",
            "\(name) must be a number from \(known.range.lowerBound) to \(known.range.upperBound)", pointer: place))
        continue
      }
      if name == "holdout" { holdout = number } else { maxFalseAlarmRate = number }
    }
    if !problems.isEmpty { throw Problems(problems) }
  }

  public var json: Value { ["holdout": Value(number: holdout), "maxFalseAlarmRate": Value(number: maxFalseAlarmRate)] }
}

/// A fitted detector, and how it does on sessions that it was not fitted to.
public struct FitResult: Sendable {
  public var parameters: DetectorParameters
  /// `{trainingSessions, heldOutSessions, labelledSessions, before: {…}, after: {…}, thresholds: {name: {from, to}}}`; before and after hold
  /// `flaggedShare` and, where labels are known, `precision`, `recall`, `f1`, `falseAlarmRate`.
  public var metrics: Value
}
