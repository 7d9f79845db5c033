// What must hold for any session, from seeds.
import Core
import XCTest

@testable import ChargingAnalysis

final class PropertyTests: XCTestCase {
  private func sessions(_ seed: UInt64, _ count: Int) -> [(GeneratedSession, [MeterValue])] {
    var generator = SessionGenerator(seed: seed)
    return (0..<count).map { i in
      let session =
        i % 3 == 0 ? generator.clean() : generator.faulty(AnomalyCategory.allCases[i % AnomalyCategory.allCases.count], .clear)
      return (session, MeterValueReader.read(session.meterValues).values)
    }
  }

  func testTheSameInAnyOrder() {
    for (session, values) in sessions(1, 24) {
      let first = SessionAnalyzer.analyze(values, limits: session.limits)
      XCTAssertEqual(first?.json, SessionAnalyzer.analyze(values, limits: session.limits)?.json, session.id)
      var random = RandomGenerator(SeededRandom(seed: 9))
      let shuffled = values.shuffled(using: &random)
      XCTAssertEqual(first?.json, SessionAnalyzer.analyze(shuffled, limits: session.limits)?.json, session.id)
      XCTAssertEqual(
        first?.facts.json, SessionAnalyzer.analyze(values.reversed(), limits: session.limits)?.facts.json, session.id)
    }
  }

  func testTheSameInAnyUnit() throws {
    for (session, values) in sessions(2, 24) {
      let other = (session.meterValues.list ?? []).map { item -> Value in
        let units = ["Wh": ("kWh", 0.001), "W": ("kW", 0.001), "kWh": ("Wh", 1000), "kW": ("W", 1000)]
        guard let (unit, factor) = item["unit"].string.flatMap({ units[$0] }), let number = item["value"].double else {
          return item
        }
        var item = item
        item["unit"] = .string(unit)
        item["value"] = .double(factor < 1 ? number / 1000 : (number * 1000).rounded())
        return item
      }
      let read = MeterValueReader.read(.list(other))
      XCTAssert(read.problems.isEmpty)
      let a = try XCTUnwrap(SessionAnalyzer.analyze(values, limits: session.limits))
      let b = try XCTUnwrap(SessionAnalyzer.analyze(read.values, limits: session.limits))
      XCTAssertEqual(a.anomalies.map(\.json), b.anomalies.map(\.json), session.id)
    }
  }

  func testTheSameOnAnyDay() throws {
    for (session, values) in sessions(3, 12) {
      let later = values.map { value -> MeterValue in
        var value = value
        value.timestamp = value.timestamp + .seconds(86_400 * 100)
        return value
      }
      let a = SessionAnalyzer.analyze(values, limits: session.limits)
      let b = SessionAnalyzer.analyze(later, limits: session.limits)
      XCTAssertEqual(a?.anomalyScore, b?.anomalyScore, session.id)
      XCTAssertEqual(a?.anomalies.map(\.startUnit), b?.anomalies.map(\.startUnit), session.id)
    }
  }

  /// A larger fault never scores less.
  func testScoresGrowWithTheFault() {
    func base() -> PlainSession {
      var session = PlainSession(name: "steady", limit: 22)
      var maker = PlainMaker(seed: 3)
      for minute in 0...240 {
        session.minutes.append(Double(minute))
        session.energy?.append((11 * Double(minute) / 60 * 1000).rounded() / 1000)
        session.power?.append(11 * (1 + maker.noise(0.01)))
        session.soc?.append((20 + 11 * Double(minute) / 60 / 0.8).rounded())
      }
      return session
    }
    let faults: [(AnomalyCategory, [Double], (inout PlainSession, Double) -> Void)] = [
      (.kwhDecrease, [0.01, 0.05, 0.1, 0.5, 2, 8], { s, x in for i in 120...240 { s.energy![i] -= x + 0.184 } }),
      (.socDrop, [1, 3, 5, 10, 20], { s, x in for i in 120...240 { s.soc![i] -= x } }),
      (.powerSpike, [1.1, 1.5, 2, 4, 10], { s, x in s.power![120] *= x }),
      (.energyPit, [1, 2, 4, 8, 16], { s, x in for i in 120..<(120 + Int(x)) { s.energy![i] = s.energy![119] } }),
      (.powerEnergyMismatch, [1.05, 1.2, 1.5, 2, 4], { s, x in for i in s.power!.indices { s.power![i] *= x } }),
      (.stuckValue, [3, 5, 8, 12, 30], { s, x in for i in 100..<(100 + Int(x)) { s.power![i] = s.power![100] } }),
      (.clockJump, [5, 10, 30, 60, 120], { s, x in for i in 120...240 { s.minutes[i] += x } }),
    ]
    for (category, sizes, put) in faults {
      var last = 0.0
      for size in sizes {
        var session = base()
        put(&session, size)
        let signal = SessionSignal(session.values)!
        let findings = SessionAnalyzer.findings(signal, limits: ConnectorLimits(maxPowerKw: 22), parameters: .standard)
        let score = findings.filter { $0.category == category }.map(\.score).max() ?? 0
        XCTAssertGreaterThanOrEqual(score, last, "\(category.rawValue) \(size)")
        last = score
      }
      XCTAssertGreaterThan(last, 0.9, category.rawValue)
    }
  }

  func testNothingCrashesOnAnyValues() throws {
    let random = SeededRandom(seed: 77)
    func unit() -> Double { Double(random.next() >> 11) / 9_007_199_254_740_992 }
    let kinds = Measurand.allCases
    for round in 0..<250 {
      let count = Int(unit() * 60)
      let spread = [0, 1, 60, 1e5, 1e9][Int(unit() * 5)]
      let values = (0..<count).map { _ -> MeterValue in
        let kind = unit() < 0.7 ? [.energyImport, .powerImport, .soc][Int(unit() * 3)] : kinds[Int(unit() * Double(kinds.count))]
        let odd = [0, 1, 1e9, -1, .infinity, .nan, 1e-300][Int(unit() * 7)]
        return MeterValue(
          kind, unit() < 0.2 ? odd : unit() * 100, at: Timestamp(seconds: 1.77e9 + unit() * spread),
          phase: unit() < 0.2 ? "L1" : nil,
          location: unit() < 0.1 ? "EV" : nil, reconstructed: unit() < 0.1)
      }
      let limits = ConnectorLimits(maxPowerKw: unit() < 0.3 ? unit() * 50 : nil, batteryKwh: unit() < 0.3 ? unit() * 100 : nil)
      _ = SessionTimeline.points(values, limits: limits)
      guard let analysis = SessionAnalyzer.analyze(values, limits: limits) else { continue }
      XCTAssert((0...1).contains(analysis.anomalyScore) && (0...1).contains(analysis.anomalyConfidence), "round \(round)")
      for anomaly in analysis.anomalies {
        XCTAssert(
          (0...1).contains(anomaly.score) && (0...1).contains(anomaly.confidence) && anomaly.startUnit <= anomaly.endUnit,
          "\(round)")
        XCTAssertLessThanOrEqual(anomaly.startTimestamp, anomaly.endTimestamp, "round \(round)")
        XCTAssertFalse(anomaly.evidence.contains { !$0.1.isFinite }, "round \(round)")
      }
      let facts = try XCTUnwrap(SessionFacts(json: analysis.facts.json), "round \(round)")
      XCTAssertEqual(facts.json, analysis.facts.json)
      for language in ExplanationLanguage.allCases {
        XCTAssertEqual(
          NumberGuard.foreignNumbers(in: Explainer.explain(facts, language: language), facts: facts, language: language), [],
          "round \(round)")
      }
    }
  }
}
