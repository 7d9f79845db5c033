// How a station measures: what it sends, how often, how exactly, in which units, and what gets lost.
import Core
import Foundation

struct Meter {
  var interval: Double
  var jitter: Double
  var sendsEnergy = true
  var sendsPower = true
  var sendsSoc = true
  /// Relative deviation of the power reading.
  var powerNoise: Double
  /// kWh.
  var energyStep: Double
  var socStep: Double
  var socNoise: Double
  var loss: Double
  var register: Double
  var inWatts: Bool
  /// Power as one value for each phase.
  var byPhase: Bool
  /// Currents and voltage instead of power.
  var asCurrent: Bool
  var namesLocation: Bool

  init(_ chance: Chance, _ car: CarCharge) {
    let seconds = car.seconds
    let intervals = [10.0, 30, 60, 60, 120, 300, 600, 900].filter { seconds / $0 <= 400 && seconds / $0 >= 8 }
    interval = intervals.isEmpty ? max(10, seconds / 20) : chance.pick(intervals)
    jitter = chance.pick([0, 0, 0.005, 0.02])
    switch chance.integer(0...99) {
    case 0..<12: (sendsPower, sendsSoc) = (false, false)
    case 12..<20: (sendsEnergy, sendsSoc) = (false, false)
    case 20..<30: sendsPower = false
    case 30..<55: sendsSoc = false
    default: break
    }
    powerNoise = chance.pick([0, 0.002, 0.01, 0.03, 0.05])
    energyStep = chance.pick([0.001, 0.001, 0.01, 0.1])
    socStep = chance.pick([1, 1, 0.1, 0.5])
    socNoise = chance.pick([0, 0, 0.1])
    loss = chance.pick([0, 0, 0.01, 0.03, 0.05])
    register = chance.happens(0.5) ? 0 : (chance.number(100...50_000) * 1000).rounded() / 1000
    inWatts = chance.happens(0.5)
    byPhase = car.phases == 3 && chance.happens(0.2)
    asCurrent = !byPhase && car.phases == 3 && chance.happens(0.15)
    namesLocation = chance.happens(0.3)
  }

  /// Samples with noise, before rounding.
  func samples(_ car: CarCharge, _ chance: Chance) -> [Sample] {
    var list: [Sample] = []
    var time = 0.0
    while time <= car.seconds {
      let isEnd = time == 0 || time + interval > car.seconds
      if isEnd || !chance.happens(loss) {
        var sample = car.sample(at: max(0, time + (isEnd ? 0 : chance.normal(jitter * interval))).rounded())
        if sendsPower { sample.power = max(0, (sample.power ?? 0) * (1 + chance.normal(powerNoise))) } else { sample.power = nil }
        if sendsEnergy { sample.energy = (sample.energy ?? 0) + register } else { sample.energy = nil }
        if sendsSoc { sample.soc = min(max((sample.soc ?? 0) + chance.normal(socNoise), 0), 100) } else { sample.soc = nil }
        list.append(sample)
      }
      time += interval
    }
    return list
  }

  /// The body's `meterValues`, as a client would send them.
  func body(_ samples: [Sample], car: CarCharge, start: Timestamp) -> Value {
    var list: [Value] = []
    for sample in samples {
      let at = Value.string((start + .microseconds(Int(sample.time * 1e6))).description)
      func add(_ name: Measurand, _ value: Double, _ unit: String, _ phase: String? = nil) {
        var map: ObjectMap = [
          "timestamp": at, "value": Value(number: value), "measurand": .string(name.rawValue), "unit": .string(unit),
        ]
        if let phase { map["phase"] = .string(phase) }
        if namesLocation { map["location"] = "Outlet" }
        list.append(.object(map))
      }
      func kilo(_ value: Double, _ step: Double) -> Double {
        let steps = (value / step).rounded()
        return inWatts ? (steps * step * 1000).rounded() : (steps * step * 1e6).rounded() / 1e6
      }
      if let energy = sample.energy { add(.energyImport, kilo(energy, energyStep), inWatts ? "Wh" : "kWh") }
      if let power = sample.power {
        if asCurrent {
          for phase in 1...3 { add(.currentImport, (power / 0.69 * 100).rounded() / 100, "A", "L\(phase)") }
          add(.voltage, 230, "V")
        } else if byPhase {
          for phase in 1...3 { add(.powerImport, kilo(power / 3, 0.001), inWatts ? "W" : "kW", "L\(phase)") }
        } else {
          add(.powerImport, kilo(power, 0.001), inWatts ? "W" : "kW")
        }
      }
      if let soc = sample.soc { add(.soc, (soc / socStep).rounded() * socStep, "Percent") }
    }
    return .list(list)
  }
}
