// A third way to make sessions, after what stations in the field do: other curves (logistic tapers, derating, solar surplus, load steps, balancing
// pulses), other meters (mean power, readings aligned to the clock, clocks that drift, registers that roll over), faults put into readings.
import ChargingAnalysis
import Core
import Foundation

struct FieldSession {
  struct Reading {
    var time: Double
    var energy: Double
    var power: Double
    var soc: Double
  }
  enum Layout { case one, phases, amperes }

  var habit = ""
  var readings: [Reading] = []
  var peak = 0.0
  var interval = 60.0
  var hasEnergy = true
  var hasPower = true
  var hasSoc = true
  var layout = Layout.one
  /// kWh, percent.
  var energyStep = 0.001
  var socStep = 1.0
  var noise = 0.0
  var register = 0.0
  /// Where the register begins anew.
  var top: Double?
  /// Seconds an hour.
  var drift = 0.0
  var inWatts = false

  /// As a client sends them.
  var meterValues: Value {
    let start = Timestamp("2026-05-04T06:13:00Z")!
    let scale = inWatts ? 1000.0 : 1
    var list: [Value] = []
    for reading in readings {
      let at = start + .seconds(Int((reading.time + drift * reading.time / 3600).rounded()))
      func add(_ name: String, _ value: Double, _ unit: String, _ phase: String? = nil) {
        var one: ObjectMap = [
          "timestamp": .string(at.description), "measurand": .string(name), "unit": .string(unit), "value": .double(value),
        ]
        if let phase { one["phase"] = .string(phase) }
        list.append(.object(one))
      }
      if hasEnergy {
        var shown = max(0, register + reading.energy)
        if let top, shown >= top { shown -= top }
        shown = (shown / energyStep + 1e-6).rounded(.down) * energyStep
        add("Energy.Active.Import.Register", (shown * 1e6).rounded() / 1e6 * scale, inWatts ? "Wh" : "kWh")
      }
      if hasPower {
        let kw = max(0, reading.power)
        switch layout {
        case .one: add("Power.Active.Import", (kw * 1000).rounded() / 1000 * scale, inWatts ? "W" : "kW")
        case .phases:
          for phase in 1...3 {
            add("Power.Active.Import", (kw / 3 * 1000).rounded() / 1000 * scale, inWatts ? "W" : "kW", "L\(phase)")
          }
        case .amperes:
          for phase in 1...3 {
            add("Current.Import", (kw / 3 / 0.231 * 100).rounded() / 100, "A", "L\(phase)")
            add("Voltage", 231, "V", "L\(phase)-N")
          }
        }
      }
      if hasSoc {
        add("SoC", (min(100, max(0, (reading.soc / socStep).rounded(.down) * socStep)) * 10).rounded() / 10, "Percent")
      }
    }
    return .list(list)
  }
}

struct FieldMaker {
  private var maker: PlainMaker
  private static let step = 5.0

  init(seed: UInt64) { maker = PlainMaker(seed: seed) }

  mutating func next() -> Double { maker.next() }
  mutating func between(_ a: Double, _ b: Double) -> Double { maker.between(a, b) }
  mutating func choose<T>(_ list: [T]) -> T { maker.choose(list) }

  mutating func clean() -> FieldSession {
    while true {
      let session = measured()
      if session.readings.count >= 6, session.readings.last?.energy ?? 0 > 0.3 { return session }
    }
  }

  mutating func faulty(_ category: AnomalyCategory) -> FieldSession {
    while true {
      var session = clean()
      if put(category, into: &session) { return session }
    }
  }

  // MARK: The car

  private struct Truth {
    var power: [Double] = []
    var energy: [Double] = []
    var soc: [Double] = []
    var seconds: Double { Double(power.count - 1) * FieldMaker.step }
    func at(_ values: [Double], _ time: Double) -> Double {
      let place = min(max(time / FieldMaker.step, 0), Double(values.count - 1))
      let low = Int(place)
      let high = min(low + 1, values.count - 1)
      return values[low] + (values[high] - values[low]) * (place - Double(low))
    }
  }

  private mutating func charge(_ session: inout FieldSession) -> Truth {
    let direct = next() < 0.4
    let phases = direct ? 0 : choose([1, 1, 3, 3, 3])
    let limit =
      direct ? choose([50.0, 75, 120, 150, 180, 240, 300, 350]) : phases == 1 ? choose([3.7, 4.6, 7.4]) : choose([11.0, 22])
    session.peak = min(limit, direct ? between(45, 260) : choose([3.6, 7.2, 11, 11, 22]) * between(0.9, 1))
    session.layout = phases == 3 ? choose([.one, .one, .one, .phases, .amperes]) : .one
    var habit = choose(["plain", "plain", "plain", "pauses", "sun", "steps", "derating", "balancing", "delay"])
    if direct, ["sun", "pauses", "balancing"].contains(habit) { habit = "derating" }
    session.habit = "\(direct ? "DC" : "AC") \(habit)"
    let battery = choose([38.0, 52, 58, 64, 77, 82, 95, 108])
    let full = direct ? between(60, 100) : 100
    let length = direct ? between(15, 70) * 60 : between(40, 600) * 60
    let delay = habit == "delay" ? between(300, 3600) : between(0, 60)
    let idle = choose([0, 0, between(120, 5400)])
    var pauses: [(Double, Double)] = []
    var from = between(600, 3600)
    for _ in 0..<(habit == "pauses" ? choose([1, 2, 3]) : 0) {
      let to = from + between(300, 3000)
      pauses.append((from, to))
      from = to + between(600, 3600)
    }
    var (charge, sum, now) = (between(4, direct ? 60 : 80), 0.0, 0.0)
    var (cloud, share, change) = (0.6, 1.0, between(300, 2400))
    let derated = between(0.2, 0.7) * length
    var ended: Double?
    var truth = Truth()
    var time = 0.0
    while time < 16 * 3600 {
      var wanted = session.peak
      if direct {
        wanted *= 0.93 / (1 + exp((charge / 100 - 0.62) * 11)) + 0.07
        if charge < 10 { wanted *= 0.7 }
        if habit == "derating", time > derated { wanted = min(wanted, session.peak * 0.45) }
      } else {
        if charge > 98 { wanted *= max(0.08, (100 - charge) / 2) }
        if habit == "sun" {
          cloud = min(1, max(0, cloud + maker.noise(0.02)))
          wanted *= cloud > 0.13 ? cloud : 0
        }
        if habit == "steps" {
          if time > change { (share, change) = (choose([0.25, 0.4, 0.55, 0.73, 0.9, 1]), time + between(240, 2700)) }
          wanted *= share
        }
      }
      if ended == nil, charge >= full || time > length + delay { ended = time }
      var isOn = time >= delay && ended == nil && !pauses.contains { $0.0 <= time && time < $0.1 }
      if habit == "balancing", let ended, time < ended + idle {
        isOn = Int((time - ended) / 600) % 4 == 3
        wanted = 0.8
      }
      let aim = isOn ? wanted : 0
      now += (aim - now) * min(1, Self.step / (aim > now ? direct ? 30 : 15 : 6))
      if now < 0.01 { now = 0 }
      truth.power.append(now)
      truth.energy.append(sum)
      truth.soc.append(charge)
      sum += now * Self.step / 3600
      charge = min(100, charge + now * Self.step / 3600 * 0.92 / battery * 100)
      time += Self.step
      if let ended, time > ended + idle + 30 { break }
    }
    return truth
  }

  // MARK: The meter

  private mutating func measured() -> FieldSession {
    var session = FieldSession()
    let truth = charge(&session)
    let intervals = [30.0, 60, 60, 120, 300, 600, 900].filter { (8...400).contains(truth.seconds / $0) }
    session.interval = intervals.isEmpty ? max(10, truth.seconds / 15) : choose(intervals)
    switch choose([0, 0, 0, 1, 1, 2, 3, 4, 5]) {
    case 1: session.hasSoc = false
    case 2: session.hasPower = false
    case 3: (session.hasPower, session.hasSoc) = (false, false)
    case 4: (session.hasEnergy, session.hasSoc) = (false, false)
    case 5: (session.hasEnergy, session.hasPower) = (false, false)
    default: break
    }
    let jitter = choose([0, 0, 1, 3, session.interval * 0.05])
    let loss = choose([0, 0, 0, 0.01, 0.03])
    session.energyStep = choose([0.001, 0.001, 0.01, 0.01, 0.1])
    session.noise = choose([0, 0.001, 0.005, 0.02, 0.04])
    session.socStep = choose([1, 1, 0.5, 0.1])
    session.drift = choose([0, 0, between(-3, 3)])
    session.inWatts = next() < 0.5
    let isMean = next() < 0.3
    var times = [0.0]
    var time = next() < 0.3 ? between(0, session.interval) : session.interval
    while time < truth.seconds {
      if next() >= loss { times.append(time + between(-jitter, jitter)) }
      time += session.interval
    }
    times = Set((times + [truth.seconds]).map { max(0, $0.rounded()) }).sorted()
    for (i, time) in times.enumerated() {
      var power = truth.at(truth.power, time)
      if isMean, i > 0 {
        power = (truth.at(truth.energy, time) - truth.at(truth.energy, times[i - 1])) / max(1, time - times[i - 1]) * 3600
      }
      session.readings.append(
        FieldSession.Reading(
          time: time, energy: truth.at(truth.energy, time), power: power * (1 + maker.noise(session.noise)),
          soc: truth.at(truth.soc, time)))
    }
    switch choose([0, 1, 2, 3]) {
    case 1: session.register = between(0, 100)
    case 2: session.register = between(1000, 90_000)
    case 3:
      let top = choose([10_000.0, 100_000, 1_000_000])
      session.top = top
      session.register = top - max(0.2, between(0.1, 0.8) * (truth.energy.last ?? 0))
    default: break
    }
    return session
  }

  // MARK: Faults

  /// Somewhere in the middle, with power on both sides of the next `length` readings.
  private mutating func place(_ session: FieldSession, _ length: Int) -> Int? {
    let all = session.readings
    guard all.count > length + 7 else { return nil }
    let good = (3..<(all.count - length - 3)).filter { i in (i - 1...i + length).allSatisfy { all[$0].power > 0.2 * session.peak }
    }
    return good.isEmpty ? nil : choose(good)
  }

  private mutating func put(_ category: AnomalyCategory, into session: inout FieldSession) -> Bool {
    let count = session.readings.count
    func rise(_ from: Int, _ to: Int) -> Double { session.readings[to].energy - session.readings[from].energy }
    let both = session.hasEnergy && session.hasPower
    switch category {
    case .kwhDecrease:
      guard session.hasEnergy, session.top == nil, let at = place(session, 2) else { return false }
      let by = choose([0.2, 0.5, 1, 3, 8]) + 3 * session.energyStep
      guard session.register + session.readings[at - 1].energy > by else { return false }
      let fall = rise(at - 1, at) + by
      for i in at..<(next() < 0.6 ? count : at + choose([1, 2, 3])) { session.readings[i].energy -= fall }
    case .energyPit:
      let length = choose([3, 5, 8])
      guard both, let at = place(session, length) else { return false }
      let lost = rise(at - 1, at + length - 1)
      guard lost > max(0.3, 5 * session.energyStep) else { return false }
      for i in at..<(at + length) { session.readings[i].energy = session.readings[at - 1].energy }
      if next() < 0.6 { for i in (at + length)..<count { session.readings[i].energy -= lost } }
    case .powerEnergyMismatch:
      guard both, let at = place(session, 6), rise(at, at + 6) > max(0.6, 6 * session.energyStep) else { return false }
      let factor = choose([0.4, 0.6, 1.6, 2.5])
      for i in (next() < 0.4 ? 0 : at)..<count { session.readings[i].power *= factor }
    case .socDrop:
      let by = choose([6.0, 10, 18, 30])
      // What the charge rises by meanwhile must not hide the fall.
      guard session.hasSoc, let at = place(session, 2), session.readings[at].soc > by + 2,
        session.readings[at].soc - session.readings[at - 1].soc < by / 2
      else { return false }
      for i in at..<(next() < 0.6 ? count : at + 2) { session.readings[i].soc -= by }
    case .dataGap:
      let length = max(5, Int(choose([45.0, 90]) * 60 / session.interval))
      guard session.hasEnergy || session.hasPower, let at = place(session, length) else { return false }
      session.readings.removeSubrange(at..<(at + length))
    case .powerSpike:
      guard session.hasPower, let at = place(session, 1) else { return false }
      session.readings[at].power *= choose([3, 6, 12])
    case .stuckValue:
      let length = choose([12, 18])
      let charging = session.readings.filter { $0.power > 0.15 * session.peak }.count
      guard session.hasPower, session.noise >= 0.005, session.layout == .one, charging >= length + 15,
        let at = place(session, length)
      else { return false }
      for i in at..<(at + length) { session.readings[i].power = session.readings[at].power }
    case .clockJump:
      let by = choose([40.0, 90, 180]) * 60
      guard both, let at = place(session, 3), rise(at, at + 1) > max(0.1, 2 * session.energyStep), by >= 4 * session.interval
      else {
        return false
      }
      let isBack = next() < 0.3 && session.readings[at].time > by + 6 * session.interval && session.interval <= 300
      for i in at..<count { session.readings[i].time += isBack ? -by + 0.37 * session.interval : by }
    }
    return true
  }
}
