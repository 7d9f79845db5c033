// From sessions to a station's energy by hour.
import Core

/// Energy that a station delivered in one hour of UTC.
public struct HourEnergy: Sendable, Hashable {
  /// A full hour.
  public var start: Timestamp
  public var kwh: Double
  public init(start: Timestamp, kwh: Double) {
    self.start = start
    self.kwh = kwh
  }
}

public enum StationEnergy {
  static let hour = 3_600_000_000
  /// A session longer than this is a fault of some clock: its hours beyond are not spread. In hours.
  private static let longest = 24 * 31

  /// The energy of all sessions by full hour, in order; hours without energy are left out. A rise of the register is spread over the time
  /// between its readings; falls count nothing, nor does the way back up; without a register power is added up.
  public static func hourly(_ sessions: [[MeterValue]]) -> [HourEnergy] {
    var sums: [Int: Double] = [:]
    for values in sessions {
      for rise in rises(values) { spread(rise, into: &sums) }
    }
    return sums.filter { $0.value > 0 }.sorted { $0.key < $1.key }.map {
      HourEnergy(start: Timestamp(microseconds: $0.key * hour), kwh: $0.value)
    }
  }

  /// The energy of all sessions from `from` on, added up, at each step until `to`: the first point is 0.
  public static func timeline(_ sessions: [[MeterValue]], from: Timestamp, step: Duration, to: Timestamp) -> [EnergyPoint] {
    let width = max(step.microseconds, 60_000_000)
    let count = min(max(0, (to.microseconds - from.microseconds + width - 1) / width), mostPoints)
    var sums = Array(repeating: 0.0, count: count + 1)
    for values in sessions {
      for rise in rises(values) where rise.to > rise.from {
        let length = Double(rise.to - rise.from)
        let first = max(0, (rise.from - from.microseconds) / width)
        var at = first
        while at < count, from.microseconds + at * width < rise.to {
          let a = max(rise.from, from.microseconds + at * width)
          let b = min(rise.to, from.microseconds + (at + 1) * width, to.microseconds)
          if b > a { sums[at + 1] += rise.kwh * Double(b - a) / length }
          at += 1
        }
      }
    }
    var total = 0.0
    return sums.indices.map { i in
      total += sums[i]
      let at = min(from.microseconds + i * width, to.microseconds)
      return EnergyPoint(timestamp: Timestamp(microseconds: at), cumulativeKwh: total)
    }
  }

  private static let mostPoints = 10_000

  private struct Rise {
    var from: Int
    var to: Int
    var kwh: Double
  }

  private static func rises(_ values: [MeterValue]) -> [Rise] {
    guard let signal = SessionSignal(values) else { return [] }
    func time(_ seconds: Double) -> Int { signal.start.microseconds + Int(seconds * 1e6) }
    let energy = signal.energy
    if energy.count >= 2 {
      // A register that falls and comes back delivered nothing on its way up to where it was; one that never does began anew.
      var ahead = energy.values
      for i in stride(from: energy.count - 2, through: 0, by: -1) { ahead[i] = max(ahead[i], ahead[i + 1]) }
      var level = energy.values[0]
      return (1..<energy.count).compactMap { i in
        if ahead[i] < level { level = energy.values[i] }
        let rise = energy.values[i] - max(level, energy.values[i - 1])
        level = max(level, energy.values[i])
        return rise > 0 ? Rise(from: time(energy.times[i - 1]), to: time(energy.times[i]), kwh: rise) : nil
      }
    }
    let power = signal.power
    guard power.count >= 2 else { return [] }
    return (1..<power.count).map { i in
      let hours = (power.times[i] - power.times[i - 1]) / 3600
      return Rise(
        from: time(power.times[i - 1]), to: time(power.times[i]), kwh: (power.values[i] + power.values[i - 1]) / 2 * hours)
    }
  }

  private static func spread(_ rise: Rise, into sums: inout [Int: Double]) {
    let first = Int((Double(rise.from) / Double(hour)).rounded(.down))
    let last = Int((Double(rise.to - 1) / Double(hour)).rounded(.down))
    guard rise.to > rise.from, last - first <= longest else { return }
    for at in first...last {
      let a = max(rise.from, at * hour)
      let b = min(rise.to, (at + 1) * hour)
      if b > a { sums[at, default: 0] += rise.kwh * Double(b - a) / Double(rise.to - rise.from) }
    }
  }
}

/// A point of a cumulative curve.
public struct EnergyPoint: Sendable, Hashable {
  public var timestamp: Timestamp
  public var cumulativeKwh: Double
  public var json: Value { ["timestamp": .string(timestamp.description), "cumulativeKwh": Value(rounded: cumulativeKwh)] }
}
