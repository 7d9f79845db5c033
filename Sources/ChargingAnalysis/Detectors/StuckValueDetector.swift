// STUCK_VALUE: power or state of charge that stays exactly the same though it should change.
import Foundation

enum StuckValueDetector {
  /// Pairs of neighbours outside the run that must show how a value varies when it is not stuck.
  private static let fewestPairs = 8
  /// The least share of changes of direction that noise has; a smooth curve has nearly none.
  private static let noisy = 0.2
  /// A battery that is nearly full is shown as it is for long.
  private static let nearlyFull = 97.0
  /// No car's battery is larger, as far as a stuck state of charge is concerned: kWh.
  private static let largestBattery = 120.0

  static func run(_ scene: inout Scene) {
    power(&scene)
    charge(&scene)
  }

  // MARK: Power

  private static func power(_ scene: inout Scene) {
    let channel = scene.signal.power
    guard channel.count >= fewestPairs, let run = longestRun(channel, above: scene.signal.idlePower) else { return }
    let values = channel.values
    var pairs = 0.0
    var equal = 0.0
    var turns = 0.0
    var changes = 0.0
    var last = 0.0
    var trembling: [Double] = []
    for i in 1..<values.count where i - 1 < run.lowerBound || i > run.upperBound {
      let change = values[i] - values[i - 1]
      guard values[i] > scene.signal.idlePower, values[i - 1] > scene.signal.idlePower else { continue }
      pairs += 1
      trembling.append(abs(change) / values[i])
      if change == 0 { equal += 1 }
      guard change != 0 else { continue }
      if last != 0 {
        changes += 1
        if change * last < 0 { turns += 1 }
      }
      last = change
    }
    guard pairs >= Double(fewestPairs), changes > 0 else { return }
    // Noise is a share of the power: at a low one it may be less than the display shows, and a value repeats by itself.
    let shown = (Robust.median(trembling) ?? 0) * values[run.lowerBound]
    guard shown >= channel.quantum || fits(scene, channel.times[run.lowerBound], channel.times[run.upperBound]) else { return }
    let repeats = Double(run.count - 1)
    let expected = log10(pairs + repeats) + repeats * log10((equal + 0.5) / (pairs + 1))
    let severity = min(repeats / scene.parameters.stuckSamples, max(0, expected / log10(scene.parameters.surprise)))
    guard severity > 0.2 else { return }
    let from = channel.times[run.lowerBound]
    let to = channel.times[run.upperBound]
    // A charger at its limit is as steady as that. What gives a stuck reading away is noise everywhere else, a leap at its end, or energy that
    // does not fit.
    guard turns / changes >= noisy || leaps(channel, run) || fits(scene, from, to) else { return }
    scene.findings.append(
      Finding(
        category: .stuckValue, severity: severity, from: from, to: to, certainty: min(0.95, 0.6 + 0.05 * repeats),
        evidence: [(.powerKw, values[run.lowerBound]), (.minutes, (to - from) / 60), (.values, repeats + 1)]))
    relabel(&scene, from, to, severity)
  }

  /// The first value after the run makes up for all the small changes that were not shown.
  private static func leaps(_ channel: Channel, _ run: ClosedRange<Int>) -> Bool {
    let values = channel.values
    guard run.lowerBound >= 3, run.upperBound + 3 < values.count else { return false }
    let before = (run.lowerBound - 2...run.lowerBound).map { values[$0] - values[$0 - 1] }
    let after = (run.upperBound + 2...min(run.upperBound + 4, values.count - 1)).map { values[$0] - values[$0 - 1] }
    let steps = before + after
    guard steps.allSatisfy({ $0 < 0 }) || steps.allSatisfy({ $0 > 0 }), let usual = Robust.median(steps) else { return false }
    let leap = values[run.upperBound + 1] - values[run.upperBound]
    return leap / usual >= 0.6 * Double(run.count - 1)
  }

  /// Energy was found not to fit just this power.
  private static func fits(_ scene: Scene, _ from: Double, _ to: Double) -> Bool {
    let slack = 2 * scene.signal.interval
    return scene.findings.contains {
      $0.category == .powerEnergyMismatch && $0.severity >= 1 && $0.from >= from - slack && $0.to <= to + slack
    }
  }

  /// Energy that does not fit a power that is stuck says nothing new.
  private static func relabel(_ scene: inout Scene, _ from: Double, _ to: Double, _ severity: Double) {
    guard severity >= 1 else { return }
    scene.findings.removeAll {
      $0.category == .powerEnergyMismatch && $0.from >= from - 2 * scene.signal.interval
        && $0.to <= to + 2 * scene.signal.interval
    }
  }

  /// The longest run of one measured value above `floor`.
  private static func longestRun(_ channel: Channel, above floor: Double) -> ClosedRange<Int>? {
    var best: ClosedRange<Int>?
    var start = 0
    for i in 1...channel.count {
      let goes = i < channel.count && channel.values[i] == channel.values[start] && !channel.reconstructed[i]
      if goes { continue }
      if channel.values[start] > floor, i - start > best?.count ?? 2 { best = start...(i - 1) }
      start = i
    }
    return best
  }

  // MARK: State of charge

  private static func charge(_ scene: inout Scene) {
    let soc = scene.signal.soc
    guard soc.count >= 4 else { return }
    let model = SocModel(scene.trusted, scene.limits)
    var start = 0
    for i in 1...soc.count {
      if i < soc.count, soc.values[i] == soc.values[start] { continue }
      defer { start = i }
      guard i - start >= 4, soc.values[start] < nearlyFull, !soc.reconstructed[start..<i].contains(true) else { continue }
      let from = soc.times[start]
      let to = soc.times[i - 1]
      guard !scene.isDisordered(from, to), let energy = model.energy(from: from, to: to) else { continue }
      let battery = max(model.batteryKwh ?? largestBattery, 1)
      let rise = min(energy / battery * 100, 100 - soc.values[start])
      let severity = (rise - soc.quantum) / scene.parameters.stuckSocPercent
      guard severity > 0.2 else { continue }
      scene.findings.append(
        Finding(
          category: .stuckValue, severity: severity, from: from, to: to, certainty: model.batteryKwh == nil ? 0.6 : 0.8,
          evidence: [
            (.socFrom, soc.values[start]), (.socExpected, soc.values[start] + rise), (.minutes, (to - from) / 60),
            (.values, Double(i - start)),
          ]))
    }
  }
}
