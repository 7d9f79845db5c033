// What the detectors say to sessions that people would draw by hand.
import Core
import XCTest

@testable import ChargingAnalysis

final class DetectorTests: XCTestCase {
  /// One-minute readings of an 11 kW session with a little noise, shaped by the caller.
  private func session(
    minutes: Int = 120, kw: Double = 11, noise: Double = 0.01, battery: Double = 60,
    _ change: (inout [(minute: Double, energy: Double?, power: Double?, soc: Double?)]) -> Void = { _ in }
  ) -> [MeterValue] {
    var maker = PlainMaker(seed: 5)
    var points: [(minute: Double, energy: Double?, power: Double?, soc: Double?)] = []
    for minute in 0...minutes {
      let energy = kw * Double(minute) / 60
      points.append(
        (Double(minute), (energy * 1000).rounded() / 1000, kw * (1 + maker.noise(noise)), (20 + energy / battery * 100).rounded())
      )
    }
    change(&points)
    return Self.values(points)
  }

  static func values(_ points: [(minute: Double, energy: Double?, power: Double?, soc: Double?)]) -> [MeterValue] {
    let start = Timestamp("2026-02-27T10:00:00Z")!
    var values: [MeterValue] = []
    for point in points {
      let at = Timestamp(seconds: start.seconds + point.minute * 60)
      if let energy = point.energy { values.append(MeterValue(.energyImport, energy, at: at)) }
      if let power = point.power { values.append(MeterValue(.powerImport, power, at: at)) }
      if let soc = point.soc { values.append(MeterValue(.soc, soc, at: at)) }
    }
    return MeterValueReader.merge([], values)
  }

  private func found(_ values: [MeterValue], _ limits: ConnectorLimits = ConnectorLimits()) -> [String] {
    SessionAnalyzer.analyze(values, limits: limits)?.anomalies.map { "\($0.category.rawValue) \($0.startUnit)-\($0.endUnit)" }
      ?? ["nil"]
  }

  func testTheDocumentedSampleIsAFallOfTheCharge() throws {
    let values = Self.values([(0, 0, 0, 80), (15, 5.5, 22, 65), (30, 11.1, 22, 50)])
    let analysis = try XCTUnwrap(SessionAnalyzer.analyze(values))
    XCTAssertEqual(analysis.anomalies.map(\.category), [.socDrop])
    XCTAssertEqual(analysis.anomalies.first.map { [$0.startUnit, $0.endUnit] }, [0, 2])
    XCTAssertEqual(analysis.anomalies.first?.endTimestamp.description, "2026-02-27T10:30:00Z")
    // Without the charge nothing is wrong: the first power was read before charging began.
    XCTAssertEqual(found(Self.values([(0, 0, 0, nil), (15, 5.5, 22, nil), (30, 11.1, 22, nil)])), [])
    XCTAssertEqual(found(Self.values([(0, 0, nil, nil), (15, 5.5, nil, nil), (30, 11.1, nil, nil), (45, 16.5, nil, nil)])), [])
  }

  func testFewerThanThreeValuesAreNotAnalysed() {
    XCTAssertNil(SessionAnalyzer.analyze([]))
    XCTAssertNil(SessionAnalyzer.analyze(Self.values([(0, 0, 0, nil)])))
    XCTAssertNotNil(SessionAnalyzer.analyze(Self.values([(0, 0, 0, 1)])))
  }

  func testCleanSessions() {
    XCTAssertEqual(found(session()), [])
    XCTAssertEqual(found(session(noise: 0)), [])
    // A pause by the car, and idle time at the end.
    XCTAssertEqual(
      found(
        session { points in
          for i in 40..<70 {
            points[i].power = 0
            points[i].energy = points[40].energy
          }
          let lost = (points[70].energy ?? 0) - (points[40].energy ?? 0)
          for i in 70..<points.count { points[i].energy = (points[i].energy ?? 0) - lost }
          for i in points.indices { points[i].soc = (20 + (points[i].energy ?? 0) / 0.6).rounded() }
          for i in 100..<points.count { points[i] = (Double(i), points[100].energy, 0, points[100].soc) }
        }), [])
    // A register that shows only every 100 Wh, and nothing else.
    XCTAssertEqual(
      found(session { points in points = points.map { ($0.minute, (($0.energy ?? 0) * 10).rounded() / 10, nil, nil) } }), [])
  }

  func testFallOfTheRegister() {
    XCTAssertEqual(found(session { points in for i in 60..<points.count { points[i].energy! -= 1 } }), ["KWH_DECREASE 59-60"])
    XCTAssertEqual(
      found(session { points in points[60].energy! -= 2 }), ["KWH_DECREASE 59-61"], "a dip ends where the register is back")
    // It falls and stands still: one fault, not two.
    XCTAssertEqual(
      found(session { points in for i in 60..<66 { points[i].energy = points[59].energy! - 3 } }), ["KWH_DECREASE 59-66"])
  }

  func testPits() {
    XCTAssertEqual(found(session { points in for i in 60..<66 { points[i].energy = points[59].energy } }), ["ENERGY_PIT 59-65"])
    XCTAssertEqual(
      found(session { points in for i in 60..<72 { points[i].energy = nil } }), ["ENERGY_PIT 59-72"], "not told at all")
    // The register alone: what is missing is counted at once afterwards.
    XCTAssertEqual(
      found(
        session { points in
          for i in points.indices { (points[i].power, points[i].soc) = (nil, nil) }
          for i in 60..<80 { points[i].energy = points[59].energy }
        }), ["ENERGY_PIT 59-79"])
  }

  func testPowerAndEnergyDisagree() {
    XCTAssertEqual(
      found(session { points in for i in points.indices { points[i].power! *= 1.6 } }), ["POWER_ENERGY_MISMATCH 0-120"])
    XCTAssertEqual(
      found(session { points in for i in points.indices { points[i].power! /= 2 } }), ["POWER_ENERGY_MISMATCH 0-120"])
    XCTAssertEqual(
      found(session { points in for i in points.indices { points[i].power! *= 1.06 } }), [], "losses between two meters")
  }

  func testSpikes() {
    XCTAssertEqual(found(session { points in points[60].power! *= 10 }), ["POWER_SPIKE 59-61"])
    XCTAssertEqual(found(session { points in points[60].power! *= 2.5 }, ConnectorLimits(maxPowerKw: 11)), ["POWER_SPIKE 59-61"])
    XCTAssertEqual(found(session(noise: 0.05), ConnectorLimits(maxPowerKw: 11)), [], "noise at the limit")
    XCTAssertEqual(ConnectorLimits(maxCurrentA: 32, maxVoltageV: 230, phases: 3).power ?? 0, 22.08, accuracy: 1e-9)
  }

  func testStuckValues() {
    XCTAssertEqual(
      found(session { points in for i in 50..<70 { points[i].power = points[50].power } }), ["STUCK_VALUE 50-69"])
    XCTAssertEqual(found(session { points in for i in 40..<90 { points[i].soc = points[40].soc } }).count, 1)
  }

  func testGapsAndClocks() {
    XCTAssertEqual(found(session { points in points.removeSubrange(40..<100) }), ["DATA_GAP 39-40"])
    XCTAssertEqual(found(session { points in for i in 60..<points.count { points[i].minute += 60 } }), ["CLOCK_JUMP 59-60"])
    let back = found(session { points in for i in 60..<points.count { points[i].minute -= 20.4 } })
    XCTAssertEqual(back.count, 1)
    XCTAssert(back.first?.hasPrefix("CLOCK_JUMP") ?? false, "\(back)")
  }

  func testAFallWhileTheCarGivesBackIsNone() {
    var values = session { points in for i in points.indices { points[i].soc = 80 - Double(i) / 3 } }
    XCTAssert(found(values).contains { $0.hasPrefix("SOC_DROP") })
    values += values.filter { $0.measurand == .powerImport }.map { MeterValue(.powerExport, 5, at: $0.timestamp) }
    XCTAssertFalse(found(values).contains { $0.hasPrefix("SOC_DROP") })
  }

  func testPhasesAreAdded() {
    let whole = session()
    let phased = whole.flatMap { value -> [MeterValue] in
      guard value.measurand == .powerImport else { return [value] }
      return ["L1", "L2", "L3"].map { MeterValue(.powerImport, value.value / 3, at: value.timestamp, phase: $0) }
    }
    XCTAssertEqual(found(phased), [])
    XCTAssertEqual(SessionAnalyzer.analyze(phased)?.facts.peakPowerKw, SessionAnalyzer.analyze(whole)?.facts.peakPowerKw)
    let halved = phased.filter { $0.phase != "L3" }
    XCTAssertEqual(found(halved), ["POWER_ENERGY_MISMATCH 0-120"], "a phase that is not told")
  }

  func testRecurrenceAndIncidents() throws {
    let values = session { points in for i in 60..<points.count { points[i].energy! -= 5 } }
    let start = try XCTUnwrap(values.first).timestamp
    func analysis(_ earlier: [EarlierResult]) throws -> SessionAnalysis {
      try XCTUnwrap(SessionAnalyzer.analyze(values, earlier: earlier))
    }
    XCTAssertFalse(try analysis([]).isRecurring)
    XCTAssert(try analysis([]).isIncident)
    XCTAssert(try analysis([EarlierResult(startedAt: start - .seconds(86_400), categories: [.kwhDecrease])]).isRecurring)
    XCTAssertFalse(try analysis([EarlierResult(startedAt: start - .seconds(86_400), categories: [.socDrop])]).isRecurring)
    XCTAssertFalse(
      try analysis([EarlierResult(startedAt: start - .seconds(86_400 * 40), categories: [.kwhDecrease])]).isRecurring)
    XCTAssertFalse(
      try analysis([EarlierResult(startedAt: start + .seconds(60), categories: [.kwhDecrease])]).isRecurring, "later")
  }

  func testChargeIsComputedWhereItIsMissing() throws {
    let analysis = try XCTUnwrap(SessionAnalyzer.analyze(session { points in for i in 50..<80 { points[i].soc = nil } }))
    let points = try XCTUnwrap(analysis.socReconstructed)
    XCTAssertEqual(points.count, 30)
    for (i, point) in points.enumerated() {
      XCTAssertEqual(point.value, 20 + 11 * Double(50 + i) / 60 / 0.6, accuracy: 1.5, "\(point.timestamp)")
    }
    XCTAssertNil(SessionAnalyzer.analyze(session())?.socReconstructed, "nothing is missing")
  }

  func testParametersAreReadAndChecked() throws {
    XCTAssertEqual(try DetectorParameters(json: DetectorParameters.standard.json), .standard)
    let strict = try DetectorParameters(json: ["registerFallKwh": 5])
    XCTAssertEqual(strict.registerFallKwh, 5)
    XCTAssertEqual(strict.socDropPercent, DetectorParameters.standard.socDropPercent)
    let values = session { points in for i in 60..<points.count { points[i].energy! -= 1 } }
    XCTAssertEqual(SessionAnalyzer.analyze(values, parameters: strict)?.isAnomaly, false)
    XCTAssertThrowsError(try DetectorParameters(json: ["registerFall": 5, "gapFactor": 0, "surprise": "x"], at: "/parameters")) {
      error in
      XCTAssertEqual(
        (error as? Problems)?.list.map { "\($0.pointer ?? "") \($0.code)" },
        ["/parameters/registerFall unknown_parameter", "/parameters/gapFactor parameter_range", "/parameters/surprise parameter"])
    }
    for info in DetectorParameters.all { XCTAssert(info.range.contains(info.standard), info.name) }
  }
}
