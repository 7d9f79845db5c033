// DATA_GAP and CLOCK_JUMP forwards: long times without a value while the car charges.

enum GapDetector {
  /// Only a distance of so many intervals is looked at.
  private static let shortest = 2.5
  /// A jump leaves about one interval's energy: between these shares of one.
  private static let jumpEnergy = 0.3...1.7

  static func run(_ scene: inout Scene) {
    jumps(&scene)
    gaps(&scene)
  }

  /// The register counted about one interval's energy in a much longer time, though power flowed before and after.
  private static func jumps(_ scene: inout Scene) {
    let energy = scene.signal.energy
    guard energy.count >= 6 else { return }
    let steps = scene.intervals.map(\.seconds)
    let regular = steps.filter { abs($0 - energy.interval) <= 0.2 * energy.interval }.count
    guard Double(regular) >= 0.7 * Double(steps.count) else { return }
    for (i, interval) in scene.intervals.enumerated()
    where interval.seconds >= shortest * energy.interval && !scene.isClaimed(interval.from, interval.to) {
      guard !isCovered(scene, interval.from, interval.to), let rate = rate(scene, i), rate > scene.signal.idlePower else {
        continue
      }
      let accounted = interval.delta / rate * 3600
      let slack = energy.quantum / rate * 3600
      guard accounted >= jumpEnergy.lowerBound * energy.interval - slack,
        accounted <= max(jumpEnergy.upperBound * energy.interval, 0.1 * interval.seconds) + slack
      else { continue }
      let jump = interval.seconds - max(accounted, energy.interval)
      let severity = min(jump / 60 / scene.parameters.clockJumpMinutes, jump / energy.interval / 1.2)
      scene.findings.append(
        Finding(
          category: .clockJump, severity: severity, from: interval.from, to: interval.to,
          certainty: scene.signal.power.isEmpty ? 0.7 : 0.85,
          evidence: [(.jumpMinutes, jump / 60), (.deliveredKwh, interval.delta), (.usualMinutes, energy.interval / 60)]))
      if severity >= 1 { scene.claim(interval.from, interval.to) }
    }
  }

  private static func gaps(_ scene: inout Scene) {
    let signal = scene.signal
    let steps = zip(signal.buckets.dropFirst(), signal.buckets).map { $0 - $1 }
    guard steps.count >= 4 else { return }
    for (i, step) in steps.enumerated() where step >= shortest * signal.interval {
      let from = signal.buckets[i]
      let to = signal.buckets[i + 1]
      guard !scene.isClaimed(from, to), !isIdle(scene, from, to) else { continue }
      let byChance = MissingRun.factor(steps, at: i, interval: signal.interval, surprise: scene.parameters.surprise)
      let severity = min(step / signal.interval / scene.parameters.gapFactor, step / 60 / scene.parameters.gapMinutes, byChance)
      guard severity > 0 else { continue }
      scene.findings.append(
        Finding(
          category: .dataGap, severity: severity, from: from, to: to, certainty: min(0.95, 0.6 + 0.1 * byChance),
          evidence: [(.minutes, step / 60), (.usualMinutes, signal.interval / 60)]))
      if severity >= 1 { scene.claim(from, to) }
    }
  }

  /// Power was measured in between: only the register is missing.
  private static func isCovered(_ scene: Scene, _ from: Double, _ to: Double) -> Bool {
    scene.signal.power.times.contains { $0 > from && $0 < to }
  }

  /// The lower of the powers before and after an interval, in kW: measured, or from the register's neighbouring intervals.
  private static func rate(_ scene: Scene, _ place: Int) -> Double? {
    let interval = scene.intervals[place]
    let power = scene.signal.power
    if power.count >= 2 {
      guard let before = power.place(atOrBefore: interval.from) else { return nil }
      let after = power.place(atOrBefore: interval.to).map { power.times[$0] == interval.to ? $0 : $0 + 1 } ?? 0
      guard after < power.count else { return nil }
      return min(power.values[before], power.values[after])
    }
    let before = scene.intervals[max(0, place - 3)..<place].map(\.rate)
    let after = scene.intervals[(place + 1)..<min(place + 4, scene.intervals.count)].map(\.rate)
    guard let a = Robust.median(before), let b = Robust.median(after) else { return nil }
    return min(a, b)
  }

  /// A car that was not charging, before or after and in between, sends nothing: that is no gap.
  private static func isIdle(_ scene: Scene, _ from: Double, _ to: Double) -> Bool {
    let signal = scene.signal
    let idle = signal.idlePower
    var usual = 0.0
    var endIsIdle = false
    if signal.power.count >= 2 {
      let before = signal.power.place(atOrBefore: from).map { signal.power.values[$0] }
      let after = signal.power.times.firstIndex { $0 >= to }.map { signal.power.values[$0] }
      endIsIdle = (before ?? 0) <= idle || (after ?? 0) <= idle
      usual = max(before ?? 0, after ?? 0)
    }
    guard signal.energy.count >= 2, let a = signal.energy.interpolated(at: from), let b = signal.energy.interpolated(at: to)
    else {
      return endIsIdle
    }
    let counted = max(0, b - a)
    if usual > idle { return endIsIdle && counted <= 0.15 * usual * (to - from) / 3600 + signal.energy.quantum }
    if signal.power.count >= 2 { return counted <= idle * (to - from) / 3600 + signal.energy.quantum }
    // Only the register: at the session's ends, or where it did not move around the gap, nothing was charged.
    let rates = scene.intervals.filter { !scene.isClaimed($0.from, $0.to) && $0.from != from }
    let near = rates.filter { $0.to <= from }.suffix(2).map(\.rate)
    let next = rates.filter { $0.from >= to }.prefix(2).map(\.rate)
    let all = Robust.median(rates.map(\.rate).filter { $0 > 0 }) ?? 0
    let isEnd = near.isEmpty || next.isEmpty || (near.max() ?? 0) <= 0.05 * all || (next.max() ?? 0) <= 0.05 * all
    return isEnd && counted <= 0.15 * all * (to - from) / 3600 + signal.energy.quantum
  }
}
