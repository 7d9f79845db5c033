// What is there can be written as manifests that change nothing where they came from, and make the same elsewhere.
import Core
import Foundation
import TestSupport
import XCTest

@testable import PlumbCommand

final class RoundTripTests: LiveTestCase {
  func testEveryKindComesBackAsItWas() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("all.yaml", RoundTripManifests.text)
    let applied = try plumb("apply", "-f", file, environment: RoundTripManifests.environment)
    XCTAssertEqual(applied.code, 0, applied.error)
    let again = try plumb("diff", "-f", file, environment: RoundTripManifests.environment)
    XCTAssertEqual(again.code, 0, again.out + again.error)
    try useTheAPI()

    let exported = try plumb("export", "-A")
    XCTAssertEqual(exported.code, 0, exported.error)
    let declarable = try declarableKinds()
    let stated = Set(exported.out.split(separator: "\n").filter { $0.hasPrefix("kind: ") }.map { String($0.dropFirst(6)) })
    XCTAssertEqual(declarable.subtracting(stated), [], "the manifests of this test lack these kinds")
    for secret in RoundTripManifests.environment.values { XCTAssertFalse(exported.out.contains(secret)) }

    let back = try folder.write("back.yaml", exported.out)
    let diff = try plumb("diff", "-f", back)
    XCTAssertEqual(diff.code, 0, diff.out + diff.error)
    let apply = try plumb("apply", "-f", back)
    XCTAssertEqual(apply.code, 0, apply.error)
    XCTAssertFalse(apply.out.contains("created") || apply.out.contains("updated") || apply.out.contains("deleted"), apply.out)
    let after = try plumb("diff", "-f", back)
    XCTAssertEqual(after.code, 0, after.out + after.error)
    XCTAssertEqual(try plumb("export", "-A").out, exported.out, "an export that was applied changes no export")
  }

  /// With the secrets in the shell, an empty server becomes the same.
  func testAnEmptyServerBecomesTheSame() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("all.yaml", RoundTripManifests.text)
    XCTAssertEqual(try plumb("apply", "-f", file, environment: RoundTripManifests.environment).code, 0)
    let exported = try plumb("export", "-A", "--secrets", "env")
    XCTAssertEqual(exported.code, 0, exported.error)
    let moved = try folder.write("moved.yaml", exported.out)
    let variables: [String: String] = [
      "PLUMB_ACCOUNT_ADA_PASSWORD": "Secr3t!pass", "PLUMB_ACME_WEBHOOK_OWN_SECRET": "whsec_mine",
      "PLUMB_CONFIGVARIABLE_FEATURE_TOKEN_SECRETVALUE": "tk-1", "PLUMB_ACME_ENVVAR_KEY_SECRETVALUE": "kk-1",
      "PLUMB_ACME_GITCREDENTIAL_DEPLOY_KEY_TOKEN": "gp-1",
    ]
    var environment = variables
    // Whoever signed up in another test of this class.
    for line in exported.out.split(separator: "\n") where line.contains("env: PLUMB_") {
      let name = line.split(separator: " ").last.map(String.init) ?? ""
      if environment[name] == nil { environment[name] = "Secr3t!pass" }
    }
    let other = try CaseServer(resolver: 9)
    defer { other.stop() }
    func there(_ words: String...) throws -> Run {
      try Child(
        words + ["--data", other.data.path], environment: environment.merging(["PATH": "/usr/bin:/bin"]) { $1 }, input: nil
      ).finish()
    }
    let missing = try Child(
      ["apply", "-f", moved, "--data", other.data.path], environment: ["PATH": "/usr/bin:/bin"], input: nil
    ).finish()
    XCTAssertEqual(missing.code, 3)
    for name in variables.keys { XCTAssert(missing.error.contains(name), "\(name) is asked for, with all others at once") }
    let applied = try there("apply", "-f", moved)
    XCTAssertEqual(applied.code, 0, applied.error)
    let diff = try there("diff", "-f", moved)
    XCTAssertEqual(diff.code, 0, diff.out + diff.error)
    XCTAssertEqual(try there("export", "-A", "--secrets", "env").out, exported.out)
  }

  func testOnlyOperatorsExportAllTenants() throws {
    let server = try server()
    let http = CaseHTTP(port: server.port)
    let body = JSON.write(["email": "solo@example.com", "password": "Secr3t!pass", "displayName": "Solo"])
    let session = try http.send(
      CaseRequest("POST", "/deploy/api/auth/register", headers: [("Content-Type", "application/json")], body: body)
    ).json
    let tenant = session["memberships"].list?.first?["tenantId"].string ?? ""
    for (query, status) in [("?allTenants=true", 403), ("", 200), ("?secrets=plain", 400)] {
      let answer = try http.send(
        CaseRequest(
          "GET", "/plumb/v1/export\(query.isEmpty ? "?" : query + "&")tenant=\(tenant)",
          headers: [("Authorization", "Bearer \(session["accessToken"].string ?? "")")]))
      XCTAssertEqual(answer.status, status, answer.description)
      XCTAssertFalse(answer.text.contains("tenant: acme"), "nothing of others")
    }
  }

  /// Objects made and changed through the API come back as well.
  private func useTheAPI() throws {
    let server = try server()
    let calls: [(String, String, Value)] = [
      ("POST", "/admin/webhooks", ["name": "Api hook", "url": "https://example.com/x", "events": ["tenant.created"]]),
      ("POST", "/admin/api-keys", ["name": "Api key", "authority": "admin"]),
      (
        "POST", "/admin/plans",
        ["name": "Team", "monthlyPriceCents": 100, "entitlements": ["a": ["type": "bool", "boolValue": true]]]
      ),
      ("POST", "/admin/credit-bundles", ["name": "Lots", "credits": 100, "priceCents": 900]),
      ("PUT", "/admin/config/app.url", ["value": "https://app.acme.test"]),
      ("PUT", "/admin/config/stripe.webhookSecret", ["value": "Secr3t!pass"]),
      ("POST", "/auth/register", ["email": "joe@example.com", "password": "Secr3t!pass", "displayName": "Joe"]),
    ]
    for (method, path, body) in calls {
      let answer = try CaseHTTP(port: server.port).send(
        CaseRequest(
          method, "/deploy/api" + path,
          headers: [("Authorization", "Bearer \(server.token)"), ("Content-Type", "application/json")], body: JSON.write(body)))
      XCTAssert((200...201).contains(answer.status), answer.description)
    }
  }

  private func declarableKinds() throws -> Set<String> {
    let server = try server()
    let answer = try CaseHTTP(port: server.port).send(
      CaseRequest("GET", "/plumb/v1/kinds", headers: [("Authorization", "Bearer \(server.token)")]))
    let kinds = (answer.json["items"].list ?? []).filter { $0["storage"] == "resource" }.compactMap { $0["name"].string }
    XCTAssertGreaterThan(kinds.count, 25)
    return Set(kinds)
  }
}
