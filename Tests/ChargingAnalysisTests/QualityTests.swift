// How good the detector is: on the module's generator, and on sessions made in another way.
import Core
import XCTest

@testable import ChargingAnalysis

final class QualityTests: XCTestCase {
  func testGeneratedSessions() {
    var missed: [String] = []
    let report = QualityReport(seed: 20_260_227, clean: 300, each: 8) { session, analysis in
      let found = Set(analysis?.anomalies.map(\.category) ?? [])
      if session.faults.isEmpty ? !found.isEmpty : !found.isSuperset(of: session.faults) {
        missed.append("\(session.id) \(session.faults.map(\.rawValue)) \(analysis?.message ?? "")")
      }
    }
    let list = missed.joined(separator: "\n")
    XCTAssertGreaterThanOrEqual(report.overall.f1, 0.95, list)
    XCTAssertLessThanOrEqual(report.falseAlarmRate, 0.01, list)
    for category in AnomalyCategory.allCases {
      XCTAssertGreaterThanOrEqual(report.byCategory[category]?.f1 ?? 0, 0.9, "\(category.rawValue)\n\(list)")
    }
    XCTAssertEqual(
      QualityReport(seed: 7, clean: 20, each: 1).json, QualityReport(seed: 7, clean: 20, each: 1).json,
      "a seed says the same twice")
    XCTAssert(report.text.contains("clean sessions flagged"))
  }

  func testSessionsMadeInAnotherWay() {
    var maker = PlainMaker(seed: 42)
    var tally = QualityReport.Tally()
    var alarms: [String] = []
    let clean = 400
    for _ in 0..<clean {
      let session = maker.clean()
      let analysis = SessionAnalyzer.analyze(session.values, limits: ConnectorLimits(maxPowerKw: session.limit))
      if analysis?.isAnomaly ?? false {
        tally.falsePositives += 1
        alarms.append("\(session.name): \(analysis?.message ?? "")")
      }
    }
    XCTAssertLessThanOrEqual(Double(tally.falsePositives) / Double(clean), 0.01, alarms.joined(separator: "\n"))
    for category in AnomalyCategory.allCases {
      var found = 0
      let count = 25
      for _ in 0..<count {
        let session = maker.faulty(category)
        let analysis = SessionAnalyzer.analyze(session.values, limits: ConnectorLimits(maxPowerKw: session.limit))
        if analysis?.isAnomaly ?? false { tally.truePositives += 1 } else { tally.falseNegatives += 1 }
        if analysis?.anomalies.contains(where: { $0.category == category }) ?? false { found += 1 }
      }
      XCTAssertGreaterThanOrEqual(Double(found) / Double(count), 0.85, category.rawValue)
    }
    XCTAssertGreaterThanOrEqual(tally.f1, 0.95)
  }

  func testSessionsAsStationsInTheFieldMakeThem() {
    var maker = FieldMaker(seed: 11)
    var tally = QualityReport.Tally()
    var alarms: [String] = []
    var missed: [String] = []
    let clean = 600
    func analysis(_ session: FieldSession) -> SessionAnalysis? {
      let (values, problems) = MeterValueReader.read(session.meterValues)
      XCTAssertEqual(problems, [])
      return SessionAnalyzer.analyze(values)
    }
    for _ in 0..<clean {
      let session = maker.clean()
      if let found = analysis(session), found.isAnomaly {
        tally.falsePositives += 1
        alarms.append("\(session.habit), every \(session.interval) s, noise \(session.noise): \(found.message)")
      }
    }
    XCTAssertLessThanOrEqual(Double(tally.falsePositives) / Double(clean), 0.01, alarms.joined(separator: "\n"))
    for category in AnomalyCategory.allCases {
      var found = 0
      let count = 40
      for _ in 0..<count {
        let session = maker.faulty(category)
        let said = analysis(session)
        if said?.isAnomaly ?? false {
          tally.truePositives += 1
        } else {
          tally.falseNegatives += 1
          missed.append("\(category.rawValue) \(session.habit), every \(session.interval) s, \(session.readings.count) readings")
        }
        if said?.anomalies.contains(where: { $0.category == category }) ?? false { found += 1 }
      }
      XCTAssertGreaterThanOrEqual(Double(found) / Double(count), 0.8, "\(category.rawValue)\n\(missed.joined(separator: "\n"))")
    }
    XCTAssertGreaterThanOrEqual(tally.f1, 0.95, missed.joined(separator: "\n"))
  }

  /// A register that trembles by 20 Wh: neither a car that stops charging nor a steady charge makes it fall, and a pit is still a pit.
  func testATremblingRegisterHidesNoPitAndIsNoFall() throws {
    var found = 0
    var alarms = 0
    for seed in 1...40 {
      var maker = PlainMaker(seed: UInt64(seed))
      func session(pit: Bool) -> [MeterValue] {
        var points: [(minute: Double, energy: Double?, power: Double?, soc: Double?)] = []
        var energy = 1000.0
        for at in 0..<70 {
          let power = at < 50 ? 11 * (1 + maker.noise(0.01)) : 0
          if at > 0, at < 51, !(pit && (20..<25).contains(at)) { energy += 11.0 / 60 }
          if pit, at == 25 { energy += 11.0 / 12 }
          points.append((Double(at), energy + maker.noise(0.02), power, nil))
        }
        return DetectorTests.values(points)
      }
      if try XCTUnwrap(SessionAnalyzer.analyze(session(pit: false))).isAnomaly { alarms += 1 }
      if try XCTUnwrap(SessionAnalyzer.analyze(session(pit: true))).anomalies.contains(where: { $0.category == .energyPit }) {
        found += 1
      }
    }
    XCTAssertLessThanOrEqual(alarms, 1)
    XCTAssertGreaterThanOrEqual(found, 38)
  }

  func testARegisterThatRollsOverIsNoFallAndOneThatIsSetBackIs() throws {
    func session(_ first: Double, then second: Double) -> [MeterValue] {
      var points: [(minute: Double, energy: Double?, power: Double?, soc: Double?)] = []
      for at in 0..<40 {
        let energy = at < 20 ? first + Double(at) * 0.2 : second + Double(at - 20) * 0.2
        points.append((Double(at), energy, 12, nil))
      }
      return DetectorTests.values(points)
    }
    for top in [1000.0, 100_000, 4_294_967.296] {
      let rolled = session(top - 3.9, then: 0.1)
      XCTAssertFalse(try XCTUnwrap(SessionAnalyzer.analyze(rolled)).isAnomaly, "\(top)")
      XCTAssertEqual(StationEnergy.hourly([rolled]).reduce(0) { $0 + $1.kwh }, 7.8, accuracy: 0.01)
    }
    let others: [(Double, Double)] = [(996.1, 5), (980, 0.1), (500, 0.1), (999_000, 0.1)]
    for (first, second) in others {
      let set = try XCTUnwrap(SessionAnalyzer.analyze(session(first, then: second)))
      XCTAssert(set.anomalies.contains { $0.category == .kwhDecrease }, "\(first) \(second)")
    }
  }
}
