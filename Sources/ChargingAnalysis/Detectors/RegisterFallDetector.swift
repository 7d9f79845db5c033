// KWH_DECREASE: the energy register falls.

enum RegisterFallDetector {
  /// Less than this is what adding binary numbers does, in kWh.
  static let rounding = 1e-6
  /// Intervals after a fall, or before it, in which the register may come back.
  private static let recovery = 10
  private static let glitch = 5

  /// Falls that are each judged by the noise around them; more are a noisy register.
  private static let mostFalls = 24

  static func run(_ scene: inout Scene) {
    let intervals = scene.intervals
    var falls: [ClosedRange<Int>] = []
    var i = 0
    while i < intervals.count {
      guard intervals[i].delta < -rounding, !scene.isClaimed(intervals[i].from, intervals[i].to) else {
        i += 1
        continue
      }
      var end = i
      // A fall over several readings is one fall.
      while end + 1 < intervals.count, intervals[end + 1].delta < -rounding { end += 1 }
      falls.append(i...end)
      i = end + 1
    }
    var real: [ClosedRange<Int>] = []
    for fall in falls where report(&scene, fall.lowerBound, fall.upperBound, byItself: falls.count <= mostFalls) {
      real.append(fall)
    }
    if !real.isEmpty, falls.count <= mostFalls { scene.registerNoise = scene.noise(without: real) }
  }

  /// Whether the fall is beyond what noise does.
  private static func report(_ scene: inout Scene, _ start: Int, _ end: Int, byItself: Bool) -> Bool {
    let intervals = scene.intervals
    let energy = scene.signal.energy
    let fall = energy.values[start] - energy.values[end + 1]
    let expected = expected(intervals, start, end)
    var from = intervals[start].from
    var to = intervals[end].to
    if let back = (end + 1..<min(end + 1 + recovery, intervals.count)).first(where: { excess(intervals[$0]) >= 0.5 * fall }) {
      to = intervals[back].to
    } else if let up = (max(0, start - glitch)..<start).last(where: { excess(intervals[$0]) >= 0.5 * fall }) {
      from = intervals[up].from
    } else {
      // The register fell and then stood still: one fault.
      var next = end + 1
      while next < intervals.count, intervals[next].delta >= -rounding,
        intervals[next].delta <= 0.1 * intervals[next].chargingRate * intervals[next].hours,
        intervals[next].low ?? 1 > scene.signal.idlePower
      {
        to = intervals[next].to
        next += 1
      }
    }
    // Noise makes a register fall only where it hardly rises: what it would have risen by counts too.
    let noise = 1.414 * (byItself ? scene.noise(without: [start...end]) : scene.registerNoise) * scene.parameters.noiseMultiple
    let bySize = fall / scene.parameters.registerFallKwh
    let severity = noise > 0 ? min(bySize, (fall + expected) / noise) : bySize
    let clear = noise > 0 ? min(1, (fall + expected) / (2 * noise)) : 1
    scene.findings.append(
      Finding(
        category: .kwhDecrease, severity: severity, from: from, to: to, certainty: 0.8 + 0.18 * clear,
        evidence: [(.fallKwh, fall), (.fromKwh, energy.values[start]), (.toKwh, energy.values[end + 1])]))
    // What is only noise explains nothing while power flows: in a pit a register that trembles falls too.
    let flows = intervals[start...end].allSatisfy { $0.low ?? 0 > scene.signal.idlePower }
    let isNoise = noise > 0 ? fall + expected < noise : fall < 1.5 * energy.quantum
    if severity >= 1 || !flows || !isNoise { scene.claim(from, to, registerIsWrong: true) }
    return severity >= 1
  }

  /// What it should have risen by: as on the side that rises less, since a car may have stopped just there, and no more than power makes.
  private static func expected(_ intervals: [EnergyInterval], _ start: Int, _ end: Int) -> Double {
    let left = Robust.median(intervals[max(0, start - side)..<start].map(\.rate))
    let right = Robust.median(intervals[min(end + 1, intervals.count)..<min(end + 1 + side, intervals.count)].map(\.rate))
    let usual = max(0, min(left ?? .infinity, right ?? .infinity))
    return intervals[start...end].reduce(0) { sum, one in
      sum + min(one.localRate, usual, one.high.map { 1.2 * $0 } ?? .infinity) * one.hours
    }
  }

  /// Intervals on each side of a fall that say whether it charged there.
  private static let side = 3

  /// Energy beyond what the intervals around it count.
  private static func excess(_ interval: EnergyInterval) -> Double {
    interval.delta - 1.3 * interval.localRate * interval.hours
  }
}
