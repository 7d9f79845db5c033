// The matrix of realms: every operation of every family, as its OpenAPI document lists them, by tokens of accounts that do not belong there.
import Core
import Foundation
import TestSupport
import XCTest

final class RealmMatrixTests: XCTestCase {
  private struct Operation {
    var method: String
    var path: String
    var isPublic: Bool
  }

  private func operations(_ trial: Trial, _ base: String) throws -> [Operation] {
    let document = try trial.call("GET", base + "/openapi.json", nil, 200)
    return (document["paths"].object ?? [:]).flatMap { path, item in
      (item.object ?? [:]).compactMap { method, operation -> Operation? in
        guard operation["operationId"].string != nil else { return nil }
        let security = operation["security"].list
        // The document's paths stand below its base, but for those at the root.
        let full = path == "/health" ? path : base + path
        return Operation(method: method.uppercased(), path: full, isPublic: security?.isEmpty == true)
      }
    }
  }

  private func send(_ trial: Trial, _ operation: Operation, _ token: String, _ tenant: String) throws -> CaseResponse {
    var path = operation.path
    for part in path.split(separator: "/") where part.hasPrefix("{") {
      path = path.replacingOccurrences(of: String(part), with: UUID().uuidString.lowercased())
    }
    let body: Value? = ["POST", "PUT", "PATCH"].contains(operation.method) ? [:] : nil
    return try trial.send(operation.method, path, body, token: token, tenant: tenant)
  }

  func testTokensOfOtherRealmsOpenNoOperationOfStaff() throws {
    let trial = try Trial.shared.get()
    let tenant = try trial.makeTenant()
    let elsewhere = try trial.makeTenant()
    func customer(_ tenant: String) throws -> String {
      let made = try trial.call(
        "POST", "/trial/\(tenant)/customers/register",
        ["email": .string("matrix-\(trial.mark())@example.com"), "password": "secureP@ss1", "displayName": "M"], 200)
      return try XCTUnwrap(made["accessToken"].string)
    }
    let tokens = [("a customer of the tenant", try customer(tenant)), ("a customer of another tenant", try customer(elsewhere))]
    var asked = 0
    for base in ["/deploy/api", "/backend", "/charging"] {
      for operation in try operations(trial, base) where !operation.isPublic {
        for (who, token) in tokens {
          let answer = try send(trial, operation, token, tenant)
          XCTAssertEqual(answer.status, 401, "\(operation.method) \(operation.path) by \(who): \(answer.description)")
          asked += 1
        }
      }
    }
    XCTAssertGreaterThan(asked, 200)
    for path in [
      "kinds", "objects/Account", "objects/Project", "export", "events", "sets", "people/me", "can?user=x&verb=read&kind=App",
    ] {
      for (_, token) in tokens { try trial.call("GET", "/plumb/v1/\(path)", token: token, 401) }
    }
  }

  func testStaffOfEveryRoleIsNobodyAmongCustomers() throws {
    let trial = try Trial.shared.get()
    let tenant = try trial.makeTenant()
    let mark = trial.mark()
    for role in ["owner", "admin", "user"] {
      let email = "\(role)-\(mark)@example.com"
      let made = try trial.call(
        "POST", "\(Trial.deploy)/auth/register", ["email": .string(email), "password": "secureP@ss1", "displayName": "S"], 201)
      let file = try trial.call("GET", "/plumb/v1/people/\(email)", token: trial.server.token, 200)
      try trial.apply(
        "{apiVersion: platform/v1, kind: User, metadata: {name: \(email)}, spec: {account: \(file["account"]["name"].string ?? ""), role: \(role)}}",
        tenant: tenant)
      let token = made["accessToken"].string
      XCTAssertEqual(
        try trial.send("GET", "\(Trial.deploy)/tenant/members", token: token, tenant: tenant).status, 200, role)
      for (method, path) in [
        ("GET", "/trial/customers/me"), ("GET", "/trial/customers/me/sessions"), ("POST", "/trial/customers/me/totp"),
        ("GET", "/trial/customers/me/passkeys"), ("POST", "/trial/customers/me/logout"),
      ] { XCTAssertEqual(try trial.send(method, path, token: token).status, 401, "\(path) by \(role)") }
    }
    // A key is a program, and has no affairs of its own.
    try trial.call("GET", "/trial/customers/me", token: trial.server.token, 401)
  }
}
