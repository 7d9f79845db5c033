// The decision function: wildcards, roles with parents, scopes, and the sentence that explains it.
import Core
import Ports
import XCTest

@testable import Identity

final class AccessTests: XCTestCase {
  func testWhatPermissionsGrant() {
    let table: [(String, String, String, Bool)] = [
      ("*", "read", "App", true), ("*.*", "delete", "App", true), ("App.read", "read", "App", true),
      ("App.read", "update", "App", false),
      ("App.*", "delete", "App", true), ("*.read", "read", "Server", true), ("*.read", "update", "Server", false),
      ("App.write", "update", "App", true), ("App.write", "read", "App", false), ("App.write", "restart", "App", true),
      ("Apps.read", "read", "App", false), ("App", "read", "App", false), ("", "read", "App", false),
      ("App.", "read", "App", false),
    ]
    for (held, action, kind, expected) in table {
      XCTAssertEqual(PermissionName.grants(held, action, kind), expected, "\(held) for \(kind).\(action)")
    }
  }

  func testNamesOfCatalogs() {
    let table: [(String, String, Bool)] = [
      ("*", "customers.view", true), ("customers.*", "customers.view", true), ("customers.*", "customers.deals.view", true),
      ("customers.*", "customers", false), ("customers.view", "customers.view", true),
      ("customers.view", "customers.manage", false),
      ("*.view", "customers.view", true), ("*.view", "customers.manage", false), ("sales:orders:*", "sales:orders:create", true),
      ("cust*", "customers.view", false), ("customers.*.view", "customers.deals.view", true),
    ]
    for (held, wanted, expected) in table {
      XCTAssertEqual(PermissionName.covers(held, wanted), expected, "\(held) for \(wanted)")
    }
  }

  func testDecisionsSayThroughWhat() {
    let role = HeldRole(binding: "b", chain: [("ops", ["Server.read"]), ("base", ["App.write"])])
    func decide(
      _ action: String, _ kind: String, role name: String? = "user", scopes: [String] = ["*"], operator isOperator: Bool = false
    )
      -> AccessDecision
    { .decide(action, kind, role: name, roles: [role], scopes: scopes, isOperator: isOperator) }
    XCTAssertEqual(decide("read", "Server").reason, "Through RoleBinding/b -> Role/ops, which grants Server.read.")
    XCTAssertEqual(decide("delete", "App").reason, "Through RoleBinding/b -> Role/ops -> Role/base, which grants App.write.")
    XCTAssertEqual(
      decide("delete", "Server"), AccessDecision(allowed: false, reason: "None of the user's roles (ops) grants Server.delete."))
    XCTAssertTrue(decide("delete", "Server", role: "owner").allowed)
    XCTAssertFalse(decide("read", "Server", role: nil).allowed)
    XCTAssertTrue(decide("read", "Server", role: nil, operator: true).allowed)
    XCTAssertFalse(decide("update", "App", role: "owner", scopes: ["read"]).allowed)
  }
}
