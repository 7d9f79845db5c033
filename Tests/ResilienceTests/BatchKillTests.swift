// A batch of charging sessions through kill -9: it goes on where it was, and nothing is analysed twice.
import Core
import Foundation
import TestSupport
import XCTest

final class BatchKillTests: XCTestCase {
  private static let sessions = 300
  private static let kills = 3
  private static let finishSeconds = 120.0

  func testABatchSurvivesKills() throws {
    let server = try ServeProcess()
    addTeardownBlock { server.removeAll() }
    try server.start()
    let seed = ProcessInfo.processInfo.environment["PLUMB_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64.max)
    print("seed \(seed)")
    var random = StepRandom(state: seed)
    let batch = try XCTUnwrap(
      try server.client.must("POST", "/charging/v1/sessions/batch", ["sessions": .list((0..<Self.sessions).map(Self.session))])[
        "batchId"
      ].string)
    let database = Database(of: server.data)
    for _ in 0..<Self.kills {
      usleep(UInt32(random.next() % 400_000))
      server.kill9()
      try server.start()
    }
    let until = Date(timeIntervalSinceNow: Self.finishSeconds)
    var last = Value.null
    while Date() < until {
      last = try server.client.must("GET", "/charging/v1/sessions/batch/\(batch)?pageSize=1")
      if last["status"] == "completed" { break }
      usleep(100_000)
    }
    XCTAssertEqual(last["status"], "completed", "\(last)")
    XCTAssertEqual(last["processedSessions"].int, Self.sessions)
    XCTAssertEqual(last["failedSessions"].int, 0)
    let twice = try database.rows("SELECT f_session, count(*) FROM \"record_SessionAnalysis\" GROUP BY 1 HAVING count(*) <> 1")
    XCTAssertEqual(twice, [], "sessions that were analysed more than once")
    let analysed = try database.rows("SELECT count(DISTINCT f_session) FROM \"record_SessionAnalysis\"")
    XCTAssertEqual(analysed, [["\(Self.sessions)"]])
    let listed = try server.client.must("GET", "/charging/v1/sessions?isAnomaly=true&pageSize=1")["pagination"]["totalCount"].int
    XCTAssertEqual(listed, Self.sessions / 3, "every third session has a register that falls")
    try database.checkFeed()
  }

  private static func session(_ number: Int) -> Value {
    let values = (0..<8).map { at -> Value in
      let falls = number % 3 == 0 && at == 7
      return [
        "timestamp": .string("2026-02-27T\(10 + at / 4):\(["00", "15", "30", "45"][at % 4]):00Z"), "unit": "kWh",
        "measurand": "Energy.Active.Import.Register", "value": .double(falls ? 3 : Double(at) * 2.75),
      ]
    }
    return [
      "sessionId": .string("s\(number)"), "chargingStationId": .string("CP-\(number % 7)"),
      "connectorId": .string("\(number % 2)"),
      "meterValues": .list(values),
    ]
  }

  /// SplitMix64: the same seed, the same moments.
  private struct StepRandom {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }
}
