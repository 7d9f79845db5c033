// Which tenants a source may write: its own; others only from the root tenant, and only those it names.
import Core
import Foundation
import TestSupport
import XCTest

final class GitTenantTests: GitTestCase {
  private func object(_ name: String, tenant: String?) -> String {
    "apiVersion: deploy/v1\nkind: Project\nmetadata: {name: \(name)\(tenant.map { ", tenant: \($0)" } ?? "")}\nspec: {title: One}\n"
  }

  func testOneSetWritesSeveralTenantsAndNoOther() throws {
    try apply(
      ["tone", "ttwo", "tthree"].map { "apiVersion: platform/v1\nkind: Tenant\nmetadata: {name: \($0)}\n" }.joined(
        separator: "---\n"),
      set: "tenants")
    let repository = try GitRepository()
    defer { repository.remove() }
    let good = try repository.push(["a.yaml": object("p", tenant: "tone") + "---\n" + object("p", tenant: "ttwo")])
    try source("several", repository, "  tenants: [tone, ttwo]\n")
    expect(try until("GitSource", "several") { $0["ready"] == true }, "Applied", in: good)
    for tenant in ["tone", "ttwo"] { XCTAssertEqual(try call("GET", "/plumb/v1/objects/Project/p?tenant=\(tenant)").status, 200) }
    try repository.push(["b.yaml": object("q", tenant: "tthree"), "c.yaml": object("r", tenant: nil)])
    let refused = try sync("several")
    expect(refused, "ManifestsInvalid", in: good)
    XCTAssertEqual(refused["status"]["errors"].list?.count, 2, JSON.text(refused["status"]["errors"]))
    XCTAssertEqual(try call("GET", "/plumb/v1/objects/Project/q?tenant=tthree").status, 404)
  }

  func testATenantsSourceStaysInItsTenant() throws {
    try apply(
      ["town", "tother"].map { "apiVersion: platform/v1\nkind: Tenant\nmetadata: {name: \($0)}\n" }.joined(separator: "---\n"),
      set: "tenants-2")
    let repository = try GitRepository()
    defer { repository.remove() }
    try repository.push(["a.yaml": object("mine", tenant: nil)])
    func state(_ name: String, _ tenants: String) throws {
      let text =
        "apiVersion: platform/v1\nkind: GitSource\nmetadata: {name: \(name)}\nspec: {url: \(repository.url), branch: main, interval: 1h, tenants: \(tenants)}\n"
      let answer = try call(
        "POST", "/plumb/v1/apply?tenant=town", ["set": "s", "files": [["name": "s.yaml", "text": .string(text)]]])
      XCTAssertEqual(answer.status, 200, answer.description)
    }
    func source(_ holds: (Value) -> Bool) throws -> Value {
      let end = Date(timeIntervalSinceNow: Self.patience)
      var last = Value.null
      while Date() < end {
        last = try call("GET", "/plumb/v1/objects/GitSource/own?tenant=town").json
        if holds(last) { return last }
        Thread.sleep(forTimeInterval: 0.05)
      }
      XCTFail("not as expected: \(JSON.text(last))")
      return last
    }
    try state("own", "[tother]")
    let refused = try source { Self.condition($0, "Stalled")["status"] == "True" }
    XCTAssertTrue(Self.condition(refused, "Ready")["message"].string?.contains("tother") == true, JSON.text(refused["status"]))
    try state("own", "[]")
    _ = try source { $0["ready"] == true }
    XCTAssertEqual(try call("GET", "/plumb/v1/objects/Project/mine?tenant=town").status, 200)
    // What the platform has is not a tenant's to state.
    try repository.push(["b.yaml": "apiVersion: platform/v1\nkind: Tenant\nmetadata: {name: grabbed}\n"])
    _ = try call("POST", "/plumb/v1/objects/GitSource/own/sync?tenant=town", [:])
    _ = try source { Self.condition($0, "Ready")["reason"] == "ManifestsInvalid" }
    XCTAssertEqual(try call("GET", "/plumb/v1/objects/Tenant/grabbed").status, 404)
  }
}
