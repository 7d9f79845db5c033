// How good the detector is on generated sessions: precision, recall and F1 for each category, and false alarms.
import Core
import Foundation

public struct QualityReport: Sendable {
  /// Sessions by what was there and what was said.
  public struct Tally: Sendable {
    public var truePositives = 0
    public var falsePositives = 0
    public var falseNegatives = 0
    public init() {}
    public var precision: Double { ratio(truePositives, truePositives + falsePositives) }
    public var recall: Double { ratio(truePositives, truePositives + falseNegatives) }
    public var f1: Double { ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives) }
    private func ratio(_ part: Int, _ whole: Int) -> Double { whole == 0 ? 1 : Double(part) / Double(whole) }
    var json: Value {
      ["precision": Value(rounded: precision), "recall": Value(rounded: recall), "f1": Value(rounded: f1)]
    }
  }

  public var seed: UInt64
  public var cleanSessions = 0
  public var faultySessions = 0
  public var falseAlarms = 0
  /// Sessions: anomalous or not.
  public var overall = Tally()
  public var byCategory: [AnomalyCategory: Tally] = [:]
  /// Found of each category and size: how many of how many.
  public var bySize: [AnomalyCategory: [FaultSize: (found: Int, of: Int)]] = [:]

  public var falseAlarmRate: Double { cleanSessions == 0 ? 0 : Double(falseAlarms) / Double(cleanSessions) }

  /// Draws `clean` sessions, and `each` of every category and size, and analyses them. Sees every session once.
  public init(
    seed: UInt64, clean: Int = 2000, each: Int = 80, parameters: DetectorParameters = .standard,
    watch: (GeneratedSession, SessionAnalysis?) -> Void = { _, _ in }
  ) {
    self.seed = seed
    var generator = SessionGenerator(seed: seed)
    for category in AnomalyCategory.allCases {
      byCategory[category] = Tally()
      bySize[category] = [:]
    }
    for _ in 0..<clean { add(generator.clean(), parameters, watch) }
    for category in AnomalyCategory.allCases {
      for size in FaultSize.allCases {
        for _ in 0..<each { add(generator.faulty(category, size), parameters, watch) }
      }
    }
  }

  private mutating func add(
    _ session: GeneratedSession, _ parameters: DetectorParameters, _ watch: (GeneratedSession, SessionAnalysis?) -> Void
  ) {
    let (values, problems) = MeterValueReader.read(session.meterValues)
    precondition(problems.isEmpty, "the generator made values that the API refuses")
    let analysis = SessionAnalyzer.analyze(values, limits: session.limits, parameters: parameters)
    watch(session, analysis)
    let said = analysis?.isAnomaly ?? false
    let categories = Set(analysis?.anomalies.map(\.category) ?? [])
    if session.faults.isEmpty {
      cleanSessions += 1
      if said { falseAlarms += 1 }
    } else {
      faultySessions += 1
    }
    count(&overall, there: !session.faults.isEmpty, said: said)
    for category in AnomalyCategory.allCases {
      let there = session.faults.contains(category)
      count(&byCategory[category, default: Tally()], there: there, said: categories.contains(category))
      if there, let size = session.size {
        let sofar = bySize[category]?[size] ?? (0, 0)
        bySize[category]?[size] = (sofar.0 + (categories.contains(category) ? 1 : 0), sofar.1 + 1)
      }
    }
  }

  private func count(_ tally: inout Tally, there: Bool, said: Bool) {
    if there, said { tally.truePositives += 1 }
    if there, !said { tally.falseNegatives += 1 }
    if !there, said { tally.falsePositives += 1 }
  }

  public var json: Value {
    [
      "seed": .int(Int(truncatingIfNeeded: seed)), "cleanSessions": .int(cleanSessions), "faultySessions": .int(faultySessions),
      "falseAlarms": .int(falseAlarms), "falseAlarmRate": Value(rounded: falseAlarmRate, 4), "overall": overall.json,
      "categories": .object(
        ObjectMap(
          AnomalyCategory.allCases.map { category in
            var one = (byCategory[category] ?? Tally()).json
            for size in FaultSize.allCases {
              let share = bySize[category]?[size] ?? (0, 0)
              one["found" + size.rawValue.capitalized] = .string("\(share.found)/\(share.of)")
            }
            return (category.rawValue, one)
          })),
    ]
  }

  /// A table for people.
  public var text: String {
    func percent(_ share: Double) -> String { String(format: "%6.1f %%", share * 100) }
    func padded(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(0, width - text.count)) }
    var lines = ["seed \(seed): \(cleanSessions) clean sessions, \(faultySessions) with a fault", ""]
    lines.append(padded("", 24) + "precision   recall       F1   found: subtle  clear   gross")
    for category in AnomalyCategory.allCases {
      let tally = byCategory[category] ?? Tally()
      let sizes = FaultSize.allCases.map { size -> String in
        let share = bySize[category]?[size] ?? (0, 0)
        return padded("\(share.found)/\(share.of)", 8)
      }
      lines.append(
        padded(category.rawValue, 24) + percent(tally.precision) + " " + percent(tally.recall) + " " + percent(tally.f1)
          + "          " + sizes.joined())
    }
    lines.append("")
    lines.append(
      padded("any anomaly", 24) + percent(overall.precision) + " " + percent(overall.recall) + " " + percent(overall.f1))
    lines.append(padded("clean sessions flagged", 24) + percent(falseAlarmRate) + "  (\(falseAlarms) of \(cleanSessions))")
    return lines.joined(separator: "\n")
  }
}
