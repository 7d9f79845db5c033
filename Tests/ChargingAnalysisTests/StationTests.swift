// Stations: what a day should deliver, and when it does not.
import Core
import XCTest

@testable import ChargingAnalysis

final class StationTests: XCTestCase {
  private let monday = Timestamp("2026-03-02T00:00:00Z")!
  private static let hour = 3600

  /// Eight weeks of a station that is busy from 7 to 21, less at weekends.
  private func history(_ seed: UInt64, days: Int = 56, scale: Double = 1) -> [HourEnergy] {
    var maker = PlainMaker(seed: seed)
    return (1...days).flatMap { back in day(monday - .seconds(86_400 * back), &maker, scale) }
  }

  private func day(_ start: Timestamp, _ maker: inout PlainMaker, _ scale: Double = 1) -> [HourEnergy] {
    let weekend = StationHistory.weekday(start.microseconds) >= 5
    let busy = scale * (1 + maker.noise(0.08)) * (weekend ? 0.6 : 1)
    return (0..<24).compactMap { hour in
      guard (7..<21).contains(hour) else { return nil }
      let kwh = max(0, 30 * busy * (1 + maker.noise(0.25)))
      return HourEnergy(start: start + .seconds(hour * Self.hour), kwh: kwh)
    }
  }

  private func judge(_ hours: [HourEnergy], through: Int = 24, _ history: [HourEnergy]) -> StationAnalysis {
    StationAnalyzer.analyze(day: monday, through: monday + .seconds(through * Self.hour), hours: hours, history: history)
  }

  func testUsualDaysAreUsual() {
    var maker = PlainMaker(seed: 8)
    for seed in 1...40 {
      let analysis = judge(day(monday, &maker), history(UInt64(seed)))
      XCTAssertEqual(analysis.type, .none, "seed \(seed): \(analysis.dayScore)")
      XCTAssert(analysis.markers.isEmpty)
      XCTAssertEqual(analysis.timeline.count, 25)
      XCTAssertEqual(analysis.timeline.last?.cumulativeKwh ?? 0, analysis.actualKwh, accuracy: 1e-6)
      XCTAssertEqual(analysis.expected.reduce(0) { $0 + $1.kwh }, analysis.expectedKwh ?? 0, accuracy: 1e-6)
    }
  }

  func testDropsAndOutages() {
    var maker = PlainMaker(seed: 9)
    for seed in 1...20 {
      let past = history(UInt64(seed))
      let low = judge(day(monday, &maker, 0.4), past)
      XCTAssertEqual(low.type, .energyDrop, "seed \(seed): \(low.dayScore)")
      XCTAssertEqual(low.detectionDetails["anomaly_type"], "energy_drop")
      XCTAssertEqual(low.detectionDetails["affected_period"], "2026-03-02")
      XCTAssertFalse(low.markers.isEmpty)
      let out = judge(day(monday, &maker).filter { !(10..<15).contains(($0.start - monday).microseconds / 3_600_000_000) }, past)
      XCTAssertEqual(out.type, .outage, "seed \(seed): \(out.dayScore)")
      XCTAssertEqual(out.detectionDetails["affected_from"], "2026-03-02T10:00:00Z")
      XCTAssertEqual(out.detectionDetails["affected_to"], "2026-03-02T15:00:00Z")
      XCTAssertEqual(out.markers.first?.startMinute, 600)
      XCTAssertEqual(judge([], past).type, .outage)
    }
  }

  /// A station whose days are alike to a few percent shows a drop that another's days would hide.
  func testARegularStationShowsASmallerDrop() {
    for seed in 1...20 {
      var maker = PlainMaker(seed: UInt64(seed))
      func days(_ noise: Double, _ share: Double = 1, from: Int, to: Int) -> [HourEnergy] {
        (from...to).flatMap { back -> [HourEnergy] in
          let busy = share * (1 + maker.noise(noise))
          return (7..<21).map { HourEnergy(start: monday - .seconds(86_400 * back - $0 * Self.hour), kwh: 1200 / 14 * busy) }
        }
      }
      let regular = days(0.02, from: 1, to: 28)
      let low = judge(days(0.001, 0.817, from: 0, to: 0), regular)
      XCTAssertEqual(low.type, .energyDrop, "seed \(seed): \(low.dayScore)")
      XCTAssertEqual(judge(days(0.02, from: 0, to: 0), regular).type, .none)
      XCTAssertEqual(judge(days(0.001, 0.9, from: 0, to: 0), regular).type, .none)
      XCTAssertEqual(judge(days(0.001, 0.817, from: 0, to: 0), days(0.15, from: 1, to: 28)).type, .none, "seed \(seed)")
    }
  }

  func testADayInProgressIsComparedUpToNow() {
    var maker = PlainMaker(seed: 10)
    let past = history(3)
    let morning = day(monday, &maker).filter { $0.start < monday + .seconds(10 * Self.hour) }
    let early = judge(morning, through: 10, past)
    XCTAssertEqual(early.type, .none, "the day is young: \(early.dayScore)")
    XCTAssertEqual(early.timeline.count, 11)
    XCTAssertEqual(judge(morning, through: 24, past).isAnomaly, true)
    XCTAssertEqual(judge([], through: 0, past).type, .none)
  }

  func testLittleHistorySaysSo() {
    XCTAssertEqual(judge([], history(1, days: 4)).type, .insufficientHistory)
    XCTAssertEqual(judge([], []).detectionDetails["expected_energy_kwh"], .null)
    XCTAssertFalse(judge([], []).isAnomaly)
    XCTAssertEqual(judge([], history(1, days: 9)).isAnomaly, true, "nine days suffice for a day without anything")
  }

  func testWeekendsAreComparedWithWeekends() {
    var maker = PlainMaker(seed: 11)
    let sunday = monday - .seconds(86_400)
    let past = history(5).filter { $0.start < sunday }
    let analysis = StationAnalyzer.analyze(day: sunday, through: monday, hours: day(sunday, &maker), history: past)
    XCTAssertEqual(analysis.type, .none, "\(analysis.dayScore) of \(analysis.expectedKwh ?? 0)")
  }

  func testEnergyByHour() {
    let values = DetectorTests.values([
      (0, 100, nil, nil), (30, 105, nil, nil), (90, 115, nil, nil), (120, 114, nil, nil), (150, 116, nil, nil),
    ])
    let hours = StationEnergy.hourly([values, values])
    XCTAssertEqual(
      hours.map { "\($0.start) \(($0.kwh * 10).rounded() / 10)" },
      [
        "2026-02-27T10:00:00Z 20.0", "2026-02-27T11:00:00Z 10.0", "2026-02-27T12:00:00Z 2.0",
      ])
    let power = DetectorTests.values([(0, nil, 6, nil), (60, nil, 6, nil)])
    XCTAssertEqual(StationEnergy.hourly([power]).first?.kwh ?? 0, 6, accuracy: 1e-9)
    let start = Timestamp("2026-02-27T10:00:00Z")!
    let line = StationEnergy.timeline([values], from: start, step: .seconds(1800), to: start + .seconds(7200))
    XCTAssertEqual(line.map { ($0.cumulativeKwh * 10).rounded() / 10 }, [0, 5, 10, 15, 15])
  }
}
