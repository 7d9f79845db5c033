// The numbers that decide what is an anomaly. They belong to a version of a model, and can be fitted.
import Core

/// One number: its name in a model, its standard, where it may lie, and what it means.
public struct ParameterInfo: Sendable {
  public var name: String
  public var standard: Double
  public var range: ClosedRange<Double>
  /// kWh, %, minutes, …; empty for a pure number.
  public var unit: String
  public var doc: String
  /// The category whose threshold it is.
  public var category: AnomalyCategory?
  let path: WritableKeyPath<DetectorParameters, Double> & Sendable
}

public struct DetectorParameters: Sendable, Hashable {
  public var decisionThreshold = 0.5
  public var registerFallKwh = 0.05
  public var pitEnergyKwh = 0.05
  public var pitRatio = 0.15
  public var mismatchTolerance = 0.2
  public var socDropPercent = 3.0
  public var gapFactor = 3.5
  public var gapMinutes = 10.0
  public var spikeExcess = 0.5
  public var limitTolerance = 0.15
  public var plausiblePowerKw = 600.0
  public var stuckSamples = 5.0
  public var stuckSocPercent = 5.0
  public var clockJumpMinutes = 3.0
  public var noiseMultiple = 5.0
  public var surprise = 0.004
  public var incidentScore = 0.9
  public var incidentConfidence = 0.75
  public var recurrenceDays = 30.0

  /// Those of the base model.
  public static let standard = DetectorParameters()

  private init() {}

  /// Every parameter, in the order that people read them.
  public static let all: [ParameterInfo] = [
    info("decisionThreshold", \.decisionThreshold, 0.05...0.95, "", "A finding with at least this score is an anomaly."),
    info(
      "registerFallKwh", \.registerFallKwh, 0.001...10, "kWh", "A fall of the register by this much scores 0.5.", .kwhDecrease),
    info(
      "pitEnergyKwh", \.pitEnergyKwh, 0.005...10, "kWh", "Energy that this much is missing of, while power flows, scores 0.5.",
      .energyPit),
    info("pitRatio", \.pitRatio, 0.05...0.8, "", "In a pit less than this share of the expected energy is counted."),
    info(
      "mismatchTolerance", \.mismatchTolerance, 0.02...2, "", "Energy off by this share of what the power makes scores 0.5.",
      .powerEnergyMismatch),
    info("socDropPercent", \.socDropPercent, 0.5...50, "%", "A fall of the state of charge by this much scores 0.5.", .socDrop),
    info("gapFactor", \.gapFactor, 1.5...100, "", "A gap of this many usual intervals scores 0.5.", .dataGap),
    info("gapMinutes", \.gapMinutes, 0.5...1440, "minutes", "A shorter gap scores less than 0.5, however many intervals it is."),
    info(
      "spikeExcess", \.spikeExcess, 0.1...20, "", "Power above its surroundings by this share of them scores 0.5.", .powerSpike),
    info("limitTolerance", \.limitTolerance, 0.01...2, "", "Power above the connector's limit by this share of it scores 0.5."),
    info("plausiblePowerKw", \.plausiblePowerKw, 1...10_000, "kW", "The limit of a connector that is not known."),
    info("stuckSamples", \.stuckSamples, 2...500, "", "So many repetitions of a value that else varies score 0.5.", .stuckValue),
    info(
      "stuckSocPercent", \.stuckSocPercent, 1...90, "%",
      "A state of charge that should have risen by this much, and did not, scores 0.5."),
    info(
      "clockJumpMinutes", \.clockJumpMinutes, 0.2...1440, "minutes", "A jump of the clock by this much scores 0.5.", .clockJump),
    info("noiseMultiple", \.noiseMultiple, 2...20, "", "What is smaller than so many times the noise scores less than 0.5."),
    info("surprise", \.surprise, 1e-9...0.5, "", "Missing values that chance brings more often than this score less than 0.5."),
    info(
      "incidentScore", \.incidentScore, 0.5...1, "", "From this score on an anomaly is an incident, if it is confident enough."),
    info("incidentConfidence", \.incidentConfidence, 0...1, "", "The confidence that an incident needs."),
    info(
      "recurrenceDays", \.recurrenceDays, 1...365, "days",
      "How long an earlier anomaly of the same connector makes one recurring."),
  ]

  private static func info(
    _ name: String, _ path: WritableKeyPath<DetectorParameters, Double> & Sendable, _ range: ClosedRange<Double>, _ unit: String,
    _ doc: String, _ category: AnomalyCategory? = nil
  ) -> ParameterInfo {
    ParameterInfo(
      name: name, standard: DetectorParameters()[keyPath: path], range: range, unit: unit, doc: doc, category: category,
      path: path)
  }

  /// `{name: number}`, all of them.
  public var json: Value { .object(ObjectMap(Self.all.map { ($0.name, Value(number: self[keyPath: $0.path])) })) }

  /// Reads some or all parameters; the others are as in `base`. Throws Problems `unknown_parameter`, `parameter` (no number) and
  /// `parameter_range`, with pointers below `pointer`. Null reads as `base`.
  public init(json: Value, base: DetectorParameters = .standard, at pointer: String = "") throws(Problems) {
    self = base
    if json.isNull { return }
    guard let members = json.object else {
      throw Problems(
        Problem(.invalid, code: "parameter", "parameters must be an object, not \(json.typePhrase)", pointer: pointer))
    }
    var problems: [Problem] = []
    for (name, value) in members {
      let place = "\(pointer)/\(name)"
      guard let info = Self.all.first(where: { $0.name == name }) else {
        let near = nearestName(to: name, among: Self.all.map(\.name)).map { "Did you mean \($0)?" }
        problems.append(
          Problem(
            .invalid, code: "unknown_parameter", "there is no parameter \(name.prefix(60))", pointer: place,
            fix: near ?? "Leave it out."))
        continue
      }
      guard let number = value.double, number.isFinite else {
        problems.append(Problem(.invalid, code: "parameter", "\(name) must be a number, not \(value.typePhrase)", pointer: place))
        continue
      }
      guard info.range.contains(number) else {
        problems.append(
          Problem(
            .invalid, code: "parameter_range", "\(name) cannot be \(number)", pointer: place,
            fix: "It goes from \(info.range.lowerBound) to \(info.range.upperBound)."))
        continue
      }
      self[keyPath: info.path] = number
    }
    if !problems.isEmpty { throw Problems(problems) }
  }

  /// The threshold of a category, multiplied, within its range.
  mutating func scaleThreshold(of category: AnomalyCategory, by factor: Double) {
    for info in Self.all where info.category == category {
      self[keyPath: info.path] = min(max(self[keyPath: info.path] * factor, info.range.lowerBound), info.range.upperBound)
    }
  }

  func threshold(of category: AnomalyCategory) -> Double {
    Self.all.first { $0.category == category }.map { self[keyPath: $0.path] } ?? 0
  }
}
