// Routes over the real engine and store: reads, writes, errors, isolation.
import Core
import HTTPServer
import XCTest

@testable import RestView

final class RouteTests: XCTestCase {
  func testAnObjectIsMadeReadChangedAndDeleted() async throws {
    try await withWorld { world in
      let made = await world.call("POST", "/deploy/api/apps", ["name": "Shop", "command": ["run"], "port": 3000])
      XCTAssertEqual(made.status, 201, JSON.text(made.body))
      XCTAssertEqual(made.body["slug"].string, "shop")
      XCTAssertEqual(made.body["replicas"].int, 1)
      let id = try XCTUnwrap(made.body["id"].string)
      let read = await world.call("GET", "/deploy/api/apps/\(id)")
      XCTAssertEqual(read.status, 200)
      XCTAssertEqual(read.body["name"].string, "Shop")
      XCTAssertNotNil(read.headers["Plumb-Position"])
      let changed = await world.call("PATCH", "/deploy/api/apps/\(id)", ["port": 4000, "branch": "main"])
      XCTAssertEqual(changed.status, 200, JSON.text(changed.body))
      let cleared = await world.call("PATCH", "/deploy/api/apps/\(id)", ["branch": .null])
      XCTAssertEqual(cleared.body["port"].int, 4000)
      XCTAssertEqual(cleared.body["branch"], .null)
      let again = await world.call("GET", "/deploy/api/apps/\(id)")
      XCTAssertEqual(again.body["port"].int, 4000)
      XCTAssertEqual(again.body["branch"], .null)
      let listed = await world.call("GET", "/deploy/api/apps?status=&limit=10")
      XCTAssertEqual(listed.body.list?.count, 1)
      let deleted = await world.call("DELETE", "/deploy/api/apps/\(id)")
      XCTAssertEqual(deleted.status, 200)
      XCTAssertEqual(deleted.body["deleted"].bool, true)
      let gone = await world.call("GET", "/deploy/api/apps/\(id)")
      XCTAssertEqual(gone.status, 404)
    }
  }

  func testEveryFaultOfABodyIsTold() async throws {
    try await withWorld { world in
      let answer = await world.call("POST", "/deploy/api/apps", ["nam": "x", "port": 70_000, "replicas": "two"])
      XCTAssertEqual(answer.status, 400)
      let message = try XCTUnwrap(answer.body["error"].string)
      for word in ["nam", "name", "port", "replicas"] { XCTAssertTrue(message.contains(word), "\(word) in \(message)") }
      let broken = await world.call("POST", "/deploy/api/apps", raw: "{\"name\": ")
      XCTAssertEqual(broken.status, 400)
      let list = await world.call("POST", "/deploy/api/apps", raw: "[1]")
      XCTAssertEqual(list.status, 400)
      let media = await world.call("POST", "/deploy/api/apps", raw: "name=x", headers: ["Content-Type": "text/plain"])
      XCTAssertEqual(media.status, 415)
      let reference = await world.call("POST", "/deploy/api/apps", ["name": "x", "command": ["a"], "project_id": "nope"])
      XCTAssertEqual(reference.status, 400)
      let unknown = await world.call(
        "POST", "/deploy/api/apps", ["name": "x", "command": ["a"], "project_id": "00000000-0000-7000-8000-000000000000"])
      XCTAssertEqual(unknown.status, 400)
      XCTAssertTrue(unknown.body["error"].string?.contains("project_id") ?? false, JSON.text(unknown.body))
    }
  }

  func testIdsPathsAndMethods() async throws {
    try await withWorld { world in
      let malformed = await world.call("GET", "/deploy/api/apps/42")
      XCTAssertEqual(malformed.status, 404)
      let admin = await world.call("GET", "/deploy/api/admin/plans/42", key: world.rootKey)
      XCTAssertEqual(admin.status, 400)
      let method = await world.call("PUT", "/deploy/api/apps")
      XCTAssertEqual(method.status, 405)
      XCTAssertEqual(method.headers["Allow"], "GET, HEAD, OPTIONS, POST")
      let options = await world.call("OPTIONS", "/deploy/api/apps")
      XCTAssertEqual(options.status, 204)
      let nothing = await world.call("GET", "/deploy/api/nothing")
      XCTAssertEqual(nothing.status, 404)
      XCTAssertNotNil(nothing.headers["X-Request-ID"])
      let query = await world.call("GET", "/deploy/api/apps?limit=many")
      XCTAssertEqual(query.status, 400)
      let filter = await world.call("GET", "/deploy/api/apps?project_id=garbage")
      XCTAssertEqual(filter.status, 200)
      XCTAssertEqual(filter.body.list, [])
      let health = await world.call("GET", "/health", anonymous: true)
      XCTAssertEqual(health.body["status"].string, "ok")
    }
  }

  func testCallersAndTenants() async throws {
    try await withWorld { world in
      let made = await world.call("POST", "/deploy/api/apps", ["name": "Shop", "command": ["run"]])
      let id = try XCTUnwrap(made.body["id"].string)
      let anonymous = await world.call("GET", "/deploy/api/apps", anonymous: true)
      XCTAssertEqual(anonymous.status, 401)
      XCTAssertNotNil(anonymous.headers["WWW-Authenticate"])
      let poor = await world.call("GET", "/deploy/api/apps/\(id)", key: world.poorKey)
      XCTAssertEqual(poor.status, 403)
      let poorElsewhere = await world.call("GET", "/deploy/api/apps/00000000-0000-7000-8000-000000000000", key: world.poorKey)
      XCTAssertEqual(poorElsewhere.status, 403)
      let without = await world.call("GET", "/deploy/api/apps", headers: ["X-Tenant-ID": ""])
      XCTAssertEqual(without.status, 400)
      let foreign = await world.call("GET", "/backend/v1/webhooks", key: world.strangerKey)
      XCTAssertEqual(foreign.body["data"].list, [])
      let stranger = await world.call(
        "GET", "/deploy/api/apps/\(id)", key: world.strangerKey, headers: ["X-Tenant-ID": world.tenant.description])
      XCTAssertEqual(stranger.status, 403)
      let acting = await world.call(
        "GET", "/deploy/api/apps/\(id)", key: world.rootKey, headers: ["X-Tenant-ID": world.tenant.description])
      XCTAssertEqual(acting.status, 200)
    }
  }

  func testSecretsAreShownOnceAndRevealedOnly() async throws {
    try await withWorld { world in
      let made = await world.call("POST", "/backend/v1/webhooks", ["url": "https://example.com/hook", "events": ["*"]])
      XCTAssertEqual(made.status, 201, JSON.text(made.body))
      let secret = try XCTUnwrap(made.body["data"]["secret"].string)
      XCTAssertTrue(secret.hasPrefix("whsec_"))
      let listed = await world.call("GET", "/backend/v1/webhooks")
      XCTAssertFalse(String(decoding: listed.bytes, as: UTF8.self).contains(secret))
      XCTAssertEqual(listed.body["data"].list?.first?["secret_preview"].string, String(secret.suffix(8)))
      XCTAssertEqual(listed.body["success"].bool, true)
      XCTAssertEqual(listed.body["request_id"].string, listed.headers["X-Request-ID"])
      let project = await world.call("POST", "/deploy/api/projects", ["name": "Shop"])
      let base = "/deploy/api/projects/\(try XCTUnwrap(project.body["id"].string))/env-vars"
      let variable = await world.call("POST", base, ["key": "TOKEN", "value": "hunter22", "is_secret": true])
      XCTAssertEqual(variable.status, 201, JSON.text(variable.body))
      XCTAssertEqual(variable.body["value"].string, "********")
      let id = try XCTUnwrap(variable.body["id"].string)
      let revealed = await world.call("POST", "\(base)/\(id)/reveal")
      XCTAssertEqual(revealed.body["value"].string, "hunter22")
      let plain = await world.call("PATCH", "\(base)/\(id)", ["value": "open", "is_secret": false])
      XCTAssertEqual(plain.body["value"].string, "open", JSON.text(plain.body))
      let bad = await world.call("DELETE", "\(base)/OTHER")
      XCTAssertEqual(bad.status, 404)
      let deleted = await world.call("DELETE", "\(base)/TOKEN")
      XCTAssertEqual(deleted.status, 200)
    }
  }

  func testConflictsAndGuards() async throws {
    try await withWorld { world in
      let first = await world.call("POST", "/deploy/api/admin/plans", ["name": "Pro"], key: world.rootKey)
      XCTAssertEqual(first.status, 201, JSON.text(first.body))
      let second = await world.call("POST", "/deploy/api/admin/plans", ["name": "Pro"], key: world.rootKey)
      XCTAssertEqual(second.status, 409)
      let system = await world.call(
        "POST", "/deploy/api/admin/webhooks", ["name": "x", "url": "nope", "events": ["*"]], key: world.rootKey)
      XCTAssertEqual(system.status, 400)
      let notRoot = await world.call("GET", "/deploy/api/admin/plans")
      XCTAssertEqual(notRoot.status, 403)
      let fail = await world.call("POST", "/deploy/api/domain-connect/sessions", ["app_id": "x", "hostname": "shop.example.com"])
      XCTAssertEqual(fail.status, 503)
      let key = await world.call("POST", "/backend/v1/keys", ["label": "narrow", "scopes": ["read", "write"]])
      let token = try XCTUnwrap(key.body["data"]["token"].string)
      let wider = await world.call("POST", "/backend/v1/keys", ["label": "wide", "scopes": ["*"]], key: token)
      XCTAssertEqual(wider.status, 403)
      XCTAssertEqual(wider.body["error"]["code"].string, "FORBIDDEN")
    }
  }

  func testRotationSetsTwoObjectsInOneWrite() async throws {
    try await withWorld { world in
      let made = await world.call("POST", "/backend/v1/keys", ["label": "ci"])
      let id = try XCTUnwrap(made.body["data"]["key"]["id"].string)
      let rotated = await world.call("POST", "/backend/v1/keys/\(id)/rotate", [:])
      XCTAssertEqual(rotated.status, 200, JSON.text(rotated.body))
      XCTAssertEqual(rotated.body["data"]["old_key"]["id"].string, id)
      XCTAssertNotNil(rotated.body["data"]["old_key"]["expires_at"].string)
      XCTAssertEqual(rotated.body["data"]["new_key"]["rotated_from"].string, id)
      let twice = await world.call("POST", "/backend/v1/keys/\(id)/rotate", [:])
      XCTAssertEqual(twice.status, 409)
    }
  }
}

final class SpellingTests: XCTestCase {
  func testMembersOfObjectsAreRenamedBothWays() async throws {
    try await withWorld { world in
      let made = await world.call(
        "POST", "/deploy/api/apps",
        ["name": "Shop", "command": ["x"], "port": 80, "health_check": ["type": "tcp", "interval_seconds": 5.0]])
      XCTAssertEqual(made.status, 201, JSON.text(made.body))
      XCTAssertEqual(made.body["health_check"]["interval_seconds"].int, 5)
      let wrong = await world.call(
        "POST", "/deploy/api/apps", ["name": "Shop", "command": ["x"], "health_check": ["type": "tcp", "intervalSeconds": 5]])
      XCTAssertEqual(wrong.status, 400)
      XCTAssertTrue(wrong.body["error"].string?.contains("interval_seconds") ?? false, JSON.text(wrong.body))
    }
  }

  func testARoleGivenTwiceIsTheSameBinding() async throws {
    try await withWorld { world in
      let role = await world.call("POST", "/backend/v1/roles", ["name": "Readers"])
      let id = try XCTUnwrap(role.body["data"]["id"].string)
      let users = try await world.store.objects(named: [.init(tenant: world.tenant, kind: "User", name: "ada@example.com")])
      let user = try XCTUnwrap(users.first).uid.description
      let first = await world.call("POST", "/backend/v1/roles/assign", ["user_id": .string(user), "role_id": .string(id)])
      XCTAssertEqual(first.status, 200, JSON.text(first.body))
      let second = await world.call("POST", "/backend/v1/roles/assign", ["user_id": .string(user), "role_id": .string(id)])
      XCTAssertEqual(second.status, 200, JSON.text(second.body))
      XCTAssertEqual(first.body["data"]["id"], second.body["data"]["id"])
      let listed = await world.call("GET", "/backend/v1/users/\(user)/roles")
      XCTAssertEqual(listed.body["data"].list?.first?["name"].string, "Readers")
      let nobody = await world.call("GET", "/backend/v1/users/00000000-0000-7000-8000-000000000000/roles")
      XCTAssertEqual(nobody.status, 404)
    }
  }
}
