// What really happens when a car charges: power, energy and state of charge at a fine step.
import Foundation

/// The truth of one session, before any meter.
struct CarCharge {
  /// Seconds between two points.
  static let step = 10.0
  private static let mostPoints = 6 * 60 * 14

  var isDirect: Bool
  var phases: Int
  var limitKw: Double
  var batteryKwh: Double
  /// One value for each point: kW, kWh since the start, percent.
  var power: [Double] = []
  var energy: [Double] = []
  var soc: [Double] = []

  init(_ chance: Chance) {
    isDirect = chance.happens(0.35)
    batteryKwh = chance.number(24...105)
    var charge = chance.number(5...(isDirect ? 55 : 75))
    let target = isDirect ? chance.number(70...95) : chance.number(80...100)
    phases = isDirect ? 0 : chance.pick([1, 1, 3, 3, 3])
    limitKw = isDirect ? chance.pick([50, 100, 150, 300]) : phases == 1 ? chance.pick([3.7, 7.4]) : chance.pick([11, 11, 22])
    let carKw = isDirect ? chance.number(45...220) : chance.pick([3.7, 7.4, 11, 22])
    let full = min(limitKw, carKw) * chance.number(0.93...1)
    let efficiency = isDirect ? chance.number(0.95...0.99) : chance.number(0.86...0.94)
    let managed = !isDirect && chance.happens(0.15)
    var share = 1.0
    var nextChange = chance.number(600...3000)
    let delay = chance.happens(0.15) ? chance.number(300...3600) : chance.number(0...40)
    var pauses: [(Double, Double)] = []
    if !isDirect, chance.happens(0.2) {
      for _ in 0..<chance.integer(1...2) {
        let at = chance.number(1200...14_000)
        pauses.append((at, at + chance.number(900...5400)))
      }
    }
    let idle = chance.happens(0.4) ? chance.number(300...7200) : chance.number(0...60)
    let longest = isDirect ? chance.number(900...3600) : chance.number(2400...30_000)
    var drift = 0.0
    var sum = 0.0
    var ended: Double?
    for point in 0..<Self.mostPoints {
      let time = Double(point) * Self.step
      if ended == nil, time > delay, charge >= target || time > delay + longest { ended = time }
      if let ended, time > ended + idle { break }
      if managed, time > nextChange {
        share = chance.pick([1, 0.75, 0.5, 0.6, 0.9])
        nextChange = time + chance.number(600...3000)
      }
      drift = 0.95 * drift + chance.normal(0.001)
      let isOn = time >= delay && ended == nil && !pauses.contains { $0.0 <= time && time < $0.1 }
      let ramp = min(1, max(0, time - delay) / (isDirect ? 60 : 20) + 0.1)
      let now = isOn ? full * share * Self.curve(charge, isDirect) * ramp * (1 + drift) : 0
      power.append(now)
      energy.append(sum)
      soc.append(min(charge, 100))
      sum += now * Self.step / 3600
      charge += now * Self.step / 3600 * efficiency / batteryKwh * 100
    }
  }

  /// The share of full power that a battery takes at this charge.
  private static func curve(_ charge: Double, _ isDirect: Bool) -> Double {
    guard isDirect else { return charge < 96 ? 1 : max(0.12, 1 - (charge - 96) * 0.22) }
    if charge < 12 { return 0.8 + charge / 60 }
    if charge < 48 { return 1 }
    if charge < 80 { return 1 - (charge - 48) / 32 * 0.58 }
    return max(0.06, 0.42 - (charge - 80) / 20 * 0.36)
  }

  var seconds: Double { Double(max(power.count - 1, 0)) * Self.step }

  private func at(_ values: [Double], _ time: Double) -> Double {
    let place = min(max(time / Self.step, 0), Double(values.count - 1))
    let low = Int(place)
    let high = min(low + 1, values.count - 1)
    return values[low] + (values[high] - values[low]) * (place - Double(low))
  }

  func sample(at time: Double) -> Sample {
    Sample(time: time, energy: at(energy, time), power: power[min(Int(time / Self.step), power.count - 1)], soc: at(soc, time))
  }
}

/// One moment as a meter shows it: kWh, kW, percent; nil: not sent.
struct Sample {
  var time: Double
  var energy: Double?
  var power: Double?
  var soc: Double?
}
