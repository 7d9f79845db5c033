// Routes that are answered by Swift: what a handler is given, how it writes, how its answers are shaped.
import Controllers
import Core
import Crypto
import HTTPServer
import Ports
import XCTest

@testable import RestView

final class HandlerTests: XCTestCase {
  private func note(_ world: RestWorld, _ title: String, key: String? = nil) async throws -> String {
    let made = await world.call("POST", "/lab/notes", ["title": .string(title)], key: key)
    XCTAssertEqual(made.status, 201, JSON.text(made.body))
    return try XCTUnwrap(made.body["data"]["id"].string)
  }

  func testAHandlerIsGivenAllThatTheRouteSays() async throws {
    try await withLab { world in
      let id = try await self.note(world, "A")
      let said = await world.call("POST", "/lab/notes/\(id)/echo", ["word": "hello"])
      XCTAssertEqual(said.status, 200, JSON.text(said.body))
      XCTAssertEqual(said.body["data"], ["title": "A", "said": "hello A", "times": 1, "who": "key:ci"])
      XCTAssertEqual(said.headers["X-Word"], "hello")
      let without = await world.call("POST", "/lab/notes/\(id)/echo", ["times": "x"])
      XCTAssertEqual(without.status, 400)
      XCTAssertEqual(without.body["errors"].list?.count, 2, JSON.text(without.body))
      let unknown = await world.call("POST", "/lab/notes/00000000-0000-7000-8000-000000000000/echo", ["word": "x"])
      XCTAssertEqual(unknown.status, 404)
      let foreign = await world.call("POST", "/lab/notes/\(id)/echo", ["word": "x"], key: world.strangerKey)
      XCTAssertEqual(foreign.status, 404)
      let anonymous = await world.call("POST", "/lab/notes/\(id)/echo", ["word": "x"], anonymous: true)
      XCTAssertEqual(anonymous.status, 401)
    }
  }

  func testAHandlerWritesAsEveryWriteIsDone() async throws {
    try await withLab { world in
      let id = try await self.note(world, "A")
      let twice = await world.call("POST", "/lab/notes/\(id)/twice")
      XCTAssertEqual(twice.status, 201, JSON.text(twice.body))
      XCTAssertEqual(twice.body["data"]["title"].string, "A again")
      XCTAssertNotNil(twice.headers["Plumb-Position"])
      let made = try XCTUnwrap(UID(twice.body["data"]["id"].string ?? ""))
      let history = try await world.store.history(tenant: world.tenant, uid: made, before: nil, limit: 1)
      XCTAssertEqual(history.first?.origin.actor, "key:ci")
      XCTAssertEqual(history.first?.origin.action, "lab.notes.twice")
      let audits = try await world.store.records(RecordQuery(tenant: world.tenant, kind: "AuditEntry"))
      XCTAssertEqual(audits.rows.filter { $0.fields["action"] == "note.copied" }.count, 1)
      let taken = await world.call("POST", "/lab/notes/\(id)/twice")
      XCTAssertEqual(taken.status, 409, JSON.text(taken.body))
    }
  }

  func testAHandlersWriteIsWholeOrNothing() async throws {
    try await withLab { world in
      let pair = await world.call("POST", "/lab/notes/pair", ["title": "A"])
      XCTAssertEqual(pair.body["data"].list?.count, 2, JSON.text(pair.body))
      XCTAssertEqual(pair.body["total"].int, 2)
      let half = await world.call("POST", "/lab/notes/pair", ["title": "A 2"])
      XCTAssertEqual(half.status, 409, JSON.text(half.body))
      let rule = await world.call("POST", "/lab/notes/pair", ["title": "B", "stars": 5])
      XCTAssertEqual(rule.status, 400, JSON.text(rule.body))
      let schema = await world.call("POST", "/lab/notes/pair", ["title": "", "stars": 9])
      XCTAssertEqual(schema.status, 400, JSON.text(schema.body))
      let listed = await world.call("GET", "/lab/notes")
      XCTAssertEqual(listed.body["total"].int, 2)
    }
  }

  func testASignatureIsCheckedOverTheExactBytes() async throws {
    try await withLab { world in
      let text = "{ \"a\": 1 }\n"
      let signature = Hex.encode(Digest.hmacSHA256(key: LabHandlers.key, Array(text.utf8)))
      func send(_ text: String, _ signature: String?) async -> RestWorld.Answer {
        await world.call(
          "POST", "/lab/hooks/lab", anonymous: true, raw: text,
          headers: signature.map { ["X-Signature": $0, "Content-Type": "application/octet-stream"] } ?? [:])
      }
      let good = await send(text, signature)
      XCTAssertEqual(good.body["data"]["bytes"].int, text.utf8.count, JSON.text(good.body))
      let changed = await send("{\"a\":1}", signature)
      XCTAssertEqual(changed.status, 401)
      let none = await send(text, nil)
      XCTAssertEqual(none.status, 401)
    }
  }

  func testFormsAndFiles() async throws {
    try await withLab { world in
      let form = await world.call(
        "POST", "/lab/forms", raw: "name=A+b&count=3", headers: ["Content-Type": "application/x-www-form-urlencoded"])
      XCTAssertEqual(form.body["data"]["name"].string, "A b", JSON.text(form.body))
      XCTAssertEqual(form.body["data"]["count"].int, 3)
      let parts = [
        "--x", "Content-Disposition: form-data; name=\"name\"", "", "Ada", "--x",
        "Content-Disposition: form-data; name=\"picture\"; filename=\"a \\\"b\\\".png\"", "Content-Type: image/png", "",
        "\u{1}--y\r\n", "--x--", "",
      ].joined(separator: "\r\n")
      let files = await world.call(
        "POST", "/lab/forms", raw: parts, headers: ["Content-Type": "multipart/form-data; boundary=x"])
      XCTAssertEqual(files.body["data"]["name"].string, "Ada", JSON.text(files.body))
      XCTAssertEqual(files.body["data"]["files"].list?.first?["fileName"].string, "a \"b\".png")
      XCTAssertEqual(files.body["data"]["files"].list?.first?["bytes"].int, 6)
      XCTAssertEqual(files.body["data"]["picture"]["type"].string, "image/png")
      for bad in ["--x\r\n", "x", "--x\r\n\r\nA\r\n--x--", ""] {
        let answer = await world.call(
          "POST", "/lab/forms", raw: bad, headers: ["Content-Type": "multipart/form-data; boundary=x"])
        XCTAssertEqual(answer.status, 400, bad)
      }
      let media = await world.call("POST", "/lab/forms", raw: "x", headers: ["Content-Type": "text/plain"])
      XCTAssertEqual(media.status, 415)
      let small = HTTPRequest(method: "POST", target: "/lab/forms")
      XCTAssertEqual(world.handler.bodyLimit(for: small), 4096)
      XCTAssertEqual(world.handler.bodyLimit(for: HTTPRequest(method: "POST", target: "/lab/notes")), HTTPLimits.defaultBodyLimit)
    }
  }

  func testAnAnonymousCallNamesItsTenant() async throws {
    try await withLab { world in
      let byName = await world.call("GET", "/lab/open/acme/echo", anonymous: true)
      XCTAssertEqual(byName.body["data"]["tenant"].string, world.tenant.description, JSON.text(byName.body))
      let byID = await world.call("GET", "/lab/open/\(world.tenant)/echo", anonymous: true)
      XCTAssertEqual(byID.body["data"]["tenant"].string, world.tenant.description)
      let unknown = await world.call("GET", "/lab/open/nobody/echo", anonymous: true)
      XCTAssertEqual(unknown.status, 404)
    }
  }

  func testAnUnknownHandlerIsToldWithItsPlace() throws {
    let catalog = try RestWorld.catalog(adding: LabSpecs.files)
    let few = RouteChecker.check(catalog, handlers: RestWorld.real + LabHandlers.all.filter { $0.name != "lab.twice" })
    XCTAssertEqual(few.count, 1)
    XCTAssertTrue(few.first?.description.hasPrefix("specs/lab/Note/rest.yaml:17:14: ") ?? false, "\(few)")
    let loose = RestWorld.real + LabHandlers.all.filter { $0.name != "lab.signed" } + [LooseHandler()]
    XCTAssertTrue(RouteChecker.check(catalog, handlers: loose).first?.message.contains("checks no signature") ?? false)
    XCTAssertEqual(RouteChecker.check(catalog, handlers: RestWorld.real + LabHandlers.all + [EchoHandler()]).count, 1)
  }

  private struct LooseHandler: OperationHandler {
    let name = "lab.signed"
    func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply { .none }
  }
}
