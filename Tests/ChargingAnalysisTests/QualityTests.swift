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
}
