// `plumb can` says what then happens, and through which binding.
import Core
import Foundation
import TestSupport
import XCTest

final class CanTests: XCTestCase {
  private func plumb(_ trial: Trial, _ arguments: [String]) throws -> (status: Int32, out: String) {
    let process = Process()
    process.executableURL = CaseServer.binary
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging([
      "PLUMB_URL": trial.base, "PLUMB_TOKEN": trial.server.token,
    ]) { $1 }
    let out = Pipe()
    process.standardOutput = out
    process.standardError = Pipe()
    try process.run()
    let text = String(decoding: out.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }

  func testTheAnswerNamesTheBindingAndIsWhatHappens() throws {
    let trial = try Trial.shared.get()
    let tenant = try trial.makeTenant()
    let mark = trial.mark()
    let email = "can-\(mark)@example.com"
    try trial.apply(
      """
      {apiVersion: platform/v1, kind: Account, metadata: {name: can-\(mark)}, spec: {email: \(email)}}
      ---
      {apiVersion: platform/v1, kind: User, metadata: {name: \(email)}, spec: {account: can-\(mark)}}
      ---
      {apiVersion: platform/v1, kind: Role, metadata: {name: base}, spec: {permissions: [Project.write, "*.read"]}}
      ---
      {apiVersion: platform/v1, kind: Role, metadata: {name: ops}, spec: {permissions: [Server.delete], parent: base}}
      ---
      {apiVersion: platform/v1, kind: RoleBinding, metadata: {name: zoe-ops}, spec: {role: ops, user: \(email)}}
      """, tenant: tenant)
    func can(_ verb: String, _ what: String, _ status: Int32, _ words: String) throws {
      let said = try plumb(trial, ["can", email, verb, what, "--tenant", tenant])
      XCTAssertEqual(said.status, status, said.out)
      XCTAssertTrue(said.out.contains(words), said.out)
    }
    try can("delete", "Server", 0, "yes: Through RoleBinding/zoe-ops -> Role/ops, which grants Server.delete.")
    try can("update", "Project", 0, "yes: Through RoleBinding/zoe-ops -> Role/ops -> Role/base, which grants Project.write.")
    try can("read", "App", 0, "grants *.read")
    try can("delete", "App", 4, "no: None of the user's roles (ops) grants App.delete.")
    try can("update", "Tenant", 4, "no: Tenant belongs to the platform")
    XCTAssertEqual(try plumb(trial, ["can", "nobody@example.com", "read", "App", "--tenant", tenant]).status, 1)

    // What is said is what happens: by a key that acts for the same user.
    let key = "lsk_" + String(repeating: "k", count: 30) + mark
    let body: Value = [
      "set": .string("key-\(mark)"),
      "files": [
        [
          "name": "k.yaml",
          "text": .string(
            "{apiVersion: platform/v1, kind: ApiKey, metadata: {name: k-\(mark)}, spec: {user: \(email), token: {env: KEY}}}"),
        ]
      ], "secrets": ["k.yaml#0#/spec/token": .string(key)],
    ]
    XCTAssertEqual(try trial.send("POST", "/plumb/v1/apply?tenant=\(tenant)", body, token: trial.server.token).status, 200)
    for kind in ["Project", "App", "Server", "Webhook", "Role"] {
      for (verb, method, path) in [("read", "GET", "objects/\(kind)"), ("delete", "DELETE", "objects/\(kind)/no-such-name")] {
        let said = try trial.send(
          "GET", "/plumb/v1/can?tenant=\(tenant)&user=\(email)&verb=\(verb)&kind=\(kind)", token: trial.server.token
        ).json["allowed"]
        let done = try trial.send(method, "/plumb/v1/\(path)", token: key).status
        XCTAssertEqual(said, .bool(done != 403), "\(verb) \(kind): said \(said), then \(done)")
      }
    }
    // An inactive account may nothing, whatever its roles.
    try trial.apply(
      "{apiVersion: platform/v1, kind: Account, metadata: {name: can-\(mark)}, spec: {email: \(email), active: false}}")
    try can("read", "App", 4, "no: The account is not active.")
    XCTAssertEqual(try trial.send("GET", "/plumb/v1/objects/App", token: key).status, 401)
  }
}
