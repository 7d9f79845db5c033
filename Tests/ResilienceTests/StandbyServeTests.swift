// `plumb serve --standby` over HTTP: reads say how old they are, writes and whoever has just written see the primary.
import Core
import Foundation
import TestSupport
import XCTest

final class StandbyServeTests: XCTestCase {
  private static let seconds = 60.0

  private func until(_ what: String, _ test: () throws -> Bool) throws {
    let end = Date(timeIntervalSinceNow: Self.seconds)
    while Date() < end {
      if try test() { return }
      usleep(100_000)
    }
    XCTFail("not within \(Self.seconds) s: \(what)")
  }

  func testReadsSayHowOldTheyAre() throws {
    continueAfterFailure = false
    let database = try ReplicatedPostgres()
    let server = try ServeProcess([
      "--database", database.address(primary: true), "--standby", database.address(primary: false), "--standby-limit", "2s",
    ])
    addTeardownBlock {
      server.removeAll()
      database.removeAll()
    }
    try server.start()
    let client = server.client
    let made = try client.call("POST", "/deploy/api/projects", ["name": "One", "slug": "one"])
    XCTAssertEqual(made.status, 201, made.text)
    XCTAssertNil(made.header("Plumb-Staleness"), "a write is answered by the primary")
    func read(_ headers: [(String, String)] = []) throws -> CaseResponse {
      try client.http.send(
        CaseRequest("GET", "/plumb/v1/objects/Project", headers: [("Authorization", "Bearer \(client.token)")] + headers))
    }
    try until("the standby answers, and has the project") {
      let answer = try read()
      return answer.header("Plumb-Staleness") != nil && answer.text.contains("\"one\"")
    }
    let list = try client.call("GET", "/deploy/api/projects")
    XCTAssertEqual(list.status, 200, list.text)

    // The standby stands still: within the limit what it shows is old and says so; who says what he wrote sees it.
    try database.pauseReplay(true)
    let second = try client.call("POST", "/deploy/api/projects", ["name": "Two", "slug": "two"])
    XCTAssertEqual(second.status, 201, second.text)
    let position = try XCTUnwrap(second.header("Plumb-Position"))
    let own = try read([("Plumb-Position", position)])
    XCTAssertNil(own.header("Plumb-Staleness"))
    XCTAssertTrue(own.text.contains("\"two\""), own.text)
    try until("the primary answers once the limit has passed") {
      let answer = try read()
      if let age = answer.header("Plumb-Staleness") {
        XCTAssertLessThanOrEqual(Double(age) ?? 99, 2)
        return false
      }
      XCTAssertTrue(answer.text.contains("\"two\""), answer.text)
      return true
    }
    try database.pauseReplay(false)
    try until("the standby is read again") { try read().header("Plumb-Staleness") != nil }
    // Without it nothing fails.
    database.stopStandby()
    XCTAssertEqual(try read().status, 200)
    try until("/metrics says so") {
      try !client.http.send(CaseRequest("GET", "/metrics")).text.contains("\nplumb_standby_staleness_seconds ")
    }
    XCTAssertEqual(server.stop(), 0)
  }
}
