// What happened between two readings of the energy register, beside the power measured in that time.

struct EnergyInterval: Sendable {
  /// Seconds since the session's start.
  var from: Double
  var to: Double
  /// kWh.
  var delta: Double
  /// The least and the highest power, in kW, that was measured at its ends and within; nil where power is not known.
  var low: Double?
  var high: Double?
  /// The middle rate, in kW, of the intervals around it, idle ones included.
  var localRate = 0.0
  /// The middle rate of those around it in which energy was counted.
  var chargingRate = 0.0

  var seconds: Double { to - from }
  var hours: Double { (to - from) / 3600 }
  var rate: Double { delta / hours }

  /// Intervals on each side that say what is usual.
  private static let reach = 6
  /// Two power readings further apart than this, in intervals of power, say nothing about the time between.
  private static let powerReach = 2.5

  /// One for each pair of neighbouring register readings.
  static func all(_ signal: SessionSignal) -> [EnergyInterval] {
    let energy = signal.energy
    guard energy.count >= 2 else { return [] }
    var list: [EnergyInterval] = []
    list.reserveCapacity(energy.count - 1)
    var place = 0
    for i in 1..<energy.count {
      var interval = EnergyInterval(
        from: energy.times[i - 1], to: energy.times[i], delta: energy.values[i] - energy.values[i - 1])
      addPower(&interval, signal.power, &place)
      list.append(interval)
    }
    let rates = list.map(\.rate)
    let positive = Robust.median(rates.filter { $0 > 0 }) ?? 0
    for i in list.indices {
      var near: [Double] = []
      for k in max(0, i - reach)...min(list.count - 1, i + reach) where k != i { near.append(rates[k]) }
      list[i].localRate = max(0, Robust.median(near) ?? 0)
      let charging = near.filter { $0 > 0 }
      list[i].chargingRate = charging.count >= 3 ? Robust.median(charging) ?? positive : positive
      // A display that moves in coarse steps shows each rise too large: their mean is right.
      if list[i].chargingRate * list[i].hours < 2.5 * energy.quantum {
        list[i].chargingRate = near.reduce(0, +) / Double(max(near.count, 1))
      }
    }
    return list
  }

  /// `place` only moves on: intervals come in order.
  private static func addPower(_ interval: inout EnergyInterval, _ power: Channel, _ place: inout Int) {
    guard power.count >= 2 else { return }
    while place + 1 < power.count, power.times[place + 1] <= interval.from { place += 1 }
    let reach = max(powerReach * power.interval, interval.seconds)
    var low = Double.infinity
    var high = -Double.infinity
    var before: Double?
    var after: Double?
    var k = place
    while k < power.count {
      let time = power.times[k]
      if time <= interval.from { before = time }
      if time >= interval.to { after = time }
      low = min(low, power.values[k])
      high = max(high, power.values[k])
      if time >= interval.to { break }
      k += 1
    }
    // Beyond the first and the last reading power is known for half an interval.
    let start = before ?? (power.times[0] - interval.from <= power.interval / 2 ? power.times[0] : nil)
    let end = after ?? (interval.to - (power.times.last ?? 0) <= power.interval / 2 ? power.times.last : nil)
    guard let start, let end, end - start <= reach * 1.5, low.isFinite else { return }
    interval.low = low
    interval.high = high
  }
}
