// Faults of every category, put into the samples of a clean session.
import Foundation

/// How large a fault is.
public enum FaultSize: String, CaseIterable, Sendable { case subtle, clear, gross }

struct Fault {
  let category: AnomalyCategory
  let size: FaultSize
  let chance: Chance

  /// Readings of power above this mean charging: kW.
  private static let flowing = 0.8

  private func number(_ subtle: ClosedRange<Double>, _ clear: ClosedRange<Double>, _ gross: ClosedRange<Double>) -> Double {
    chance.number(size == .subtle ? subtle : size == .clear ? clear : gross)
  }

  /// Puts the fault in. False: this session cannot show it.
  func put(into samples: inout [Sample], _ car: CarCharge, _ meter: Meter) -> Bool {
    switch category {
    case .kwhDecrease: fall(&samples)
    case .energyPit: pit(&samples, meter)
    case .powerEnergyMismatch: mismatch(&samples)
    case .socDrop: drop(&samples)
    case .dataGap: gap(&samples, meter, car)
    case .powerSpike: spike(&samples, meter, car)
    case .stuckValue: stuck(&samples, meter, car)
    case .clockJump: jump(&samples, meter)
    }
  }

  private func fall(_ samples: inout [Sample]) -> Bool {
    let by = number(0.1...0.3, 0.3...1.5, 1.5...8)
    guard samples.count >= 8, samples.allSatisfy({ $0.energy != nil }) else { return false }
    let places = (3..<(samples.count - 2)).filter { (samples[$0 - 1].energy ?? 0) > (samples[0].energy ?? 0) + by }
    guard !places.isEmpty else { return false }
    let at = chance.pick(places)
    let old = samples[at].energy ?? 0
    let new = (samples[at - 1].energy ?? 0) - by
    if chance.happens(0.5) {
      samples[at].energy = new
    } else {
      for i in at..<samples.count { samples[i].energy = (samples[i].energy ?? 0) - (old - new) }
    }
    return true
  }

  /// Neighbouring samples, so many, in which power flows all the time.
  private func stretch(_ samples: [Sample], _ count: Int, margin: Int = 2) -> Int? {
    guard samples.count >= count + 2 * margin, let first = samples.first?.power else { return nil }
    _ = first
    let places = (margin..<(samples.count - count - margin + 1)).filter { start in
      (max(start - 1, 0)...min(start + count, samples.count - 1)).allSatisfy { (samples[$0].power ?? 0) > Self.flowing }
    }
    return places.isEmpty ? nil : chance.pick(places)
  }

  private func pit(_ samples: inout [Sample], _ meter: Meter) -> Bool {
    let count = Int(number(3...4, 5...8, 9...20))
    guard meter.sendsEnergy, meter.sendsPower, let at = stretch(samples, count) else { return false }
    let before = samples[at - 1].energy ?? 0
    let lost = (samples[at + count - 1].energy ?? 0) - before
    guard lost > max(0.15, 4 * meter.energyStep) else { return false }
    let kind = chance.integer(0...2)
    if kind == 2, count >= 5 {
      for i in at..<(at + count) { samples[i].energy = nil }
      return true
    }
    for i in at..<(at + count) { samples[i].energy = before }
    // Half of them catch up afterwards.
    if kind == 1 { for i in (at + count)..<samples.count { samples[i].energy = (samples[i].energy ?? 0) - lost } }
    return true
  }

  private func mismatch(_ samples: inout [Sample]) -> Bool {
    let factor = number(1.35...1.6, 1.7...2.5, 3...6)
    let count = max(6, samples.count / chance.integer(2...5))
    guard let at = stretch(samples, count), samples.allSatisfy({ $0.energy != nil }) else { return false }
    let whole = (samples[at + count - 1].energy ?? 0) - (samples[at - 1].energy ?? 0)
    guard whole > 0.8 else { return false }
    let scale = chance.happens(0.5) ? factor : 1 / factor
    var last = samples[at - 1].energy ?? 0
    var made = last
    for i in at..<samples.count {
      let now = samples[i].energy ?? 0
      made += (now - last) * (i < at + count ? scale : 1)
      last = now
      samples[i].energy = made
    }
    return true
  }

  private func drop(_ samples: inout [Sample]) -> Bool {
    let by = number(5...8, 8...15, 15...30)
    let places = samples.indices.filter {
      $0 >= 2 && $0 < samples.count - 2 && (samples[$0].soc ?? 0) > by + 2 && (samples[$0 - 1].power ?? 1) > Self.flowing
    }
    guard samples.allSatisfy({ $0.soc != nil }), !places.isEmpty else { return false }
    let at = chance.pick(places)
    if chance.happens(0.4) {
      samples[at].soc = (samples[at - 1].soc ?? 0) - by
    } else {
      let shift = (samples[at].soc ?? 0) - (samples[at - 1].soc ?? 0) + by
      for i in at..<samples.count { samples[i].soc = max(0, (samples[i].soc ?? 0) - shift) }
    }
    return true
  }

  private func gap(_ samples: inout [Sample], _ meter: Meter, _ car: CarCharge) -> Bool {
    let minutes = number(25...40, 45...90, 120...240)
    let count = Int((minutes * 60 / meter.interval).rounded())
    guard count >= 4, meter.sendsPower, let at = stretch(samples, count) else { return false }
    samples.removeSubrange(at..<(at + count))
    return true
  }

  private func spike(_ samples: inout [Sample], _ meter: Meter, _ car: CarCharge) -> Bool {
    let factor = number(2.2...3, 3...6, 8...12)
    guard meter.sendsPower, let at = stretch(samples, 5, margin: 3) else { return false }
    samples[at + 2].power = (samples[at + 2].power ?? 0) * factor
    if chance.happens(0.2) { samples[at + 3].power = (samples[at + 3].power ?? 0) * factor }
    return true
  }

  private func stuck(_ samples: inout [Sample], _ meter: Meter, _ car: CarCharge) -> Bool {
    if meter.sendsSoc, chance.happens(0.5) {
      let rise = number(9...14, 15...25, 26...45)
      guard let at = samples.indices.first(where: { (samples[$0].soc ?? 0) > (samples[0].soc ?? 0) + 3 }),
        let value = samples[at].soc,
        let end = samples.indices.first(where: { (samples[$0].soc ?? 0) >= value + rise }), end - at >= 5, value < 75
      else { return false }
      for i in at..<end { samples[i].soc = value }
      return true
    }
    let count = Int(number(8...10, 12...18, 20...40))
    guard meter.sendsPower, meter.powerNoise >= 0.01, samples.filter({ ($0.power ?? 0) > Self.flowing }).count >= count + 14,
      let at = stretch(samples, count), !meter.asCurrent
    else { return false }
    for i in at..<(at + count) { samples[i].power = samples[at].power }
    return true
  }

  private func jump(_ samples: inout [Sample], _ meter: Meter) -> Bool {
    let minutes = number(12...20, 25...45, 60...180)
    let isBack = chance.happens(0.4)
    let need = isBack ? Int(minutes * 60 / meter.interval) + 3 : 4
    guard meter.sendsEnergy, meter.sendsPower, minutes * 60 > 4 * meter.interval, let at = stretch(samples, need, margin: 3),
      (samples[at + 1].energy ?? 0) - (samples[at].energy ?? 0) > 4 * meter.energyStep
    else { return false }
    // A clock that was set has other seconds: the readings do not fall on those from before.
    let by = (minutes * 60).rounded() + (meter.interval * 0.37).rounded()
    let from = isBack ? at + need - 1 : at + 1
    for i in from..<samples.count { samples[i].time += isBack ? -by : by }
    return true
  }
}
