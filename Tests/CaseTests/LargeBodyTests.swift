// Bodies with more than may be sent at once: refused as a whole, with an answer that stays small.
import Core
import Foundation
import TestSupport
import XCTest

final class LargeBodyTests: XCTestCase {
  private func send(_ runner: CaseRunner, _ values: Int, id: String, value: String = "1") throws -> CaseResponse {
    // One moment again and again: as many values as any others.
    let one = "{\"timestamp\":\"2026-02-27T10:00:00Z\",\"value\":\(value)}"
    let text =
      "{\"sessionId\": \"\(id)\", \"chargingStationId\": \"CP-LARGE\", \"meterValues\": ["
      + String(repeating: one + ",", count: values - 1) + one + "]}"
    let body = Array(text.utf8)
    return try runner.http.send(
      CaseRequest(
        "POST", "/charging/v1/sessions",
        headers: [
          ("Authorization", "Bearer \(runner.server.token)"), ("X-Tenant-ID", "root"), ("Content-Type", "application/json"),
        ], body: body))
  }

  private func isKept(_ runner: CaseRunner, _ id: String) throws -> Bool {
    try runner.http.send(
      CaseRequest(
        "GET", "/charging/v1/sessions/\(id)",
        headers: [("Authorization", "Bearer \(runner.server.token)"), ("X-Tenant-ID", "root")])
    ).status == 200
  }

  func testMoreValuesThanOneRequestMayHoldAreRefused() throws {
    let runner = try CaseSuite.outcome.get().runner
    let response = try send(runner, 50_001, id: "large-values")
    XCTAssertEqual(response.status, 413, response.description)
    XCTAssertEqual(response.json["error"], "meter_values_limit")
    XCTAssertFalse(try isKept(runner, "large-values"))
  }

  func testAMillionValuesInOneBodyAreRefused() throws {
    let runner = try CaseSuite.outcome.get().runner
    // The server may close while the rest of the body is still on its way: no answer is one too.
    if let response = try? send(runner, 1_000_000, id: "large-body") { XCTAssertEqual(response.status, 413) }
    XCTAssertFalse(try isKept(runner, "large-body"))
  }

  func testManyFaultsAreToldInASmallAnswer() throws {
    let runner = try CaseSuite.outcome.get().runner
    for value in ["-1", "\"much\""] {
      let response = try send(runner, 20_000, id: "large-faults", value: value)
      XCTAssertEqual(response.status, 422)
      XCTAssertLessThanOrEqual(response.json["errors"].list?.count ?? .max, 1100)
    }
    XCTAssertFalse(try isKept(runner, "large-faults"))
  }
}
