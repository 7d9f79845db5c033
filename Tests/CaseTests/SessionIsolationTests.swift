// The isolation matrix for people: every operation, as members of each role, as strangers, and with sessions that have ended.
import Core
import Foundation
import TestSupport
import XCTest

final class SessionIsolationTests: XCTestCase {
  /// A tenant with an owner, an admin and a user who are people, and their access tokens.
  private struct Team {
    var tenant: String
    var tokens: [String: String]
  }

  private func team(_ runner: CaseRunner) throws -> Team {
    let world = try runner.makeWorld()
    let mark = String(UInt64.random(in: 0...UInt64.max), radix: 36)
    var tokens: [String: String] = [:]
    for role in ["owner", "admin", "user"] {
      let email = "\(role)-\(mark)@example.com"
      let text = """
        {apiVersion: platform/v1, kind: Account, metadata: {name: \(role)-\(mark)}, spec: {email: \(email), password: {env: PASSWORD}}}
        ---
        {apiVersion: platform/v1, kind: User, metadata: {name: \(email)}, spec: {account: \(role)-\(mark), role: \(role)}}
        """
      var request = runner.applyRequest(
        text, tenant: world.tenant, set: "team-\(role)-\(mark)", environment: ["PASSWORD": "secureP@ss1"],
        token: runner.server.token)
      let applied = try runner.http.send(request)
      XCTAssertEqual(applied.status, 200, applied.description)
      request = CaseRequest(
        "POST", "/deploy/api/auth/login", headers: [("Content-Type", "application/json")],
        body: JSON.write(["email": .string(email), "password": "secureP@ss1"]))
      tokens[role] = try XCTUnwrap(try runner.http.send(request).json["accessToken"].string)
    }
    return Team(tenant: world.tenant, tokens: tokens)
  }

  private func call(_ runner: CaseRunner, _ route: DeclaredRoute, _ token: String, _ tenant: String?) throws -> CaseResponse {
    var path = route.path
    for name in path.split(separator: "/").filter({ $0.hasPrefix("{") }) {
      path = path.replacingOccurrences(of: String(name), with: UUID().uuidString.lowercased())
    }
    var headers = [("Authorization", "Bearer \(token)")]
    if let tenant { headers.append(("X-Tenant-ID", tenant)) }
    var body: [UInt8] = []
    if let good = runner.calls.first(where: { route.matches($0.request.method, $0.request.target) && $0.status < 300 }) {
      body = good.request.body
      if !body.isEmpty { headers.append(("Content-Type", "application/json")) }
    }
    return try runner.http.send(CaseRequest(route.method, path, headers: headers, body: body))
  }

  /// Operations whose family takes access tokens.
  private func routes() throws -> [DeclaredRoute] {
    try RouteTable.routes().filter { !$0.isPublic && $0.family == "deploy" }
  }

  func testStrangersActInNoTenantOfOthers() throws {
    let runner = try CaseSuite.outcome.get().runner
    let team = try team(runner)
    let stranger = try self.team(runner)
    for role in ["owner", "admin", "user"] {
      for route in try routes() where !route.id.hasSuffix("logout") {
        let response = try call(runner, route, stranger.tokens[role] ?? "", team.tenant)
        XCTAssertEqual(response.status, 403, "\(route.id) by another tenant's \(role): \(response.description)")
      }
    }
  }

  func testOnlyOperatorsAdministerTheInstallation() throws {
    let runner = try CaseSuite.outcome.get().runner
    let team = try team(runner)
    for role in ["owner", "admin", "user"] {
      for route in try routes() where route.path.contains("/admin/") {
        let response = try call(runner, route, team.tokens[role] ?? "", team.tenant)
        XCTAssertEqual(response.status, 403, "\(route.id) by a tenant's \(role): \(response.description)")
      }
    }
  }

  func testAUserWithoutRolesMayDoNothingButItsOwn() throws {
    let runner = try CaseSuite.outcome.get().runner
    let team = try team(runner)
    for route in try routes() where !route.isPersonal && !route.isOpen {
      let response = try call(runner, route, team.tokens["user"] ?? "", team.tenant)
      // A role is asked for before anything is looked for; where the target decides, nothing is found.
      XCTAssertTrue([403, 404].contains(response.status), "\(route.id) by a plain user: \(response.description)")
    }
  }

  func testCallsNameTheirTenant() throws {
    let runner = try CaseSuite.outcome.get().runner
    let team = try team(runner)
    for route in try routes() where !route.isPersonal {
      let response = try call(runner, route, team.tokens["owner"] ?? "", nil)
      XCTAssertEqual(response.status, 400, "\(route.id) without a tenant: \(response.description)")
    }
  }

  func testAnEndedSessionOpensNothing() throws {
    let runner = try CaseSuite.outcome.get().runner
    let team = try team(runner)
    for role in ["owner", "admin", "user"] {
      let token = team.tokens[role] ?? ""
      let out = try runner.http.send(
        CaseRequest("POST", "/deploy/api/auth/logout", headers: [("Authorization", "Bearer \(token)")]))
      XCTAssertEqual(out.status, 200)
      for route in try routes() {
        let response = try call(runner, route, token, team.tenant)
        XCTAssertEqual(response.status, 401, "\(route.id) after signing out: \(response.description)")
      }
    }
  }

  func testFamiliesThatTakeNoTokensRefuseThem() throws {
    let runner = try CaseSuite.outcome.get().runner
    let team = try team(runner)
    for route in try RouteTable.routes() where !route.isPublic && route.family == "backend" {
      let response = try call(runner, route, team.tokens["owner"] ?? "", team.tenant)
      XCTAssertEqual(response.status, 401, "\(route.id): \(response.description)")
    }
  }
}
