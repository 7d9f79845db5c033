// What the energy says about the state of charge: the battery's size, and the charge where it was not measured.
import Core

struct SocModel {
  private let signal: SessionSignal
  private let limits: ConnectorLimits
  /// Estimated from energy and state of charge, else the one that is known; nil when neither is.
  let batteryKwh: Double?

  /// Points of the state of charge apart that are compared, in percent.
  private static let leastRise = 5.0
  private static let mostPoints = 60
  /// Batteries of cars, vans and trucks: kWh.
  private static let plausible = 5.0...1500.0

  init(_ signal: SessionSignal, _ limits: ConnectorLimits) {
    self.signal = signal
    self.limits = limits
    batteryKwh = Self.estimate(signal) ?? limits.batteryKwh
  }

  /// kWh between two times, by the register, or else by power; nil when neither was measured there.
  func energy(from: Double, to: Double) -> Double? {
    if signal.energy.count >= 2, let a = signal.energy.interpolated(at: from), let b = signal.energy.interpolated(at: to) {
      return b - a
    }
    guard signal.power.count >= 2 else { return nil }
    return Self.integral(signal.power, from, to)
  }

  private static func integral(_ power: Channel, _ from: Double, _ to: Double) -> Double {
    var sum = 0.0
    for i in 1..<power.count {
      let a = max(power.times[i - 1], from)
      let b = min(power.times[i], to)
      if b > a { sum += (power.values[i - 1] + power.values[i]) / 2 * (b - a) / 3600 }
    }
    return sum
  }

  /// The middle of what pairs of readings with a clear rise between them say; falls and stuck stretches are outvoted.
  private static func estimate(_ signal: SessionSignal) -> Double? {
    let soc = signal.soc
    guard soc.count >= 3, signal.energy.count >= 2 || signal.power.count >= 2 else { return nil }
    let stride = max(1, soc.count / mostPoints)
    let places = Array(Swift.stride(from: 0, to: soc.count, by: stride))
    let byRegister = signal.energy.count >= 2
    // The energy up to each reading: pairs then cost a subtraction.
    let energies: [Double] = places.map { place in
      byRegister ? signal.energy.interpolated(at: soc.times[place]) ?? 0 : integral(signal.power, 0, soc.times[place])
    }
    var sizes: [Double] = []
    for i in places.indices {
      for k in (i + 1)..<max(i + 1, places.count) {
        let rise = soc.values[places[k]] - soc.values[places[i]]
        let energy = energies[k] - energies[i]
        guard rise >= max(leastRise, 3 * soc.quantum), energy > 0 else { continue }
        sizes.append(energy / rise * 100)
        break
      }
    }
    guard sizes.count >= 2, let size = Robust.median(sizes), plausible.contains(size) else { return nil }
    return size
  }

  /// The state of charge at the buckets where it was not measured, or cannot be right (`distrusted` spans). Nil: nothing to add, or not
  /// computable.
  func reconstructed(distrusted: [(from: Double, to: Double)]) -> [SocPoint]? {
    let soc = signal.soc
    guard let batteryKwh, batteryKwh > 0, !soc.isEmpty else { return nil }
    let bad = Set(soc.times.indices.filter { i in distrusted.contains { $0.from < soc.times[i] && soc.times[i] <= $0.to } })
    let good = soc.without(bad)
    guard !good.isEmpty else { return nil }
    let measured = Set(good.times)
    var points: [SocPoint] = []
    for time in signal.buckets where !measured.contains(time) {
      let before = good.place(atOrBefore: time)
      let anchor = before ?? 0
      guard
        let energy = before == nil
          ? energy(from: time, to: good.times[0]).map({ -$0 }) : energy(from: good.times[anchor], to: time)
      else {
        continue
      }
      var value = good.values[anchor] + energy / batteryKwh * 100
      // The next measured value is not passed.
      if before != nil, anchor + 1 < good.count { value = min(value, max(good.values[anchor], good.values[anchor + 1])) }
      points.append(SocPoint(timestamp: signal.moment(time), value: (min(max(value, 0), 100) * 10).rounded() / 10))
    }
    return points.isEmpty ? nil : points
  }
}

/// A state of charge that was computed.
public struct SocPoint: Sendable, Hashable {
  public var timestamp: Timestamp
  /// Percent.
  public var value: Double
  public var json: Value { ["timestamp": .string(timestamp.description), "value": Value(number: value)] }
}
