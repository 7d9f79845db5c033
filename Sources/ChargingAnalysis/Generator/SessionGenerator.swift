// Sessions as real stations send them, clean or with faults whose category is known, from a seed.
import Core

/// One session for training and checking detectors.
public struct GeneratedSession: Sendable {
  public var id: String
  public var start: Timestamp
  /// The connector, `1` to `4` of a station.
  public var connector: String
  public var limits: ConnectorLimits
  /// The body's `meterValues`.
  public var meterValues: Value
  /// What was put in; empty for a clean session.
  public var faults: [AnomalyCategory]
  public var size: FaultSize?
}

public struct SessionGenerator {
  private let chance: Chance
  private var made = 0

  /// Monday, 2 March 2026.
  private static let epoch = Timestamp(seconds: 1_772_409_600)
  /// Sessions that are tried for one fault.
  private static let tries = 400

  public init(seed: UInt64) { chance = Chance(seed: seed) }

  public mutating func clean() -> GeneratedSession {
    let own = Chance(seed: chance.seed())
    let car = CarCharge(own)
    let meter = Meter(own, car)
    return session(own, car, meter, meter.samples(car, own), [], nil)
  }

  /// A session with a fault of this category and size. Sessions that cannot show it (a state of charge that is not sent cannot fall) are drawn
  /// again.
  public mutating func faulty(_ category: AnomalyCategory, _ size: FaultSize) -> GeneratedSession {
    for _ in 0..<Self.tries {
      let own = Chance(seed: chance.seed())
      let car = CarCharge(own)
      let meter = Meter(own, car)
      var samples = meter.samples(car, own)
      if Fault(category: category, size: size, chance: own).put(into: &samples, car, meter) {
        return session(own, car, meter, samples, [category], size)
      }
    }
    preconditionFailure("no session of \(Self.tries) can show \(category.rawValue)")
  }

  private mutating func session(
    _ own: Chance, _ car: CarCharge, _ meter: Meter, _ samples: [Sample], _ faults: [AnomalyCategory], _ size: FaultSize?
  ) -> GeneratedSession {
    made += 1
    // People come home in the evening, and charge fast by day.
    let hour =
      car.isDirect
      ? own.number(7...20) : own.pick([own.number(16...21), own.number(16...21), own.number(7...10), own.number(0...24)])
    let start = Self.epoch + .seconds(Int(own.integer(0...90) * 86_400)) + .seconds(Int(hour * 3600))
    let knowsLimit = own.happens(0.6)
    return GeneratedSession(
      id: "gen-\(made)", start: start, connector: String(own.integer(1...4)),
      limits: ConnectorLimits(maxPowerKw: knowsLimit ? car.limitKw : nil, phases: knowsLimit && !car.isDirect ? car.phases : nil),
      meterValues: meter.body(samples, car: car, start: start), faults: faults, size: size)
  }
}
