// Calls every declared operation without credentials, with another tenant's ids, and with a role that permits nothing.
import Core
import Foundation
import TestSupport
import XCTest

final class IsolationTests: XCTestCase {
  /// Objects of a tenant, one of each kind that a placeholder may name.
  private struct Fixture {
    var world: CaseWorld
    /// Kind → id.
    var ids: [String: String]
  }

  private static let manifests = """
    {apiVersion: deploy/v1, kind: Project, metadata: {name: p}, spec: {}}
    ---
    {apiVersion: deploy/v1, kind: App, metadata: {name: a}, spec: {running: false}}
    ---
    {apiVersion: deploy/v1, kind: EnvVar, metadata: {name: v}, spec: {project: p, key: KEY, value: isolated-value}}
    ---
    {apiVersion: deploy/v1, kind: ServerPool, metadata: {name: l}, spec: {}}
    ---
    {apiVersion: deploy/v1, kind: Server, metadata: {name: s}, spec: {}}
    ---
    {apiVersion: deploy/v1, kind: PlacementRule, metadata: {name: r}, spec: {app: a, type: avoid, selector: {x: y}}}
    ---
    {apiVersion: deploy/v1, kind: RootDomain, metadata: {name: isolated.example}, spec: {}}
    ---
    {apiVersion: deploy/v1, kind: DomainAssignment, metadata: {name: www.isolated.example}, spec: {app: a}}
    ---
    {apiVersion: deploy/v1, kind: NotificationChannel, metadata: {name: n}, spec: {type: email, email: [a@example.com]}}
    ---
    {apiVersion: deploy/v1, kind: AlertRule, metadata: {name: q}, spec: {source: requests, comparison: gt, threshold: 1000000}}
    ---
    {apiVersion: deploy/v1, kind: AlertSilence, metadata: {name: z}, spec: {endsAt: "2036-01-01T00:00:00Z"}}
    ---
    {apiVersion: platform/v1, kind: Webhook, metadata: {name: w}, spec: {url: "https://example.com/x", events: [user.deactivated]}}
    ---
    {apiVersion: platform/v1, kind: Role, metadata: {name: o}, spec: {}}
    ---
    {apiVersion: platform/v1, kind: User, metadata: {name: u@example.com}, spec: {}}
    ---
    {apiVersion: platform/v1, kind: RoleBinding, metadata: {name: b}, spec: {role: o, user: u@example.com}}
    ---
    {apiVersion: platform/v1, kind: ApiKey, metadata: {name: k}, spec: {label: k}}
    ---
    {apiVersion: charging/v1, kind: ChargingStation, metadata: {name: isolated-station}, spec: {}}
    ---
    {apiVersion: charging/v1, kind: DetectorModel, metadata: {name: isolated-model}, spec: {title: isolated-model}}
    """

  private func fixture(_ runner: CaseRunner) throws -> Fixture {
    let world = try runner.makeWorld()
    try runner.addUsers(["nobody": ["permissions": []], "boss": ["role": "admin"]], to: world)
    let names = [
      "Project": "p", "App": "a", "EnvVar": "v", "ServerPool": "l", "Server": "s", "PlacementRule": "r",
      "RootDomain": "isolated.example",
      "DomainAssignment": "www.isolated.example", "NotificationChannel": "n", "AlertRule": "q", "AlertSilence": "z",
      "Webhook": "w", "Role": "o",
      "User": "u@example.com", "ApiKey": "k",
    ]
    let body: Value = ["set": "isolation", "files": [["name": "isolation.yaml", "text": .string(Self.manifests)]]]
    let operatorHeaders = [("Authorization", "Bearer \(runner.server.token)"), ("Content-Type", "application/json")]
    let applied = try runner.http.send(
      CaseRequest("POST", "/plumb/v1/apply?tenant=\(world.tenant)", headers: operatorHeaders, body: JSON.write(body)))
    XCTAssertEqual(applied.status, 200, applied.description)
    var ids: [String: String] = [:]
    for (kind, name) in names {
      let object = try runner.http.send(
        CaseRequest("GET", "/plumb/v1/objects/\(kind)/\(name)?tenant=\(world.tenant)", headers: operatorHeaders))
      ids[kind] = try XCTUnwrap(object.json["metadata"]["uid"].string, "\(kind) \(name): \(object.description)")
    }
    // These are named by their names.
    ids["ChargingStation"] = "isolated-station"
    ids["DetectorModel"] = "isolated-model"
    let session: Value = ["sessionId": "isolated-session", "chargingStationId": "isolated-station"]
    let made = try runner.http.send(
      CaseRequest(
        "POST", "/charging/v1/sessions", headers: operatorHeaders + [("X-Tenant-ID", world.tenant)], body: JSON.write(session)))
    XCTAssertEqual(made.status, 200, made.description)
    ids["Session"] = "isolated-session"
    return Fixture(world: world, ids: ids)
  }

  /// A request to the route with the fixture's ids, and a body that a case used with success.
  private func request(_ route: DeclaredRoute, _ fixture: Fixture, _ calls: [CaseCall], as token: String?, tenant: String?)
    -> CaseRequest
  {
    var path = route.path
    for (name, kind) in route.placeholders {
      path = path.replacingOccurrences(of: "{\(name)}", with: fixture.ids[kind] ?? UUID().uuidString.lowercased())
    }
    path = path.replacingOccurrences(of: "{key}", with: "KEY")
    if route.id == "deploy.domains.zone-preview" { path += "?hostname=shop.example.com" }
    var headers: [(String, String)] = token.map { [("Authorization", "Bearer \($0)")] } ?? []
    if let tenant { headers.append(("X-Tenant-ID", tenant)) }
    let instead = DocumentedStatuses.absent[route.id]?.instead
    let good = calls.first { route.matches($0.request.method, $0.request.target) && ($0.status < 300 || $0.status == instead) }
    let body = good?.request.body ?? []
    if !body.isEmpty { headers.append(("Content-Type", "application/json")) }
    return CaseRequest(route.method, path, headers: headers, body: body)
  }

  func testEveryOperationRefusesCallersWithoutCredentials() throws {
    let runner = try CaseSuite.outcome.get().runner
    let fixture = try fixture(runner)
    for route in try RouteTable.routes() where !route.isPublic {
      for token in [nil, "lsk_0000000000000000000000000000000000000000"] {
        let response = try runner.http.send(request(route, fixture, runner.calls, as: token, tenant: fixture.world.tenant))
        XCTAssertEqual(response.status, 401, "\(route.id): \(response.description)")
      }
    }
  }

  func testNoOperationReachesObjectsOfAnotherTenant() throws {
    let runner = try CaseSuite.outcome.get().runner
    let fixture = try fixture(runner)
    let stranger = try runner.makeWorld()
    try runner.addUsers(["boss": ["role": "owner"]], to: stranger)
    let token = try XCTUnwrap(stranger["token.boss"]?.string)
    for route in try RouteTable.routes() where !route.isPublic && !route.placeholders.isEmpty {
      let response = try runner.http.send(request(route, fixture, runner.calls, as: token, tenant: stranger.tenant))
      let allowed = route.path.contains("/admin/") ? [403, 404] : [404]
      XCTAssertTrue(allowed.contains(response.status), "\(route.id) with another tenant's ids: \(response.description)")
      XCTAssertFalse(response.text.contains("isolated"), "\(route.id) tells of another tenant: \(response.text)")
    }
  }

  func testNoListShowsObjectsOfAnotherTenant() throws {
    let runner = try CaseSuite.outcome.get().runner
    _ = try fixture(runner)
    let stranger = try runner.makeWorld()
    try runner.addUsers(["boss": ["role": "admin"]], to: stranger)
    let token = try XCTUnwrap(stranger["token.boss"]?.string)
    for route in try RouteTable.routes() where route.method == "GET" && !route.isPublic && route.placeholders.isEmpty {
      let response = try runner.http.send(
        CaseRequest("GET", route.path, headers: [("Authorization", "Bearer \(token)"), ("X-Tenant-ID", stranger.tenant)]))
      XCTAssertFalse(response.text.contains("isolated"), "\(route.id) shows objects of another tenant: \(response.text)")
    }
  }

  func testNoOperationActsInATenantThatTheKeyDoesNotBelongTo() throws {
    let runner = try CaseSuite.outcome.get().runner
    let fixture = try fixture(runner)
    let stranger = try runner.makeWorld()
    try runner.addUsers(["boss": ["role": "admin"]], to: stranger)
    let token = try XCTUnwrap(stranger["token.boss"]?.string)
    for route in try RouteTable.routes() where !route.isPublic {
      let response = try runner.http.send(request(route, fixture, runner.calls, as: token, tenant: fixture.world.tenant))
      XCTAssertTrue([403, 404].contains(response.status), "\(route.id) in a foreign tenant: \(response.description)")
    }
  }

  func testEveryOperationNeedsAPermission() throws {
    let runner = try CaseSuite.outcome.get().runner
    let fixture = try fixture(runner)
    let token = try XCTUnwrap(fixture.world["token.nobody"]?.string)
    for route in try RouteTable.routes() where !route.isPublic {
      let response = try runner.http.send(request(route, fixture, runner.calls, as: token, tenant: fixture.world.tenant))
      // A person's own doings need no role, but a person: a key that acts for none is refused in its own way, or finds nothing of its own.
      if route.isPersonal {
        let nothing = route.isOpen ? [200, 404] : []
        XCTAssertTrue(
          ([400, 401] + nothing).contains(response.status), "\(route.id) by a key without a person: \(response.description)")
        continue
      }
      if route.isOpen {
        XCTAssertLessThan(response.status, 500, "\(route.id): \(response.description)")
        continue
      }
      XCTAssertTrue(
        response.status == 403 || (response.status == 404 && route.placeholders.values.contains { fixture.ids[$0] == nil }),
        "\(route.id) without a permission: \(response.description)")
    }
    // Nothing of the fixture was changed by all this.
    let boss = try XCTUnwrap(fixture.world["token.boss"]?.string)
    let headers = [("Authorization", "Bearer \(boss)"), ("X-Tenant-ID", fixture.world.tenant)]
    for path in ["/deploy/api/projects/\(fixture.ids["Project"] ?? "")", "/deploy/api/apps/\(fixture.ids["App"] ?? "")"] {
      XCTAssertEqual(try runner.http.send(CaseRequest("GET", path, headers: headers)).status, 200)
    }
  }
}
