// POWER_SPIKE: power that the connector cannot have, or that leaves its surroundings for a moment and that the register does not know.

enum PowerSpikeDetector {
  /// Readings on each side that say what is usual.
  private static let reach = 5
  /// At the first and the last reading only one side is known: a spike must be so much clearer.
  private static let edge = 4.0
  /// Seconds between readings from which on, without a register, a spike must be so much clearer.
  private static let coarse = 240.0
  private static let unknown = 1.6
  /// Power that stays too high for more readings is compared with the register all the same.
  private static let longest = 3

  static func run(_ scene: inout Scene) {
    let power = scene.signal.power
    guard power.count >= 3 else { return }
    let idle = scene.signal.idlePower
    let noise = Robust.noise(power.values.filter { $0 > idle })
    let active = Robust.median(power.values.filter { $0 > idle }) ?? 0
    var i = 0
    while i < power.count {
      guard let first = excess(scene, i, noise, active), first.severity > 0.2,
        !scene.isDisordered(power.times[i], power.times[i] + 0.001)
      else {
        i += 1
        continue
      }
      var end = i
      var worst = first
      while end + 1 < power.count, let next = excess(scene, end + 1, noise, active), next.severity > 0.2 {
        end += 1
        if next.severity > worst.severity { worst = next }
      }
      let from = power.times[max(0, i - 1)]
      let to = power.times[min(power.count - 1, end + 1)]
      var evidence: [(Evidence, Double)] = [(.powerKw, worst.power), (.usualKw, worst.usual)]
      if worst.isLimit { evidence = [(.powerKw, worst.power), (.limitKw, worst.usual)] }
      scene.findings.append(
        Finding(
          category: .powerSpike, severity: worst.severity, from: from, to: to,
          certainty: worst.isLimit && scene.limits.power != nil ? 0.95 : 0.85,
          evidence: evidence))
      // What such a reading says about the energy is not believed.
      if worst.severity >= 1, end - i < longest { scene.claim(from, to) }
      i = end + 1
    }
  }

  private struct Excess {
    var severity: Double
    var power: Double
    /// What is usual here, or the limit.
    var usual: Double
    var isLimit: Bool
  }

  private static func excess(_ scene: Scene, _ i: Int, _ noise: Double, _ active: Double) -> Excess? {
    let value = scene.signal.power.values[i]
    let limit = overLimit(scene, value, noise)
    let around = overSurroundings(scene, i, noise, active)
    guard let limit else { return around }
    guard let around, around.severity > limit.severity else { return limit }
    return around
  }

  private static func overLimit(_ scene: Scene, _ value: Double, _ noise: Double) -> Excess? {
    let limit = scene.limits.power ?? scene.parameters.plausiblePowerKw
    guard value > limit else { return nil }
    // A connector at its limit is measured with noise.
    let allowed = scene.parameters.limitTolerance * limit + 4 * noise
    return Excess(severity: (value - limit) / allowed, power: value, usual: limit, isLimit: true)
  }

  private static func overSurroundings(_ scene: Scene, _ i: Int, _ noise: Double, _ active: Double) -> Excess? {
    let values = scene.signal.power.values
    let idle = scene.signal.idlePower
    guard values[i] > idle, active > 0 else { return nil }
    let left = values[max(0, i - reach)..<i].filter { $0 > idle }
    let right = values[(i + 1)..<min(values.count, i + 1 + reach)].filter { $0 > idle }
    guard left.count + right.count >= (left.isEmpty || right.isEmpty ? 4 : 3) else { return nil }
    // Higher than both sides: a step up is none.
    let sides = [Robust.median(left), Robust.median(right)].compactMap { $0 }
    guard let usual = sides.max(), values[i] > usual else { return nil }
    let room = scene.parameters.spikeExcess * usual + scene.parameters.noiseMultiple * min(noise, 0.2 * usual)
    var severity = (values[i] - usual) / room
    if left.count < 2 || right.count < 2 { severity /= edge }
    if severity >= 0.5, isCounted(scene, i, usual) { return nil }
    // In a long interval the load may have been another; without a register nobody knows.
    if scene.signal.energy.count < 2 {
      if isSustained(values, i) { return nil }
      if scene.signal.interval > coarse { severity /= unknown }
    }
    return Excess(severity: severity, power: values[i], usual: usual, isLimit: false)
  }

  /// Elsewhere in the session the power was as high for several readings: the load goes up and down.
  private static func isSustained(_ values: [Double], _ i: Int) -> Bool {
    var run = 0
    for at in values.indices {
      run = values[at] >= 0.9 * values[i] && abs(at - i) > 1 ? run + 1 : 0
      if run > longest { return true }
    }
    return false
  }

  /// The register counted the spike: the power was there.
  private static func isCounted(_ scene: Scene, _ i: Int, _ usual: Double) -> Bool {
    let power = scene.signal.power
    let energy = scene.signal.energy
    let from = power.times[max(0, i - 1)]
    let to = power.times[min(power.count - 1, i + 1)]
    guard energy.count >= 2, let first = energy.times.first, let last = energy.times.last, from >= first, to <= last,
      !scene.isClaimed(from, to), let a = energy.interpolated(at: from), let b = energy.interpolated(at: to)
    else { return false }
    let hours = (to - from) / 3600
    return b - a - energy.quantum > usual * hours * (1 + 0.25 * (power.values[i] / usual - 1))
  }
}
