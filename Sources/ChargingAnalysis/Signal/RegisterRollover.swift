// A register that reached its highest number and began again at nothing: no fall, only a short display.

enum RegisterRollover {
  /// kWh at which displays begin anew: decimal digits, and counters of 16, 24, 31 and 32 bits in Wh, 0.01 kWh, 0.1 kWh and kWh.
  private static let tops: [Double] =
    (3...8).map { power($0) }
    + [65_536, 16_777_216, 2_147_483_648, 4_294_967_296].flatMap { count in [0.001, 0.01, 0.1, 1].map { count * $0 } }.filter {
      $0 >= 500
    }
  /// So many times what the register usually rises by in this time may lie between the two readings.
  private static let slack = 2.5

  private static func power(_ digits: Int) -> Double { (0..<digits).reduce(1) { value, _ in value * 10 } }

  /// The register as it would be with one more digit. Only a fall that the usual rise explains, from just below such a number to just
  /// above nothing, is taken for it.
  static func unwrapped(_ energy: Channel) -> Channel {
    guard energy.count >= 4 else { return energy }
    let falls = (1..<energy.count).filter { energy.values[$0] < energy.values[$0 - 1] - 100 }
    guard falls.count == 1, let at = falls.first else { return energy }
    let before = energy.values[at - 1]
    let after = energy.values[at]
    var rates: [Double] = []
    for i in 1..<energy.count where i != at {
      rates.append((energy.values[i] - energy.values[i - 1]) / (energy.times[i] - energy.times[i - 1]))
    }
    let usual = Robust.quantile(rates.filter { $0 > 0 }, 0.8) ?? 0
    let most = slack * usual * (energy.times[at] - energy.times[at - 1]) + 3 * energy.quantum
    guard let top = tops.first(where: { $0 > before && $0 - before + after <= most && after < before }) else { return energy }
    var values = energy.values
    for i in at..<values.count { values[i] += top }
    return Channel(times: energy.times, values: values, reconstructed: energy.reconstructed)
  }
}
