// CLOCK_JUMP backwards: two runs of the register lie over each other in time.

enum BackwardClockDetector {
  /// Readings of each run that must lie over the other.
  private static let fewest = 2
  /// kWh that lie between the highest and the lowest of them.
  private static let leastEnergy = 0.2

  /// Sorted by time, readings from before and after the jump alternate: a low one, a high one, and every high one is above every low one. A
  /// register that only falls does not alternate, and a noisy one is not so neatly divided.
  static func run(_ scene: inout Scene) {
    let energy = scene.signal.energy
    guard energy.count >= 6, scene.intervals.contains(where: { $0.delta < -RegisterFallDetector.rounding }) else { return }
    let (high, low) = inverted(energy.values)
    guard high.count >= fewest, low.count >= fewest, let firstHigh = high.first, let lastLow = low.last, firstHigh < lastLow
    else { return }
    let highValues = high.map { energy.values[$0] }
    let lowValues = low.map { energy.values[$0] }
    guard let least = highValues.min(), let most = lowValues.max(), least >= most, isRising(highValues), isRising(lowValues),
      Set(high).isDisjoint(with: low), alternations(high, low) >= 3
    else { return }
    // A register that trembles alternates too, within next to nothing.
    guard (highValues.max() ?? 0) - (lowValues.min() ?? 0) >= leastEnergy else { return }
    let back = energy.times[lastLow] - energy.times[firstHigh] + energy.interval
    let from = energy.times[max(0, firstHigh - 1)]
    let to = energy.times[min(energy.count - 1, lastLow + 1)]
    scene.findings.append(
      Finding(
        category: .clockJump, severity: back / 60 / scene.parameters.clockJumpMinutes, from: from, to: to, certainty: 0.9,
        evidence: [(.jumpMinutes, -back / 60)]))
    scene.claimOrder(from, to)
  }

  /// Places that are above a later value, and places that are below an earlier one.
  private static func inverted(_ values: [Double]) -> (high: [Int], low: [Int]) {
    var least = Array(repeating: Double.infinity, count: values.count + 1)
    for i in values.indices.reversed() { least[i] = min(least[i + 1], values[i]) }
    var most = -Double.infinity
    var high: [Int] = []
    var low: [Int] = []
    for i in values.indices {
      if values[i] > least[i + 1] + RegisterFallDetector.rounding { high.append(i) }
      if values[i] < most - RegisterFallDetector.rounding { low.append(i) }
      most = max(most, values[i])
    }
    return (high, low)
  }

  private static func isRising(_ values: [Double]) -> Bool { zip(values, values.dropFirst()).allSatisfy { $0 <= $1 + 1e-6 } }

  /// How often one kind follows the other, in time.
  private static func alternations(_ high: [Int], _ low: [Int]) -> Int {
    let all = (high.map { ($0, true) } + low.map { ($0, false) }).sorted { $0.0 < $1.0 }
    return zip(all, all.dropFirst()).reduce(0) { $0 + ($1.0.1 == $1.1.1 ? 0 : 1) }
  }
}
