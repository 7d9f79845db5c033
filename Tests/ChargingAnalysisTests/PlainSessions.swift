// A second way to make sessions, as somebody else would: whole minutes, one formula for a curve, faults as operations on lists. It shares
// nothing with the generator of the module, so that the detector is not only right about its own author's sessions.
import ChargingAnalysis
import Core
import Foundation

struct PlainSession {
  var name: String
  var minutes: [Double] = []
  var energy: [Double]? = []
  var power: [Double]? = []
  var soc: [Double]? = []
  var limit: Double?

  /// As meter values, the way they would come through the API: a later value of the same moment replaces an earlier one.
  var values: [MeterValue] {
    let start = Timestamp("2026-05-04T08:00:00Z")!
    var list: [MeterValue] = []
    for i in minutes.indices {
      let at = Timestamp(seconds: (start.seconds + minutes[i] * 60).rounded())
      if let energy, energy[i].isFinite { list.append(MeterValue(.energyImport, max(0, energy[i]), at: at)) }
      if let power, power[i].isFinite { list.append(MeterValue(.powerImport, max(0, power[i]), at: at)) }
      if let soc, soc[i].isFinite { list.append(MeterValue(.soc, min(100, max(0, soc[i])), at: at)) }
    }
    return MeterValueReader.merge([], list)
  }
}

struct PlainMaker {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 6_364_136_223_846_793_005 &+ 1 }

  // A linear congruential generator: not the one of the module.
  mutating func next() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(state >> 11) / 9_007_199_254_740_992
  }
  mutating func between(_ a: Double, _ b: Double) -> Double { a + (b - a) * next() }
  mutating func choose<T>(_ list: [T]) -> T { list[min(Int(next() * Double(list.count)), list.count - 1)] }
  /// The sum of twelve: near enough to normal.
  mutating func noise(_ deviation: Double) -> Double {
    var sum = -6.0
    for _ in 0..<12 { sum += next() }
    return sum * deviation
  }

  /// A clean session.
  mutating func clean() -> PlainSession {
    let direct = next() < 0.4
    let peak = direct ? choose([50.0, 100, 150, 250]) : choose([3.7, 7.4, 11, 22])
    let step = direct ? choose([1.0, 1, 2, 5]) : choose([1.0, 5, 15, 15])
    let battery = between(40, 100)
    let deviation = choose([0, 0.01, 0.02, 0.03, 0.05])
    // Three habits: noise after the energy was made, noise that the energy has too, and none in the first reading.
    let habit = choose([0, 1, 2])
    let length = direct ? between(20, 60) : between(60, 480)
    var charge = between(10, 50)
    var sum = next() < 0.5 ? 0 : between(0, 9000).rounded()
    let decimals = choose([10.0, 100, 1000, 1000])
    let whole = next() < 0.6
    var session = PlainSession(name: direct ? "DC \(peak)" : "AC \(peak)")
    let lost = choose([0, 0, 0.02, 0.05])
    var minute = 0.0
    while minute <= max(length, step * 10), charge < 100 {
      var kw = direct ? (charge < 50 ? peak : peak * max(0.1, 1 - (charge - 50) / 55)) : charge > 97 ? peak * 0.4 : peak
      if habit == 1 { kw *= 1 + noise(deviation) }
      let shown = habit == 1 ? kw : kw * (1 + noise(deviation))
      if next() >= lost || minute == 0 {
        session.minutes.append(minute)
        session.energy?.append((sum * decimals).rounded() / decimals)
        session.power?.append(minute == 0 && habit == 2 ? 0 : (shown * 100).rounded() / 100)
        session.soc?.append(whole ? charge.rounded() : (charge * 10).rounded() / 10)
      }
      sum += kw * step / 60
      charge += kw * step / 60 / battery * 92
      minute += step
    }
    // The last reading: the cable is still in, nothing flows.
    if next() < 0.5 {
      let tail = Int(between(1, 8))
      for _ in 0..<tail {
        session.minutes.append(minute)
        session.energy?.append((sum * decimals).rounded() / decimals)
        session.power?.append(0)
        session.soc?.append(whole ? min(charge, 100).rounded() : (min(charge, 100) * 10).rounded() / 10)
        minute += step
      }
    }
    switch next() {
    case ..<0.12: (session.power, session.soc) = (nil, nil)
    case ..<0.2: session.power = nil
    case ..<0.4: session.soc = nil
    case ..<0.46: (session.energy, session.soc) = (nil, nil)
    default: break
    }
    if next() < 0.5 { session.limit = peak }
    return session
  }

  /// The first of many sessions that `fault` can be put into.
  mutating func faulty(_ category: AnomalyCategory) -> PlainSession {
    while true {
      var session = clean()
      if put(category, into: &session) { return session }
    }
  }

  private mutating func place(_ session: PlainSession, _ length: Int) -> Int? {
    // Somewhere in the middle, while it charges.
    let last = session.power.map { $0.lastIndex { $0 > 0.5 } ?? 0 } ?? session.minutes.count - 1
    guard last > length + 7 else { return nil }
    return 3 + Int(next() * Double(last - length - 6))
  }

  private mutating func put(_ category: AnomalyCategory, into session: inout PlainSession) -> Bool {
    let step = session.minutes.count > 1 ? session.minutes[1] - session.minutes[0] : 1
    switch category {
    case .kwhDecrease:
      guard session.energy != nil, let at = place(session, 4) else { return false }
      let by = choose([0.1, 0.3, 0.5, 1, 2, 5])
      guard session.energy![at - 1] >= by else { return false }
      let fall = session.energy![at] - session.energy![at - 1] + by
      switch choose([0, 1, 2]) {
      case 0: session.energy![at] -= fall
      case 1: for i in at..<session.minutes.count { session.energy![i] -= fall }
      default: for i in 0..<3 { session.energy![at + i] = session.energy![at - 1] - by * Double(i + 1) / 3 }
      }
    case .energyPit:
      let length = choose([3, 4, 6, 10])
      guard session.energy != nil, session.power != nil, let at = place(session, length) else { return false }
      let lost = session.energy![at + length - 1] - session.energy![at - 1]
      guard lost > 0.3 else { return false }
      for i in at..<(at + length) { session.energy![i] = session.energy![at - 1] }
      if next() < 0.5 { for i in (at + length)..<session.minutes.count { session.energy![i] -= lost } }
    case .powerEnergyMismatch:
      guard session.energy != nil, session.power != nil, let at = place(session, 8) else { return false }
      let factor = choose([0.5, 0.6, 1.5, 2])
      let end = next() < 0.5 ? session.minutes.count : at + 8
      guard session.energy![at + 7] - session.energy![at] > 0.5 else { return false }
      for i in at..<end { session.power![i] *= factor }
    case .socDrop:
      guard session.soc != nil, let at = place(session, 3) else { return false }
      let by = choose([5.0, 10, 15, 20, 30])
      guard session.soc![at - 1] > by + 1 else { return false }
      let fall = session.soc![at] - session.soc![at - 1] + by
      let end = next() < 0.5 ? session.minutes.count : at + 3
      for i in at..<end { session.soc![i] -= fall }
    case .dataGap:
      let length = Int((60 / step).rounded())
      guard length >= 4, let at = place(session, length) else { return false }
      session.remove(at..<(at + length))
    case .powerSpike:
      guard session.power != nil, let at = place(session, 2) else { return false }
      session.power![at] *= choose([3, 5, 10])
    case .stuckValue:
      let length = choose([10, 15, 20])
      guard session.power != nil, let at = place(session, length), session.power!.filter({ $0 > 0.5 }).count > length + 15 else {
        return false
      }
      // Without noise, or rounded away, the same value again and again is what a constant power looks like.
      let kept = Set(session.power!.filter { $0 > 0.5 }).count
      guard kept * 3 > session.power!.count * 2 else { return false }
      for i in at..<(at + length) { session.power![i] = session.power![at] }
    case .clockJump:
      guard session.energy != nil, session.power != nil, let at = place(session, 5) else { return false }
      guard session.energy![at + 1] - session.energy![at] > 0.1 else { return false }
      let by = choose([30.0, 60, 120]) * (next() < 0.3 ? -1 : 1)
      guard by > 3 * step || by < 0 && session.minutes[at] > -by + 5 * step && step <= 5 else { return false }
      for i in at..<session.minutes.count { session.minutes[i] += by }
      // A clock set back does not fall on the same seconds again.
      if by < 0 { for i in at..<session.minutes.count { session.minutes[i] += 0.4 * step } }
    }
    return true
  }
}

extension PlainSession {
  fileprivate mutating func remove(_ range: Range<Int>) {
    minutes.removeSubrange(range)
    energy?.removeSubrange(range)
    power?.removeSubrange(range)
    soc?.removeSubrange(range)
  }
}
