// POWER_ENERGY_MISMATCH: the energy counted is not what the measured power makes.

enum MismatchDetector {
  private enum Side { case under, over }
  /// Less energy than this, in kWh, proves nothing.
  private static let least = 0.1
  /// Relative to the tolerance: what a single interval and two must exceed it by.
  private static let strictness = [1: 2.5, 2: 1.5]
  private static let mostRatio = 10.0

  /// Neighbouring intervals in which the register moves by some steps of its display: one alone may be off by a step.
  private struct Block {
    var first: Int
    var last: Int
    var delta = 0.0
    /// kWh that the least, and the highest, power makes.
    var low = 0.0
    var high = 0.0
    var count: Int { last - first + 1 }
  }
  private static let stepsInBlock = 5.0

  static func run(_ scene: inout Scene) {
    guard !scene.signal.power.isEmpty else { return jumps(&scene) }
    let blocks = blocks(scene)
    guard !blocks.isEmpty else { return }
    if let whole = severity(scene, blocks, .under) ?? severity(scene, blocks, .over), whole.value >= 1,
      blocks.reduce(0, { $0 + $1.count }) >= 4
    {
      return report(&scene, blocks, whole)
    }
    for side in [Side.under, .over] {
      var run: [Block] = []
      var skipped = 0
      for block in blocks {
        let follows = run.last.map { block.first - $0.last <= 2 + skipped } ?? true
        if follows, deviates(scene, block, side) {
          run.append(block)
          skipped = 0
        } else {
          // One that agrees does not end a run.
          skipped += 1
          if skipped > 1 || !follows {
            finish(&scene, run, side)
            run = !follows && deviates(scene, block, side) ? [block] : []
            skipped = 0
          }
        }
      }
      finish(&scene, run, side)
    }
  }

  private static func blocks(_ scene: Scene) -> [Block] {
    var list: [Block] = []
    var open: Block?
    for (i, interval) in scene.intervals.enumerated() {
      guard isUsable(scene, interval) else {
        if let block = open { list.append(block) }
        open = nil
        continue
      }
      // While nothing flows there is nothing to add up.
      let isIdle = (interval.high ?? 0) <= scene.signal.idlePower
      if isIdle, let block = open {
        list.append(block)
        open = nil
      }
      var block = open ?? Block(first: i, last: i)
      block.last = i
      block.delta += interval.delta
      block.low += (interval.low ?? 0) * interval.hours
      block.high += (interval.high ?? 0) * interval.hours
      open = block
      if isIdle || block.high >= stepsInBlock * scene.signal.energy.quantum {
        list.append(block)
        open = nil
      }
    }
    if let block = open { list.append(block) }
    return list
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

  private static func deviates(_ scene: Scene, _ block: Block, _ side: Side) -> Bool {
    let tolerance = 0.6 * scene.parameters.mismatchTolerance
    let quantum = scene.signal.energy.quantum
    switch side {
    case .under: return block.delta + quantum < (1 - min(tolerance, 0.9)) * block.low
    case .over: return block.delta - quantum > (1 + tolerance) * block.high
    }
  }

  private struct Deviation {
    var value: Double
    var counted: Double
    var expected: Double
  }

  /// How far a run is off: its whole energy beside the least, or the most, that power can have made. Nil: not on this side.
  private static func severity(_ scene: Scene, _ run: [Block], _ side: Side) -> Deviation? {
    let counted = run.reduce(0) { $0 + $1.delta }
    let slack = scene.signal.energy.quantum + scene.registerNoise * scene.parameters.noiseMultiple
    let expected: Double
    let off: Double
    switch side {
    case .under:
      expected = run.reduce(0) { $0 + $1.low }
      guard expected - counted > slack + least else { return nil }
      off = expected / max(counted + slack, expected / mostRatio) - 1
    case .over:
      expected = run.reduce(0) { $0 + $1.high }
      guard counted - expected > slack + least else { return nil }
      off = (counted - slack) / max(expected, counted / mostRatio) - 1
    }
    let strict = strictness[run.reduce(0) { $0 + $1.count }] ?? 1
    return Deviation(value: off / scene.parameters.mismatchTolerance / strict, counted: counted, expected: expected)
  }

  private static func finish(_ scene: inout Scene, _ run: [Block], _ side: Side) {
    guard let first = run.first, let deviation = severity(scene, run, side), deviation.value > 0 else { return }
    // Power that reads nothing at both ends of one interval may have flowed between.
    if run.count == 1, first.count == 1, side == .over, (scene.intervals[first.first].high ?? 0) <= scene.signal.idlePower {
      return
    }
    report(&scene, run, deviation)
  }

  private static func report(_ scene: inout Scene, _ run: [Block], _ deviation: Deviation) {
    let from = scene.intervals[run[0].first].from
    let to = scene.intervals[run[run.count - 1].last].to
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
    guard intervals.count >= 8 else { return }
    for i in 2..<(intervals.count - 2) {
      let interval = intervals[i]
      let before = intervals[i - 1].rate
      let after = intervals[i + 1].rate
      let usual = max(before, after, interval.chargingRate)
      guard !scene.isClaimed(interval.from, interval.to), usual > 0, isSteady(intervals, around: i) else { continue }
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

  /// Two intervals on each side charge at about one rate.
  private static func isSteady(_ intervals: [EnergyInterval], around i: Int) -> Bool {
    let rates = [i - 2, i - 1, i + 1, i + 2].map { intervals[$0].rate }
    guard let low = rates.min(), let high = rates.max() else { return false }
    return low > 0.6 * high
  }
}
