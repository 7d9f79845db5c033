// Account systems apart: customers of two tenants, staff, and what the token of one is worth with the others.
import Core
import Foundation
import TestSupport
import XCTest

final class RealmTests: XCTestCase {
  private func customer(_ trial: Trial, _ tenant: String, _ email: String, _ password: String = "secureP@ss1") throws -> Value {
    try trial.call(
      "POST", "/trial/\(tenant)/customers/register",
      ["email": .string(email), "password": .string(password), "displayName": "Customer"], 200)
  }

  func testTheSameAddressHasAnAccountInEachDirectory() throws {
    let trial = try Trial.shared.get()
    let (one, two) = (try trial.makeTenant(), try trial.makeTenant())
    let email = "same-\(trial.mark())@example.com"
    let first = try customer(trial, one, email, "firstP@ss1")
    let second = try customer(trial, two, email, "secondP@ss1")
    let staff = try trial.call(
      "POST", "\(Trial.deploy)/auth/register", ["email": .string(email), "password": "staffP@ss1", "displayName": "S"], 201)
    XCTAssertEqual(Set([first, second, staff].map { $0["user"]["id"].string ?? "" }).count, 3)
    func login(_ path: String, _ password: String, _ status: Int) throws {
      try trial.call("POST", path, ["email": .string(email), "password": .string(password)], status)
    }
    try login("/trial/\(one)/customers/login", "firstP@ss1", 200)
    try login("/trial/\(one)/customers/login", "secondP@ss1", 401)
    try login("/trial/\(two)/customers/login", "secondP@ss1", 200)
    try login("/trial/\(two)/customers/login", "staffP@ss1", 401)
    try login("\(Trial.deploy)/auth/login", "staffP@ss1", 200)
    try login("\(Trial.deploy)/auth/login", "firstP@ss1", 401)
    // Five failures in one directory lock it there, and nowhere else.
    for _ in 0..<4 { try login("/trial/\(two)/customers/login", "wrongP@ss1", 401) }
    try login("/trial/\(two)/customers/login", "secondP@ss1", 429)
    try login("/trial/\(one)/customers/login", "firstP@ss1", 200)
    try trial.call(
      "POST", "/trial/\(one)/customers/register", ["email": .string(email), "password": "otherP@ss1", "displayName": "X"], 409)
    // Customers are not among the people of the installation.
    let listed = try trial.call("GET", "\(Trial.deploy)/admin/users?search=\(email)", token: trial.server.token, 200)
    XCTAssertEqual(listed["total"], 1)
  }

  func testATokenIsWorthNothingInAnotherRealm() throws {
    let trial = try Trial.shared.get()
    let (one, two) = (try trial.makeTenant(), try trial.makeTenant())
    let made = try customer(trial, one, "apart-\(trial.mark())@example.com")
    let token = try XCTUnwrap(made["accessToken"].string)
    let refresh = try XCTUnwrap(made["refreshToken"].string)
    try trial.call("GET", "/trial/customers/me", token: token, 200)
    try trial.call("GET", "/trial/customers/me", token: token, tenant: nil, 200)
    XCTAssertEqual(
      try trial.send("GET", "/trial/customers/me", token: token, headers: [("X-Tenant", two)]).status, 403, "another tenant")
    for path in ["/trial/staff/me", "\(Trial.deploy)/auth/me", "\(Trial.deploy)/messages", "\(Trial.deploy)/projects"] {
      try trial.call("GET", path, token: token, tenant: one, 401)
    }
    for path in ["/plumb/v1/kinds", "/plumb/v1/objects/Account", "/plumb/v1/export"] {
      try trial.call("GET", path, token: token, 401)
    }
    let staff = try trial.call(
      "POST", "\(Trial.deploy)/auth/register",
      ["email": .string("staff-\(trial.mark())@example.com"), "password": "secureP@ss1", "displayName": "S"], 201)
    try trial.call("GET", "/trial/customers/me", token: staff["accessToken"].string, 401)
    // Refreshing is a matter of the realm too.
    try trial.call("POST", "\(Trial.deploy)/auth/refresh", ["refreshToken": .string(refresh)], 401)
    try trial.call("POST", "/trial/\(one)/customers/refresh", ["refreshToken": .string(staff["refreshToken"].string ?? "")], 401)
    try trial.call("POST", "/trial/\(one)/customers/refresh", ["refreshToken": .string(refresh)], 200)
  }

  func testMailedTokensStayInTheirDirectory() throws {
    let trial = try Trial.shared.get()
    let (one, two) = (try trial.makeTenant(), try trial.makeTenant())
    let email = "mails-\(trial.mark())@example.com"
    _ = try customer(trial, one, email)
    _ = try customer(trial, two, email)
    _ = try Trial.waited { trial.mail.mails(to: email).count == 2 ? true : nil }
    try trial.call("POST", "/trial/\(one)/customers/forgot-password", ["email": .string(email)], 200)
    let token = try trial.mailed(email, count: 3)
    let body: Value = ["token": .string(token), "newPassword": "changedP@ss1"]
    try trial.call("POST", "/trial/\(one)/customers/reset-password", body, 200)
    try trial.call("POST", "/trial/\(two)/customers/login", ["email": .string(email), "password": "secureP@ss1"], 200)
    try trial.call("POST", "/trial/\(one)/customers/login", ["email": .string(email), "password": "changedP@ss1"], 200)
    try trial.call("POST", "/trial/\(two)/customers/forgot-password", ["email": .string(email)], 200)
    let other: Value = ["token": .string(try trial.mailed(email, count: 4)), "newPassword": "stolenP@ss1"]
    try trial.call("POST", "/trial/\(one)/customers/reset-password", other, 400)
    try trial.call("POST", "/trial/staff/reset-password", other, 400)
  }

  func testACustomerSeesAndEndsHisSessions() throws {
    let trial = try Trial.shared.get()
    let tenant = try trial.makeTenant()
    let email = "sessions-\(trial.mark())@example.com"
    let one = try XCTUnwrap(try customer(trial, tenant, email)["accessToken"].string)
    let login: Value = ["email": .string(email), "password": "secureP@ss1"]
    let two = try XCTUnwrap(try trial.call("POST", "/trial/\(tenant)/customers/login", login, 200)["accessToken"].string)
    _ = try trial.call("POST", "/trial/\(tenant)/customers/login", login, 200)
    let sessions = try trial.call("GET", "/trial/customers/me/sessions", token: one, 200)["sessions"].list ?? []
    XCTAssertEqual(sessions.count, 3)
    XCTAssertEqual(sessions.filter { $0["isCurrent"] == true }.count, 1)
    try trial.call("DELETE", "/trial/customers/me/sessions/\(UUID().uuidString.lowercased())", token: one, 404)
    let mine = try trial.call("GET", "/trial/customers/me/sessions", token: two, 200)["sessions"].list ?? []
    let second = try XCTUnwrap(mine.first { $0["isCurrent"] == true }?["id"].string)
    try trial.call("DELETE", "/trial/customers/me/sessions/\(second)", token: one, 200)
    try trial.call("GET", "/trial/customers/me", token: two, 401)
    XCTAssertEqual(try trial.call("DELETE", "/trial/customers/me/sessions", token: one, 200)["ended"], 1)
    try trial.call("GET", "/trial/customers/me", token: one, 200)
    // A tenant that is not active has no customers.
    try trial.apply("{apiVersion: platform/v1, kind: Tenant, metadata: {name: \(tenant)}, spec: {title: Trial, active: false}}")
    XCTAssertEqual(try trial.send("GET", "/trial/customers/me", token: one).status, 403)
  }
}
