// Power from currents and voltages, for meters that send no power.

enum DerivedPower {
  /// A nominal voltage within this distance of a current counts for it, in intervals of the currents.
  private static let voltageReach = 3.0
  /// Between the product of current and voltage and the register lie the number of phases and the power factor.
  private static let scales = 0.5...3.6

  /// kW at each time that a current was measured; empty without a voltage. With an energy register the curve is scaled to it: one current for
  /// "all phases" does not say how many there are.
  static func channel(current: ChannelBuilder, voltage: ChannelBuilder, energy: Channel) -> Channel {
    let currents = current.phaseChannels()
    let voltages = voltage.phaseChannels()
    let phases = currents.keys.filter { $0 > 0 }.sorted()
    var sums: [Double: (power: Double, count: Int)] = [:]
    let used = phases.isEmpty ? [0] : phases
    for phase in used {
      guard let amperes = currents[phase], let volts = voltages[phase] ?? voltages[0] ?? voltages[1] else { return Channel() }
      for i in amperes.times.indices {
        guard let nearest = volts.interpolated(at: amperes.times[i]), let place = volts.place(atOrBefore: amperes.times[i]),
          amperes.times[i] - volts.times[place] <= voltageReach * max(amperes.interval, 1)
        else { continue }
        let sofar = sums[amperes.times[i]] ?? (0, 0)
        sums[amperes.times[i]] = (sofar.power + amperes.values[i] * nearest / 1000, sofar.count + 1)
      }
    }
    let whole = sums.filter { $0.value.count == used.count }.sorted { $0.key < $1.key }
    let raw = Channel(
      times: whole.map(\.key), values: whole.map(\.value.power), reconstructed: Array(repeating: false, count: whole.count))
    guard raw.count >= 3, energy.count >= 3, let scale = scale(raw, energy), scales.contains(scale) else { return raw }
    return Channel(times: raw.times, values: raw.values.map { $0 * scale }, reconstructed: raw.reconstructed)
  }

  /// The middle of what the register says beside what the curve says.
  private static func scale(_ power: Channel, _ energy: Channel) -> Double? {
    var ratios: [Double] = []
    for i in 1..<energy.count {
      let hours = (energy.times[i] - energy.times[i - 1]) / 3600
      guard let a = power.interpolated(at: energy.times[i - 1]), let b = power.interpolated(at: energy.times[i]) else { continue }
      let expected = (a + b) / 2 * hours
      if expected > 0.01 { ratios.append((energy.values[i] - energy.values[i - 1]) / expected) }
    }
    return ratios.count >= 3 ? Robust.median(ratios) : nil
  }
}
