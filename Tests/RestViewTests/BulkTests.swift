// Several objects at once, effects without a target, and answers that no view makes.
import Core
import HTTPServer
import XCTest

@testable import RestView

final class BulkTests: XCTestCase {
  private func batch(_ world: RestWorld, _ titles: [String]) async throws -> [String] {
    let made = await world.call(
      "POST", "/lab/notes/batch", ["notes": .list(titles.map { ["title": .string($0)] }), "folder": "f"])
    XCTAssertEqual(made.status, 201, JSON.text(made.body))
    return made.body["data"]["ids"].list?.compactMap(\.string) ?? []
  }

  func testEachItemIsMadeOrNone() async throws {
    try await withLab { world in
      let ids = try await self.batch(world, ["a", "b"])
      XCTAssertEqual(ids.count, 2)
      let first = await world.call("GET", "/lab/notes/\(ids[0])")
      XCTAssertEqual(first.body["data"]["text"].string, "in f")
      let faults = await world.call(
        "POST", "/lab/notes/batch", ["notes": [["title": ""], ["titel": "x"], ["title": "c", "stars": "many"]], "folder": "f"])
      XCTAssertEqual(faults.status, 400)
      let pointers = Set((faults.body["errors"].list ?? []).compactMap { $0["pointer"].string })
      XCTAssertTrue(
        pointers.isSuperset(of: ["/notes/0/title", "/notes/1/titel", "/notes/1/title", "/notes/2/stars"]), "\(pointers)")
      let rule = await world.call(
        "PUT", "/lab/notes/batch", ["notes": [["title": "c"], ["title": "d", "stars": 5]]])
      XCTAssertEqual(rule.body["errors"].list?.first?["pointer"].string, "/notes/1/stars", JSON.text(rule.body))
      let taken = await world.call("POST", "/lab/notes/batch", ["notes": [["title": "c"], ["title": "a"]], "folder": "f"])
      XCTAssertEqual(taken.status, 409, JSON.text(taken.body))
      XCTAssertEqual(taken.body["errors"].list?.first?["pointer"].string, "/notes/1")
      for bad: Value in [
        ["notes": []], [:], ["notes": "x"], ["notes": [1]],
        ["notes": [["title": "1"], ["title": "2"], ["title": "3"], ["title": "4"]]],
      ] {
        let answer = await world.call("POST", "/lab/notes/batch", bad)
        XCTAssertEqual(answer.status, 400, JSON.text(bad))
      }
      let listed = await world.call("GET", "/lab/notes")
      XCTAssertEqual(listed.body["total"].int, 2)
    }
  }

  func testEachItemChangesItsObject() async throws {
    try await withLab { world in
      let ids = try await self.batch(world, ["a", "b"])
      let put = await world.call("PUT", "/lab/notes/batch", ["notes": [["title": "a", "stars": 3], ["title": "new"]]])
      XCTAssertEqual(put.status, 201, JSON.text(put.body))
      XCTAssertEqual(put.body["data"].list?.first?["id"].string, ids[0])
      XCTAssertEqual(put.body["total"].int, 2)
      let patch = await world.call(
        "PATCH", "/lab/notes/batch",
        ["notes": [["note_id": .string(ids[1]), "title": "B"], ["note_id": .string(ids[0]), "text": .null]]])
      XCTAssertEqual(patch.body["data"].list?.map { $0["title"] }, ["B", "a"], JSON.text(patch.body))
      let unknown = await world.call(
        "PATCH", "/lab/notes/batch",
        ["notes": [["note_id": .string(ids[0]), "stars": 1], ["note_id": "00000000-0000-7000-8000-000000000000"]]])
      XCTAssertEqual(unknown.status, 404)
      XCTAssertEqual(unknown.body["errors"].list?.first?["pointer"].string, "/notes/1/note_id", JSON.text(unknown.body))
      let twice = await world.call(
        "PATCH", "/lab/notes/batch", ["notes": [["note_id": .string(ids[0])], ["note_id": .string(ids[0])]]])
      XCTAssertEqual(twice.status, 400)
      let foreign = await world.call(
        "PATCH", "/lab/notes/batch", ["notes": [["note_id": .string(ids[0]), "title": "mine"]]], key: world.strangerKey)
      XCTAssertEqual(foreign.status, 404)
      let still = await world.call("GET", "/lab/notes/\(ids[0])")
      XCTAssertEqual(still.body["data"]["stars"].int, 3)
    }
  }

  func testAllThatMatchAreChanged() async throws {
    try await withLab { world in
      let ids = try await self.batch(world, ["a", "b", "c"])
      let named: Value = .list(ids.map(Value.string))
      let many = await world.call("POST", "/lab/notes/praise", ["ids": named])
      XCTAssertEqual(many.status, 413, JSON.text(many.body))
      let two = await world.call("POST", "/lab/notes/praise", ["ids": .list([.string(ids[0]), .string(ids[2])])])
      XCTAssertEqual(two.body["data"]["count"].int, 2, JSON.text(two.body))
      XCTAssertEqual(two.body["data"]["notes"].list?.map { $0["stars"] }, [1, 1])
      let none = await world.call("POST", "/lab/notes/praise", ["ids": named, "least": 4])
      XCTAssertEqual(none.body["data"]["count"].int, 0, JSON.text(none.body))
      for _ in 0..<3 { _ = await world.call("POST", "/lab/notes/praise", ["ids": .list([.string(ids[0])])]) }
      let enough = await world.call("POST", "/lab/notes/praise", ["ids": .list([.string(ids[0]), .string(ids[2])])])
      XCTAssertEqual(enough.status, 409, JSON.text(enough.body))
      let found = await world.call("POST", "/lab/notes/find", ["ids": .list([.string(ids[2]), .string(ids[0])])])
      XCTAssertEqual(found.body["data"].list?.map { $0["stars"] }, [4, 1], "the refused call changed nothing")
      let theirs = await world.call("DELETE", "/lab/notes", key: world.strangerKey)
      XCTAssertEqual(theirs.body["data"]["deleted"].int, 0)
      let cleared = await world.call("DELETE", "/lab/notes")
      XCTAssertEqual(cleared.body["data"]["deleted"].int, 1, JSON.text(cleared.body))
    }
  }

  func testEffectsWithoutATarget() async throws {
    try await withLab { world in
      _ = try await self.batch(world, ["old", "kept"])
      let pair = await world.call("POST", "/lab/notes/pairs", ["title": "x"])
      XCTAssertEqual(pair.status, 200, JSON.text(pair.body))
      XCTAssertEqual(pair.body["data"]["second"].string, "x 2")
      XCTAssertNotNil(UID(pair.body["data"]["first"].string ?? ""))
      let clash = await world.call("POST", "/lab/notes/pairs", ["title": "kept"])
      XCTAssertEqual(clash.status, 409)
      let listed = await world.call("GET", "/lab/notes?limit=10")
      XCTAssertEqual(listed.body["data"].list?.map { $0["title"] }, ["kept", "x", "x 2"])
    }
  }

  func testReplaceAndWhatIsAbsent() async throws {
    try await withLab { world in
      let ids = try await self.batch(world, ["a"])
      let path = "/lab/notes/\(ids[0])"
      let replaced = await world.call("PUT", path, ["title": "a", "stars": 2])
      XCTAssertEqual(replaced.body["data"]["text"], .null, "what a PUT leaves out is cleared")
      let reset = await world.call("PUT", path, ["title": "a"])
      XCTAssertEqual(reset.body["data"]["stars"].int, 0, "or takes its default")
      let without = await world.call("PUT", path, ["stars": 1])
      XCTAssertEqual(without.status, 400)
      let unknown = await world.call("PUT", "/lab/notes/00000000-0000-7000-8000-000000000000", ["title": "z"])
      XCTAssertEqual(unknown.status, 404)
      let made = await world.call("PUT", "/lab/by-title/new", ["stars": 1])
      XCTAssertEqual(made.body["data"]["title"].string, "new", JSON.text(made.body))
      let again = await world.call("PUT", "/lab/by-title/new", ["text": "t"])
      XCTAssertEqual(again.body["data"]["id"], made.body["data"]["id"])
      XCTAssertEqual(again.body["data"]["stars"].int, 1)
      for _ in 0..<2 {
        let gone = await world.call("DELETE", "/lab/by-title/new")
        XCTAssertEqual(gone.status, 200, JSON.text(gone.body))
      }
      let null = await world.call("GET", "/lab/by-title/new")
      XCTAssertEqual(null.body["data"], .null)
      let standard = await world.call("GET", "/lab/default/new")
      XCTAssertEqual(standard.body["data"]["stars"].int, 0, JSON.text(standard.body))
    }
  }

  func testRedirectsAndText() async throws {
    try await withLab { world in
      let ids = try await self.batch(world, ["a, \"b\"", "c"])
      let stays = await world.call("GET", "/lab/notes/\(ids[0])/go")
      XCTAssertNil(stays.headers["Location"])
      XCTAssertEqual(stays.body["data"]["id"].string, ids[0])
      _ = await world.call("POST", "/lab/notes/praise", ["ids": [.string(ids[0])]])
      let goes = await world.call("GET", "/lab/notes/\(ids[0])/go")
      XCTAssertEqual(goes.status, 307)
      XCTAssertEqual(goes.headers["Location"], "https://example.com/\(ids[0])")
      XCTAssertEqual(goes.headers["X-Stars"], "1")
      XCTAssertEqual(goes.bytes, [])
      let text = await world.call("GET", "/lab/notes/\(ids[1])/text")
      XCTAssertEqual(text.headers["Content-Type"], "text/plain; charset=utf-8")
      XCTAssertEqual(String(decoding: text.bytes, as: UTF8.self), "c: in f")
      let csv = await world.call("GET", "/lab/notes.csv")
      XCTAssertEqual(String(decoding: csv.bytes, as: UTF8.self), "title,stars\r\n\"a, \"\"b\"\"\",1\r\nc,0\r\n")
      XCTAssertEqual(csv.headers["Content-Type"], "text/csv")
    }
  }

  func testTheDocumentDescribesBulksAndText() throws {
    let catalog = try RestWorld.catalog(adding: LabSpecs.files)
    let table = RouteTable(catalog: catalog, handlers: HandlerNames(StandardHandlers.all() + LabHandlers.all), version: "1")
    let document = try JSON.parse(XCTUnwrap(OpenAPIDocuments(table: table, catalog: catalog).bytes(family: "lab")))
    let batch = document["paths"]["/notes/batch"]
    let items = batch["patch"]["requestBody"]["content"]["application/json"]["schema"]["properties"]["notes"]
    XCTAssertEqual(items["maxItems"].int, 3)
    XCTAssertEqual(items["items"]["required"], ["note_id"])
    XCTAssertEqual(
      batch["put"]["responses"]["201"]["content"]["application/json"]["schema"]["properties"]["data"]["type"], "array")
    XCTAssertNotEqual(document["paths"]["/notes.csv"]["get"]["responses"]["200"]["content"]["text/csv"], .null)
    XCTAssertNotEqual(document["paths"]["/notes/{id}/go"]["get"]["responses"]["307"]["headers"]["Location"], .null)
    XCTAssertNotEqual(document["paths"]["/hooks/lab"]["post"]["requestBody"]["content"]["*/*"], .null)
    XCTAssertNotEqual(document["paths"]["/forms"]["post"]["requestBody"]["content"]["multipart/form-data"], .null)
  }
}
