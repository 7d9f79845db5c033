// plumb quality: how good the anomaly detector is on sessions made from a seed, and how fast.
import ChargingAnalysis
import Core

enum QualityVerb {
  private static let standardSeed = 20_260_227
  private static let mostSessions = 100_000
  private static let speedRounds = 400

  static let verb = Verb(
    name: "quality", summary: "Measure the charging detector on sessions made from a seed; no server is needed.",
    flags: [
      Flag("seed", value: "N", "What the sessions are follows from it; else \(standardSeed)."),
      Flag("clean", value: "N", "Clean sessions; else 2000."),
      Flag("each", value: "N", "Sessions of each category and size of fault; else 80."),
      Flag("speed", "Instead say how long one session of 200 values takes."),
      Flag.output(["text", "json"]),
    ],
    notes: [
      "Precision, recall and F1 for each category, and the share of clean sessions that are flagged, at the base model's parameters.",
      "The same seed prints the same figures on every machine.",
    ],
    examples: ["plumb quality", "plumb quality --seed 7 -o json", "plumb quality --speed"], run: run)

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    let isJSON = arguments.value("output") == "json"
    if arguments.has("speed") {
      let milliseconds = try speed()
      console.line(isJSON ? JSON.text(["values": 200, "milliseconds": .double(milliseconds)]) : "200 values: \(milliseconds) ms")
      return .done
    }
    let seed = try arguments.integer("seed", in: 0...Int.max) ?? standardSeed
    let report = QualityReport(
      seed: UInt64(seed), clean: try arguments.integer("clean", in: 1...mostSessions) ?? 2000,
      each: try arguments.integer("each", in: 1...mostSessions / 50) ?? 80)
    console.line(isJSON ? JSON.pretty(report.json) : report.text)
    return .done
  }

  /// The middle of many rounds, in milliseconds: energy, power and charge at 67 moments, less one value.
  private static func speed() throws -> Double {
    let start = Timestamp(seconds: 1_772_409_600)
    let values = (0..<200).map { i -> MeterValue in
      let minute = i / 3
      let at = start + .seconds(minute * 60)
      switch i % 3 {
      case 0: return MeterValue(.energyImport, Double(minute * 183) / 1000, at: at)
      case 1: return MeterValue(.powerImport, 10.9 + Double(minute * 7919 % 17) / 100, at: at)
      default: return MeterValue(.soc, Double(20 + minute / 3), at: at)
      }
    }
    let clock = ContinuousClock()
    var times: [Duration] = []
    for _ in 0..<speedRounds {
      let began = clock.now
      guard SessionAnalyzer.analyze(values) != nil else {
        throw Problem(.failure, code: "quality", "the session was not analysed")
      }
      times.append(began.duration(to: clock.now))
    }
    let middle = times.sorted()[times.count / 2].components
    let milliseconds = Double(middle.seconds) * 1e3 + Double(middle.attoseconds) / 1e15
    return (milliseconds * 1000).rounded() / 1000
  }
}
