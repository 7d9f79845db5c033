// What is taken back on one replica is gone on the other within a second.
import Core
import Foundation
import TestSupport
import XCTest

final class RevocationTests: XCTestCase {
  private static let within = 1.0
  /// Answers that a busy replica may be late by.
  private static let slack = 4.0
  private static let patience = 30.0

  func testKeysAndRolesAreTakenBackEverywhere() async throws {
    let servers = try await replicas()
    let here = servers[0].client
    for round in 1...3 {
      let admin = try here.must(
        "POST", "/deploy/api/admin/api-keys", ["name": .string("temporary \(round)"), "authority": "admin"])
      let key = Client(http: servers[1].http, token: admin["rawKey"].string ?? "")
      try holds("a new key works", 200) { try key.call("GET", "/plumb/v1/objects/Project").status }
      let id = admin["apiKey"]["id"].string ?? ""
      try here.must("DELETE", "/deploy/api/admin/api-keys/\(id)")
      try holds("a revoked key", 401) { try key.call("GET", "/plumb/v1/objects/Project").status }

      let user = Client(http: servers[1].http, token: "lsk_" + String(repeating: "\(round)", count: 40))
      let people = """
        apiVersion: platform/v1
        kind: User
        metadata: {name: u\(round)@example.com}
        spec: {role: user}
        ---
        apiVersion: platform/v1
        kind: Role
        metadata: {name: reader-\(round)}
        spec: {title: Reader \(round), permissions: [Project.read]}
        ---
        apiVersion: platform/v1
        kind: ApiKey
        metadata: {name: key-\(round)}
        spec: {user: u\(round)@example.com, token: {env: KEY}}
        ---
        apiVersion: platform/v1
        kind: RoleBinding
        metadata: {name: binding-\(round)}
        spec: {role: reader-\(round), user: u\(round)@example.com}
        """
      try here.must(
        "POST", "/plumb/v1/apply",
        [
          "set": .string("people-\(round)"), "files": [["name": "p.yaml", "text": .string(people)]],
          "secrets": ["p.yaml#2#/spec/token": .string(user.token)],
        ])
      try holds("a role given", 200) { try user.call("GET", "/plumb/v1/objects/Project").status }
      try here.must("DELETE", "/plumb/v1/objects/RoleBinding/binding-\(round)")
      try holds("a role taken back", 403) { try user.call("GET", "/plumb/v1/objects/Project").status }
    }
    for server in servers { XCTAssertEqual(server.stop(), 0) }
  }

  /// Sessions, people, memberships and tenants: ended at one replica, and refused at the other.
  func testSessionsAndPeopleAreTakenBackEverywhere() async throws {
    let servers = try await replicas()
    let here = servers[0].client
    func session(_ name: String) throws -> (token: String, id: String, tenant: String) {
      let made = try Client(http: servers[0].http, token: "").must(
        "POST", "/deploy/api/auth/register",
        ["email": .string("\(name)@example.com"), "password": "secureP@ss1", "displayName": .string(name)])
      return (
        made["accessToken"].string ?? "", made["user"]["id"].string ?? "",
        made["memberships"].list?.first?["tenantId"].string ?? ""
      )
    }
    let (out, gone) = (try session("out"), try session("gone"))
    func me(_ token: String) -> () throws -> Int {
      let there = Client(http: servers[1].http, token: token)
      return { try there.call("GET", "/deploy/api/auth/me").status }
    }
    try holds("a new session works", 200, me(out.token))
    try Client(http: servers[0].http, token: out.token).must("POST", "/deploy/api/auth/logout", .emptyObject)
    try holds("a session that was signed out", 401, me(out.token))
    let again = try Client(http: servers[0].http, token: "").must(
      "POST", "/deploy/api/auth/login", ["email": "out@example.com", "password": "secureP@ss1"])
    let second = again["accessToken"].string ?? ""
    try holds("another session", 200, me(second))
    let third = try Client(http: servers[1].http, token: "").must(
      "POST", "/deploy/api/auth/login", ["email": "out@example.com", "password": "secureP@ss1"])
    try Client(http: servers[0].http, token: second).must(
      "POST", "/deploy/api/auth/change-password", ["currentPassword": "secureP@ss1", "newPassword": "changedP@ss1"])
    try holds("a session whose password was changed elsewhere", 401, me(third["accessToken"].string ?? ""))
    try holds("a person", 200, me(gone.token))
    try here.must("PATCH", "/deploy/api/admin/users/\(gone.id)/status", ["isActive": false])
    try holds("a person who was deactivated", 401, me(gone.token))
    try here.must("PATCH", "/deploy/api/admin/users/\(gone.id)/status", ["isActive": true])
    try holds("a person who is active again", 200, me(gone.token))
    try here.must("DELETE", "/deploy/api/admin/users/\(gone.id)", ["confirmTenantDeletions": [.string(gone.tenant)]])
    try holds("a person who was deleted", 401, me(gone.token))
    for server in servers { XCTAssertEqual(server.stop(), 0) }
  }

  /// Two that share a database and a key.
  private func replicas() async throws -> [ServeProcess] {
    let address = try await TestPostgres.shared.database(laidOut: false).connection
    let folder = try ServeProcess.newFolder()
    let servers = try (0..<2).map {
      try ServeProcess(["--database", address, "--role", "api"], folder: folder, data: "replica\($0)")
    }
    addTeardownBlock { for server in servers { server.removeAll() } }
    try servers[0].start()
    try FileManager.default.createDirectory(at: servers[1].data, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: servers[0].data.appendingPathComponent("key"), to: servers[1].data.appendingPathComponent("key"))
    try servers[1].start()
    return servers
  }

  /// The answer becomes `status` within a second, and stays. On a busy machine a second is as long as its own requests are slow: what the
  /// replica is late by, it is late by in every answer.
  private func holds(_ what: String, _ status: Int, _ ask: () throws -> Int) throws {
    let began = Date()
    var slowest = 0.0
    func timed() throws -> Int {
      let asked = Date()
      defer { slowest = max(slowest, Date().timeIntervalSince(asked)) }
      return try ask()
    }
    var last = try timed()
    while last != status, Date().timeIntervalSince(began) < Self.patience {
      usleep(5_000)
      last = try timed()
    }
    XCTAssertEqual(last, status, what)
    XCTAssertLessThan(
      Date().timeIntervalSince(began), Self.within + Self.slack * slowest,
      "\(what) took too long; the slowest answer took \(slowest) s")
    for _ in 0..<5 { XCTAssertEqual(try ask(), status, "\(what): not for good") }
  }
}
