// POWER_ENERGY_MISMATCH: the energy counted is not what the measured power makes.

enum MismatchDetector {
  private enum Side { case under, over }
  /// Less energy than this, in kWh, proves nothing.
  private static let least = 0.1
  /// Relative to the tolerance: what a single interval and two must exceed it by.
  private static let strictness = [1: 2.5, 2: 1.5]
  private static let mostRatio = 10.0

  static func run(_ scene: inout Scene) {
    guard !scene.signal.power.isEmpty else { return jumps(&scene) }
    let usable = scene.intervals.indices.filter { isUsable(scene, scene.intervals[$0]) }
    guard !usable.isEmpty else { return }
    if let whole = severity(scene, usable, .under) ?? severity(scene, usable, .over), whole.value >= 1, usable.count >= 4 {
      return report(&scene, usable, whole)
    }
    for side in [Side.under, .over] {
      var run: [Int] = []
      var skipped = 0
      for i in usable {
        let follows = run.isEmpty || i - (run.last ?? i) <= 2
        if follows, deviates(scene, i, side) {
          run.append(i)
          skipped = 0
        } else {
          // One interval that agrees does not end a run.
          skipped += 1
          if skipped > 1 || !follows {
            finish(&scene, run, side)
            run = !follows && deviates(scene, i, side) ? [i] : []
            skipped = 0
          }
        }
      }
      finish(&scene, run, side)
    }
  }

  private static func isUsable(_ scene: Scene, _ interval: EnergyInterval) -> Bool {
    interval.low != nil && interval.seconds < 2.5 * scene.signal.energy.interval && !scene.isClaimed(interval.from, interval.to)
      && !isRamp(scene, interval)
  }

  /// Power rose from nothing, or fell to it: what it was in between is not known, unless readings are close.
  private static func isRamp(_ scene: Scene, _ interval: EnergyInterval) -> Bool {
    guard let low = interval.low, let high = interval.high else { return true }
    return low < 0.4 * high && high > scene.signal.idlePower
  }

  private static func deviates(_ scene: Scene, _ i: Int, _ side: Side) -> Bool {
    let interval = scene.intervals[i]
    let tolerance = 0.6 * scene.parameters.mismatchTolerance
    let quantum = scene.signal.energy.quantum
    switch side {
    case .under: return interval.delta + quantum < (1 - min(tolerance, 0.9)) * (interval.low ?? 0) * interval.hours
    case .over: return interval.delta - quantum > (1 + tolerance) * (interval.high ?? 0) * interval.hours
    }
  }

  private struct Deviation {
    var value: Double
    var counted: Double
    var expected: Double
  }

  /// How far a run is off: its whole energy beside the least, or the most, that power can have made. Nil: not on this side.
  private static func severity(_ scene: Scene, _ run: [Int], _ side: Side) -> Deviation? {
    let intervals = run.map { scene.intervals[$0] }
    let counted = intervals.reduce(0) { $0 + $1.delta }
    let slack = scene.signal.energy.quantum + scene.registerNoise * scene.parameters.noiseMultiple
    let expected: Double
    let off: Double
    switch side {
    case .under:
      expected = intervals.reduce(0) { $0 + ($1.low ?? 0) * $1.hours }
      guard expected - counted > slack + least else { return nil }
      off = expected / max(counted + slack, expected / mostRatio) - 1
    case .over:
      expected = intervals.reduce(0) { $0 + ($1.high ?? 0) * $1.hours }
      guard counted - expected > slack + least else { return nil }
      off = (counted - slack) / max(expected, counted / mostRatio) - 1
    }
    let strict = strictness[run.count] ?? 1
    return Deviation(value: off / scene.parameters.mismatchTolerance / strict, counted: counted, expected: expected)
  }

  private static func finish(_ scene: inout Scene, _ run: [Int], _ side: Side) {
    guard !run.isEmpty, let deviation = severity(scene, run, side), deviation.value > 0 else { return }
    // Power that reads nothing at both ends of one interval may have flowed between.
    if run.count == 1, side == .over, (scene.intervals[run[0]].high ?? 0) <= scene.signal.idlePower { return }
    report(&scene, run, deviation)
  }

  private static func report(_ scene: inout Scene, _ run: [Int], _ deviation: Deviation) {
    let from = scene.intervals[run[0]].from
    let to = scene.intervals[run[run.count - 1]].to
    let percent = deviation.expected > 0 ? (deviation.counted / deviation.expected - 1) * 100 : 100
    scene.findings.append(
      Finding(
        category: .powerEnergyMismatch, severity: deviation.value, from: from, to: to,
        certainty: scene.signal.powerIsDerived ? 0.6 : 0.85,
        evidence: [
          (.expectedKwh, deviation.expected), (.deliveredKwh, deviation.counted), (.deviationPercent, min(percent, 999)),
        ]))
  }

  // MARK: Without power

  /// The register alone: one interval counts what no steady charging around it explains.
  private static func jumps(_ scene: inout Scene) {
    let intervals = scene.intervals
    guard intervals.count >= 6 else { return }
    for i in 1..<(intervals.count - 1) {
      let interval = intervals[i]
      let before = intervals[i - 1].rate
      let after = intervals[i + 1].rate
      let usual = max(before, after, interval.chargingRate)
      guard !scene.isClaimed(interval.from, interval.to), usual > 0, min(before, after) > 0.3 * usual else { continue }
      let excess = interval.delta - usual * interval.hours
      let noise = 1.414 * scene.registerNoise * scene.parameters.noiseMultiple
      var severity = min((interval.rate / usual - 1) / 2, (excess - scene.signal.energy.quantum) / least)
      if noise > 0 { severity = min(severity, excess / noise) }
      guard severity > 0.2 else { continue }
      scene.findings.append(
        Finding(
          category: .powerEnergyMismatch, severity: severity, from: interval.from, to: interval.to, certainty: 0.65,
          evidence: [
            (.expectedKwh, usual * interval.hours), (.deliveredKwh, interval.delta),
            (.deviationPercent, min((interval.rate / usual - 1) * 100, 999)),
          ]))
    }
  }
}
