// ENERGY_PIT: the register stands still, or is not told, while power flows.

enum EnergyPitDetector {
  /// Without power, a car that stops charging and goes on at full rate so soon did not stop: seconds, and intervals.
  private static let shortestPause = 600.0
  private static let pauseIntervals = 2...6
  /// Intervals beside a fall that belong to it.
  private static let besideFall = 1
  /// Of a distance without register readings, the least share of power readings that show power.
  private static let flowing = 0.7

  static func run(_ scene: inout Scene) {
    standing(&scene)
    missing(&scene)
  }

  // MARK: The register stands still

  private static func standing(_ scene: inout Scene) {
    let intervals = scene.intervals
    var i = 0
    while i < intervals.count {
      guard isFlat(scene, i) else {
        i += 1
        continue
      }
      var end = i
      while end + 1 < intervals.count, isFlat(scene, end + 1) { end += 1 }
      judge(&scene, i, end)
      i = end + 1
    }
  }

  private static func isFlat(_ scene: Scene, _ i: Int) -> Bool {
    let interval = scene.intervals[i]
    guard !scene.isClaimed(interval.from, interval.to), interval.seconds < 2.5 * scene.signal.energy.interval else {
      return false
    }
    if let low = interval.low {
      return low > scene.signal.idlePower && interval.delta <= scene.parameters.pitRatio * low * interval.hours
    }
    return scene.signal.power.isEmpty && interval.delta <= 0.05 * interval.chargingRate * interval.hours
  }

  private static func judge(_ scene: inout Scene, _ start: Int, _ end: Int) {
    let intervals = scene.intervals
    let run = intervals[start...end]
    let counted = run.reduce(0) { $0 + $1.delta }
    let from = intervals[start].from
    let to = intervals[end].to
    let quantum = scene.signal.energy.quantum
    var expected: Double
    var certainty = 0.9
    var most = Double.infinity
    if intervals[start].low != nil {
      expected = run.reduce(0) { $0 + ($1.low ?? 0) * $1.hours }
    } else {
      expected = run.reduce(0) { $0 + $1.chargingRate * $1.hours }
      guard let evidence = withoutPower(scene, start, end, expected) else { return }
      (most, certainty) = evidence
    }
    // A register that moves in coarse steps may stand still for a while.
    guard counted + quantum <= max(0.4, scene.parameters.pitRatio) * expected else { return }
    let missing = expected - counted
    let caughtUp = end + 1 < intervals.count && catchUp(intervals[end + 1]) >= 0.5 * missing
    // One reading sent twice is no fault of the meter; nor is a single interval at the session's ends.
    if start == end {
      let isEnd = start == 0 || end == intervals.count - 1
      if caughtUp || isEnd { most = min(most, 0.8) }
      if counted > 0.15 * expected { most = min(most, 0.8) }
    }
    let noise = 1.414 * scene.registerNoise * scene.parameters.noiseMultiple
    var severity = missing / scene.parameters.pitEnergyKwh
    if noise > 0 { severity = min(severity, missing / noise) }
    severity = min(severity, most)
    let last = caughtUp ? intervals[end + 1].to : to
    if absorb(&scene, from, last, severity) { return }
    scene.findings.append(
      Finding(
        category: .energyPit, severity: severity, from: from, to: to, certainty: certainty,
        evidence: [
          (.missingKwh, missing), (.expectedKwh, expected), (.deliveredKwh, counted), (.minutes, (to - from) / 60),
          (.values, Double(end - start + 1)),
        ]))
    if severity >= 1 { scene.claim(from, last, registerIsWrong: true) }
  }

  private static func catchUp(_ interval: EnergyInterval) -> Double {
    interval.delta - (interval.high ?? interval.chargingRate) * interval.hours
  }

  /// How severe at most, and how certain, a register that stands still is when no power is known. Nil: a pause.
  private static func withoutPower(_ scene: Scene, _ start: Int, _ end: Int, _ expected: Double) -> (
    most: Double, certainty: Double
  )? {
    let intervals = scene.intervals
    guard start > 0, end + 1 < intervals.count else { return nil }
    let after = intervals[end + 1]
    // Afterwards all that was missing is counted at once: it flowed all the time.
    if after.delta - after.chargingRate * after.hours >= 0.6 * expected { return (.infinity, 0.85) }
    if let rise = socRise(scene, intervals[start].from, intervals[end].to), rise >= 3 { return (.infinity, 0.8) }
    let before = intervals[start - 1]
    let isFull = before.rate >= 0.7 * before.chargingRate && after.rate >= 0.7 * after.chargingRate
    guard expected >= 8 * scene.signal.energy.quantum else { return nil }
    let isShort = intervals[end].to - intervals[start].from <= shortestPause && pauseIntervals.contains(end - start + 1)
    return isFull ? (isShort ? 2 : 0.8, 0.6) : nil
  }

  /// What the state of charge rose by, less its step. Nil: not measured.
  private static func socRise(_ scene: Scene, _ from: Double, _ to: Double) -> Double? {
    let soc = scene.signal.soc
    guard soc.count >= 4, let a = soc.interpolated(at: from), let b = soc.interpolated(at: to) else { return nil }
    return b - a - soc.quantum
  }

  /// A pit that touches a fall of the register is the same fault: the fall's range grows.
  private static func absorb(_ scene: inout Scene, _ from: Double, _ to: Double, _ severity: Double) -> Bool {
    let slack = Double(besideFall) * scene.signal.energy.interval * 1.2
    guard
      let at = scene.findings.indices.first(where: {
        let fall = scene.findings[$0]
        return fall.category == .kwhDecrease && fall.severity >= 1 && from <= fall.to + slack && fall.from <= to + slack
      })
    else { return false }
    scene.findings[at].from = min(scene.findings[at].from, from)
    scene.findings[at].to = max(scene.findings[at].to, to)
    scene.claim(from, to, registerIsWrong: true)
    return true
  }

  // MARK: The register is not told

  private static func missing(_ scene: inout Scene) {
    let energy = scene.signal.energy
    let power = scene.signal.power
    guard energy.count >= 5, power.count >= 8 else { return }
    var times = energy.times
    // A register that is told no longer, or not yet, has a gap at the end or the start.
    if let last = power.times.last, last > (times.last ?? 0) { times.append(last) }
    if let first = power.times.first, first < times[0] { times.insert(first, at: 0) }
    let steps = zip(times.dropFirst(), times).map { $0 - $1 }
    for (i, step) in steps.enumerated() where step >= 2.5 * energy.interval && !scene.isClaimed(times[i], times[i + 1]) {
      let inside = power.times.indices.filter { power.times[$0] > times[i] && power.times[$0] < times[i + 1] }
      let active = inside.filter { power.values[$0] > scene.signal.idlePower }
      // Readings of power went on as often as before: a gap of everything is a data gap.
      guard Double(inside.count) >= 0.5 * (step / max(power.interval, 1) - 1), inside.count >= 2,
        Double(active.count) >= flowing * Double(inside.count), let usual = Robust.median(active.map { power.values[$0] })
      else { continue }
      let byChance = MissingRun.factor(steps, at: i, interval: energy.interval, surprise: scene.parameters.surprise)
      let expected = usual * step / 3600
      let severity = min(step / energy.interval / scene.parameters.gapFactor, byChance, expected / scene.parameters.pitEnergyKwh)
      scene.findings.append(
        Finding(
          category: .energyPit, severity: severity, from: times[i], to: times[i + 1], certainty: min(0.9, 0.55 + 0.1 * byChance),
          evidence: [(.expectedKwh, expected), (.minutes, step / 60), (.usualMinutes, energy.interval / 60)]))
      if severity >= 1 { scene.claim(times[i], times[i + 1]) }
    }
  }
}
