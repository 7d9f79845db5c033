// Fitting: noisy stations get duller thresholds, labels sharper ones, and always the same.
import Core
import XCTest

@testable import ChargingAnalysis

final class FitTests: XCTestCase {
  /// A steady session whose charge trembles by so much.
  private func session(_ number: Int, tremble: Double, drop: Double = 0) -> [MeterValue] {
    var maker = PlainMaker(seed: UInt64(number))
    return DetectorTests.values(
      (0...60).map { minute in
        let soc = 30 + Double(minute) / 3 + maker.noise(tremble) - (minute >= 30 ? drop : 0)
        return (Double(minute), Double(minute) * 0.18, 10.8 * (1 + maker.noise(0.01)), (soc * 10).rounded() / 10)
      })
  }

  func testLabelsMoveTheThreshold() async throws {
    // Cars of this fleet report drops of seven percent that their operator calls normal.
    let sessions = (0..<60).map { i in
      TrainingSession(
        id: "s\(i)", values: session(i, tremble: 0.1, drop: i % 3 == 0 ? 20 : 7),
        label: i % 3 == 0 ? .anomalous([.socDrop]) : .clean)
    }
    let result = try await ParameterFit.fit(sessions, base: .standard)
    XCTAssertGreaterThan(result.parameters.socDropPercent, DetectorParameters.standard.socDropPercent)
    XCTAssertEqual(result.metrics["after"]["f1"].double, 1)
    XCTAssertLessThan(result.metrics["before"]["f1"].double ?? 1, 0.8)
    XCTAssertEqual(result.metrics["after"]["falseAlarmRate"].double, 0)
    XCTAssertEqual(result.metrics["trainingSessions"].int, 42)
    XCTAssertEqual(result.metrics["heldOutSessions"].int, 18)
    XCTAssertEqual(result.metrics["labelledSessions"].int, 60)
    XCTAssertEqual(result.metrics["thresholds"]["socDropPercent"]["from"].double, 3)
  }

  func testWithoutLabelsWhatMostSessionsDoIsNormal() async throws {
    var sessions = (0..<40).map { i in
      TrainingSession(id: "s\(i)", values: session(i, tremble: 0.05, drop: 4 + Double(i % 4) * 0.2))
    }
    sessions += (40..<44).map { i in TrainingSession(id: "s\(i)", values: session(i, tremble: 0.05, drop: 30)) }
    let result = try await ParameterFit.fit(sessions, base: .standard)
    XCTAssertGreaterThan(result.metrics["before"]["flaggedShare"].double ?? 0, 0.9)
    XCTAssertLessThan(result.metrics["after"]["flaggedShare"].double ?? 1, 0.3)
    XCTAssert(
      try XCTUnwrap(SessionAnalyzer.analyze(session(99, tremble: 0.05, drop: 30), parameters: result.parameters)).isAnomaly)
    XCTAssertNil(result.metrics["after"]["f1"].double)
  }

  func testTheSameWhateverTheOrder() async throws {
    let sessions = (0..<20).map { TrainingSession(id: "s\($0)", values: session($0, tremble: 0.3)) }
    var progress: [Double] = []
    let first = try await ParameterFit.fit(sessions, base: .standard) {
      progress.append($0)
      return true
    }
    let second = try await ParameterFit.fit(sessions.reversed(), base: .standard)
    XCTAssertEqual(first.parameters, second.parameters)
    XCTAssertEqual(first.metrics, second.metrics)
    XCTAssertEqual(progress, progress.sorted())
    XCTAssertEqual(progress.last, 1)
    for info in DetectorParameters.all { XCTAssert(info.range.contains(first.parameters[keyPath: info.path]), info.name) }
  }

  func testWhatCannotBeFitted() async throws {
    let few =
      (0..<4).map { TrainingSession(id: "s\($0)", values: session($0, tremble: 0.3)) } + [TrainingSession(id: "e", values: [])]
    do {
      _ = try await ParameterFit.fit(few, base: .standard)
      XCTFail("fitted")
    } catch { XCTAssertEqual(error.list.first?.code, "too_few_sessions") }
    // Whoever waits for a fit may end it, at any session.
    var asked = 0
    do {
      let many = (0..<20).map { TrainingSession(id: "s\($0)", values: session($0, tremble: 0.3)) }
      _ = try await ParameterFit.fit(many, base: .standard) { _ in
        asked += 1
        return asked < 5
      }
      XCTFail("fitted")
    } catch { XCTAssertEqual(error.list.first?.code, "fit_ended") }
    XCTAssertEqual(asked, 5)
    XCTAssertThrowsError(try FitConfig(json: ["holdout": 2, "epochs": 5])) { error in
      XCTAssertEqual((error as? Problems)?.list.map(\.pointer), ["/trainingConfig/holdout", "/trainingConfig/epochs"])
    }
    XCTAssertEqual(try FitConfig(json: FitConfig().json), FitConfig())
  }
}
