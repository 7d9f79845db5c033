// Secrets with a mark are planted wherever the server takes secrets; then everything that it shows is searched for them.
import Core
import Foundation
import TestSupport
import XCTest

final class PlantedSecretsTests: XCTestCase {
  func testNoSecretIsShownAnywhere() throws {
    let runner = try CaseSuite.outcome.get().runner
    let world = try runner.makeWorld()
    let salt = String(UInt64.random(in: 0...UInt64.max), radix: 36)
    func mark(_ name: String) -> String { "pLanted-\(name)-\(salt)!7" }
    func json(_ body: Value) -> [UInt8] { JSON.write(body) }
    let operatorHeaders = [("Authorization", "Bearer \(runner.server.token)"), ("Content-Type", "application/json")]
    var seen: [(place: String, text: String)] = []
    func send(_ method: String, _ target: String, _ body: Value? = nil, _ headers: [(String, String)]? = nil) throws
      -> CaseResponse
    {
      let request = CaseRequest(method, target, headers: headers ?? operatorHeaders, body: body.map(json) ?? [])
      let response = try runner.http.send(request)
      seen.append(("\(method) \(target)", response.description))
      return response
    }

    // Planting: manifests, sign-up, failures, mailed tokens, keys.
    let text = """
      {apiVersion: platform/v1, kind: Account, metadata: {name: planted-\(salt)}, spec: {email: planted-\(salt)@example.com, password: {env: PASSWORD}}}
      ---
      {apiVersion: platform/v1, kind: User, metadata: {name: planted-\(salt)@example.com}, spec: {account: planted-\(salt), role: owner}}
      ---
      {apiVersion: platform/v1, kind: ApiKey, metadata: {name: planted}, spec: {label: planted, token: {env: TOKEN}}}
      ---
      {apiVersion: deploy/v1, kind: Project, metadata: {name: p}, spec: {}}
      ---
      {apiVersion: deploy/v1, kind: EnvVar, metadata: {name: v}, spec: {project: p, key: KEY, secretValue: {env: VALUE}}}
      ---
      {apiVersion: platform/v1, kind: Webhook, metadata: {name: w}, spec: {url: "\(world.filled("${failing}"))", events: [user.deactivated], secret: {env: HOOK}}}
      """
    let environment: ObjectMap = [
      "PASSWORD": .string(mark("password")), "TOKEN": .string("lsk_" + mark("token")), "VALUE": .string(mark("value")),
      "HOOK": .string(mark("hook")),
    ]
    let request = runner.applyRequest(
      text, tenant: world.tenant, set: "planted", environment: environment, token: runner.server.token)
    let applied = try runner.http.send(request)
    XCTAssertEqual(applied.status, 200, applied.description)
    seen.append(("apply", applied.description))
    var plan = request
    plan.target = plan.target.replacingOccurrences(of: "/apply", with: "/plan")
    seen.append(("plan", try runner.http.send(plan).description))
    let open = [("Content-Type", "application/json")]
    let email: Value = .string("planted-\(salt)@example.com")
    let login = try runner.http.send(
      CaseRequest(
        "POST", "/deploy/api/auth/login", headers: open, body: json(["email": email, "password": .string(mark("password"))])))
    XCTAssertEqual(login.status, 200, login.description)
    _ = try send("POST", "/deploy/api/auth/login", ["email": email, "password": .string(mark("wrong"))], open)
    _ = try send("POST", "/deploy/api/auth/login", ["email": email, "password": [.string(mark("list"))]], open)
    _ = try send("POST", "/deploy/api/auth/refresh", ["refreshToken": .string(mark("refresh"))], open)
    _ = try send(
      "POST", "/deploy/api/auth/reset-password", ["token": .string(mark("reset")), "newPassword": .string(mark("new"))], open)
    _ = try send("POST", "/deploy/api/auth/forgot-password", ["email": email], open)
    _ = try send("GET", "/deploy/api/projects", nil, [("Authorization", "Bearer lsk_" + mark("bearer"))])
    let until = Date().addingTimeInterval(60)
    while runner.mail.mails(to: "planted-\(salt)@example.com").isEmpty, Date() < until { Thread.sleep(forTimeInterval: 0.1) }
    let mail = try XCTUnwrap(runner.mail.mails(to: "planted-\(salt)@example.com").last?["text"].string)
    let mailed = try XCTUnwrap(mail.components(separatedBy: "Code: ").last?.trimmingCharacters(in: .whitespacesAndNewlines))
    XCTAssertGreaterThan(mailed.count, 20)

    // Searching: every kind's objects with their histories and stories, exports, events, audit, metrics, the log, the database.
    seen += try runner.server.everything(tenants: [world.tenant, "root"], alsoKinds: ["OutgoingMail"], named: "planted")
    _ = try send("GET", "/deploy/api/admin/users?search=planted-\(salt)")
    let secrets =
      environment.map { $0.value.string ?? "" } + ["wrong", "list", "refresh", "reset", "new", "bearer"].map(mark)
      + [mailed, login.json["accessToken"].string ?? "", login.json["refreshToken"].string ?? ""]
    for secret in secrets {
      XCTAssertGreaterThan(secret.count, 10)
      for (place, text) in seen where text.contains(secret) { XCTFail("\(place) shows \(secret.prefix(24))…") }
    }
    // What is searched is there at all.
    XCTAssertTrue(seen.contains { $0.text.contains("planted-\(salt)@example.com") })
    XCTAssertTrue(seen.contains { $0.place.contains("OutgoingMail/") })
  }
}
