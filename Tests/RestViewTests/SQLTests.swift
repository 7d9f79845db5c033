// Answers made of SQL: typed rows, pages, lets, one tenant alone, faults with their places.
import Core
import KindLoading
import Kinds
import Ports
import XCTest

@testable import RestView

final class SQLTests: XCTestCase {
  private func fill(_ world: RestWorld, _ titles: [(String, Int)], key: String? = nil) async throws -> [String] {
    var ids: [String] = []
    for (title, stars) in titles {
      let made = await world.call(
        "POST", "/lab/notes", ["title": .string(title), "stars": .int(stars), "text": "x", "pin": "4711"], key: key)
      ids.append(try XCTUnwrap(made.body["data"]["id"].string, JSON.text(made.body)))
    }
    return ids
  }

  private func tally(_ world: RestWorld, _ note: String, _ amount: String) async throws {
    var random = RandomGenerator(SystemRandom())
    let now = SystemClock().now()
    try await world.store.append(records: [
      RecordRow(
        tenant: world.tenant, uid: UID(at: now, random: &random), kind: "Tally", at: now,
        fields: ["note": .string(note), "amount": .string(amount)])
    ])
  }

  func testRowsAreTypedAndPaged() async throws {
    try await withLab { world in
      let ids = try await self.fill(world, [("a", 1), ("b", 5), ("c", 3), ("d", 0)])
      try await self.tally(world, ids[0], "0.1")
      try await self.tally(world, ids[0], "0.2")
      let page = await world.call("GET", "/lab/ranking")
      XCTAssertEqual(page.status, 200, JSON.text(page.body))
      XCTAssertEqual(page.body["total"].int, 4)
      XCTAssertEqual(page.body["data"].list?.map { $0["title"] }, ["b", "c", "a"])
      let second = await world.call("GET", "/lab/ranking?limit=2&offset=2")
      let row = try XCTUnwrap(second.body["data"].list?.first)
      XCTAssertEqual(row["id"].string, ids[0])
      XCTAssertEqual(row["amount"], "0.3", "a sum of decimals is exact")
      XCTAssertEqual(row["tallies"].int, 2)
      XCTAssertTrue(row["created_at"].string?.hasSuffix("Z") ?? false, JSON.text(row))
      XCTAssertEqual(second.body["total"].int, 4)
      let beyond = await world.call("GET", "/lab/ranking?offset=100")
      XCTAssertEqual(beyond.body["data"].list, [])
      XCTAssertEqual(beyond.body["total"].int, 4)
      let filtered = await world.call("GET", "/lab/ranking?least=2&word=c")
      XCTAssertEqual(filtered.body["data"].list?.map { $0["title"] }, ["c"])
      let hostile = await world.call("GET", "/lab/ranking?word=%27%20OR%20true%20--")
      XCTAssertEqual(hostile.body["data"].list, [])
      let wrong = await world.call("GET", "/lab/ranking?least=x")
      XCTAssertEqual(wrong.status, 400)
      let short = await world.call("GET", "/lab/ranking/short?limit=1")
      XCTAssertEqual(short.body["data"], [["title": "b", "good": true]])
      let reply = await world.call("GET", "/lab/ranking/reply")
      XCTAssertEqual(reply.body["data"], ["best": "b", "count": 4])
    }
  }

  func testOneRowAndLets() async throws {
    try await withLab { world in
      let ids = try await self.fill(world, [("a", 1), ("b", 5)])
      try await self.tally(world, ids[1], "12.50")
      let sums = await world.call("GET", "/lab/sums")
      XCTAssertEqual(sums.body["data"]["sums"], ["notes": 2, "stars": 6, "titles": ["a", "b"]], JSON.text(sums.body))
      XCTAssertEqual(sums.body["data"]["by"].string, "key:ci")
      let with = await world.call("GET", "/lab/notes/\(ids[1])/tallies")
      XCTAssertEqual(with.body["data"], ["title": "b", "amounts": ["12.50"], "first": "12.50"])
      let without = await world.call("GET", "/lab/notes/\(ids[0])/tallies")
      XCTAssertEqual(without.body["data"], ["title": "a", "amounts": [], "first": .null])
      let bad = await world.call("GET", "/lab/tallies/nonsense")
      XCTAssertEqual(bad.status, 400, JSON.text(bad.body))
      _ = try await self.fill(world, [("q \"x\\y\", {}", 0)])
      let named = await world.call("POST", "/lab/named", ["ids": [.string(ids[0])], "titles": ["q \"x\\y\", {}", "none"]])
      XCTAssertEqual(named.body["data"], [["title": "a"], ["title": "q \"x\\y\", {}"]], JSON.text(named.body))
      let unsound = await world.call("POST", "/lab/named", ["ids": ["x"]])
      XCTAssertEqual(unsound.status, 400, JSON.text(unsound.body))
      let slow = await world.call("GET", "/lab/slow")
      XCTAssertEqual(slow.status, 504, JSON.text(slow.body))
    }
  }

  func testNoFileSeesAnotherTenant() async throws {
    try await withLab { world in
      let ids = try await self.fill(world, [("mine", 1)])
      try await self.tally(world, ids[0], "1")
      _ = try await self.fill(world, [("theirs", 2), ("also theirs", 2)], key: world.strangerKey)
      let theirs = await world.call("GET", "/lab/ranking", key: world.strangerKey)
      XCTAssertEqual(theirs.body["data"].list?.map { $0["title"] }, ["also theirs", "theirs"])
      XCTAssertEqual(theirs.body["data"].list?.map { $0["tallies"] }, [0, 0])
      let foreign = await world.call("GET", "/lab/tallies/\(ids[0])", key: world.strangerKey)
      XCTAssertEqual(foreign.body["data"], [])
      // Every kind, read whole: what comes is the tenant's own.
      let catalog = try RestWorld.catalog(adding: LabSpecs.files)
      for kind in catalog.kinds {
        let text = try SQLText(name: "\(kind.name).sql", source: "SELECT * FROM \"\(kind.name)\"")
        let page = try await world.store.rows(SQLQuery(text: text, tenant: world.tenant, family: "lab"))
        let uids = page.rows.compactMap { $0["uid"]?.string.flatMap { UID($0) } }
        let objects = try await world.store.objects(tenant: nil, uids: uids)
        let home: UID = kind.scope == .shared ? .rootTenant : world.tenant
        XCTAssertTrue(objects.allSatisfy { $0.tenant == home }, kind.name)
        for field in kind.fields where field.secret != nil {
          XCTAssertFalse(page.rows.contains { $0[field.name] != nil }, "\(kind.name).\(field.name)")
        }
      }
      let tenants = try SQLText(name: "t.sql", source: "SELECT name FROM \"Tenant\"")
      let seen = try await world.store.rows(SQLQuery(text: tenants, tenant: world.tenant, family: "lab"))
      XCTAssertEqual(seen.rows.count, 0)
      let root = try await world.store.rows(SQLQuery(text: tenants, tenant: .rootTenant, family: "lab"))
      XCTAssertEqual(root.rows.count, 3)
    }
  }

  func testIdsAreThoseOfTheFamily() async throws {
    try await withLab { world in
      for name in ["Basic", "Pro"] {
        let made = await world.call("POST", "/deploy/api/admin/plans", ["name": .string(name)], key: world.rootKey)
        XCTAssertEqual(made.status, 201, JSON.text(made.body))
        XCTAssertNotNil(UID(objectID: made.body["id"].string ?? ""), JSON.text(made.body))
      }
      let text = try SQLText(name: "p.sql", source: "SELECT id, uid FROM \"Plan\"")
      let deploy = try await world.store.rows(SQLQuery(text: text, tenant: .rootTenant, family: "deploy"))
      XCTAssertEqual(deploy.rows.count, 2)
      for row in deploy.rows { XCTAssertEqual(row["id"]?.string, UID(row["uid"]?.string ?? "")?.objectID) }
      let lab = try await world.store.rows(SQLQuery(text: text, tenant: .rootTenant, family: "lab"))
      for row in lab.rows { XCTAssertEqual(row["id"], row["uid"]) }
    }
  }

  func testFaultsAreToldWithTheirPlace() async throws {
    try await withLab { world in
      let table: [(sql: String, place: String, message: String)] = [
        ("SELECT n.title,\n  n.pin FROM \"Note\" n", "2:3", "column n.pin does not exist. Note has uid, id, name, createdAt"),
        ("SELECT 'é', :a::int\nFROM \"Nothing\"", "2:6", "relation \"Nothing\" does not exist"),
        ("SELECT 'é' || :a::text || x FROM \"Note\"", "1:27", "column \"x\" does not exist"),
        ("SELECT 1 AS a, 2 AS a", "1:1", "Two columns are named \"a\"."),
        ("SELECT * FROM object", "1:15", "relation \"object\" does not exist"),
      ]
      for (source, place, message) in table {
        let text = try SQLText(name: "x.sql", source: source)
        let problems = try await world.store.check([(text: text, family: "lab")])
        let told = problems.map(\.description).joined(separator: "\n")
        XCTAssertTrue(told.hasPrefix("x.sql:\(place): ") && told.contains(message), "\(source): \(told)")
      }
      let schema = world.store.schemaName
      let named = try SQLText(name: "x.sql", source: "SELECT * FROM \(schema).object")
      let problems = try await world.store.check([(text: named, family: "lab")])
      XCTAssertEqual(problems.count, 1)
    }
  }

  func testEverySQLFileOfTheSpecsCanBePrepared() async throws {
    try await withWorld { world in
      let problems = try await world.store.check(SQLUse.files(try RestWorld.catalog.get()))
      XCTAssertTrue(problems.isEmpty, problems.map(\.description).joined(separator: "\n"))
    }
  }

  func testUnknownServicesAreToldWithTheirPlace() throws {
    var files = LabSpecs.files
    files["lab/Note/rest.yaml"] = LabSpecs.noteRest.replacingOccurrences(
      of: "verb: get}", with: "verb: get, let: {x: {source: nowhere, op: look}}}")
    let problems = RouteChecker.checkSources(
      try RestWorld.catalog(adding: files), services: ["dns", "metrics", "integrations", "records"])
    XCTAssertEqual(problems.count, 1, "\(problems)")
    XCTAssertTrue(problems.first?.description.contains("specs/lab/Note/rest.yaml:5:") ?? false, "\(problems)")
  }
}
