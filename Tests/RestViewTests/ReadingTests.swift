// Lists and views: no query for each row, what the cache may say, pages.
import Core
import XCTest

@testable import RestView

final class ReadingTests: XCTestCase {
  private func statements(_ world: RestWorld, _ path: String) async -> (count: Int, rows: Int) {
    // The first call warms what callers have in common; the second asks for another page, which no cache holds.
    _ = await world.call("GET", path + "?limit=99")
    // The store's listener has statements of its own now and then: the least of three pages counts.
    var least = Int.max
    var rows = 0
    for limit in 96...98 {
      let before = world.store.statementCount
      let answer = await world.call("GET", path + "?limit=\(limit)")
      XCTAssertEqual(answer.status, 200, JSON.text(answer.body))
      least = min(least, world.store.statementCount - before)
      rows = answer.body.list?.count ?? answer.body["data"].list?.count ?? 0
    }
    return (least, rows)
  }

  func testListsCostTheSameForManyRows() async throws {
    try await withWorld { world in
      let project = await world.call("POST", "/deploy/api/projects", ["name": "p0"])
      let id = try XCTUnwrap(project.body["id"].string)
      let paths = ["/deploy/api/projects", "/deploy/api/apps", "/backend/v1/roles", "/deploy/api/projects/\(id)/apps"]
      func fill(_ range: ClosedRange<Int>) async {
        for n in range {
          _ = await world.call("POST", "/deploy/api/projects", ["name": .string("p\(n)")])
          _ = await world.call(
            "POST", "/deploy/api/apps", ["name": .string("a\(n)"), "command": ["x"], "project_id": .string(id)])
          _ = await world.call("POST", "/backend/v1/roles", ["name": .string("r\(n)")])
        }
      }
      await fill(1...2)
      var few: [Int] = []
      for path in paths { few.append(await statements(world, path).count) }
      await fill(3...12)
      for (at, path) in paths.enumerated() {
        let many = await statements(world, path)
        XCTAssertGreaterThan(many.rows, 10)
        XCTAssertEqual(many.count, few[at], path)
      }
    }
  }

  func testACachedViewIsNeverOlderThanAWrite() async throws {
    try await withWorld { world in
      let made = await world.call("POST", "/deploy/api/apps", ["name": "Shop", "command": ["x"], "port": 1])
      let path = "/deploy/api/apps/\(try XCTUnwrap(made.body["id"].string))"
      for port in 2...20 {
        _ = await world.call("GET", path)
        _ = await world.call("PATCH", path, ["port": .int(port)])
        let read = await world.call("GET", path)
        XCTAssertEqual(read.body["port"].int, port)
      }
      for n in 2...6 {
        _ = await world.call("GET", "/deploy/api/apps?limit=50")
        _ = await world.call("POST", "/deploy/api/apps", ["name": .string("App \(n)"), "command": ["x"]])
        let listed = await world.call("GET", "/deploy/api/apps?limit=50")
        XCTAssertEqual(listed.body.list?.count, n)
        let shorter = await world.call("GET", "/deploy/api/apps?limit=1")
        XCTAssertEqual(shorter.body.list?.count, 1)
      }
      let before = world.handler.cacheCounts.hits
      let statements = world.store.statementCount
      for _ in 0..<50 { _ = await world.call("GET", path) }
      XCTAssertGreaterThan(world.handler.cacheCounts.hits - before, 40)
      XCTAssertLessThan(world.store.statementCount - statements, 20)
      let poor = await world.call("GET", path, key: world.poorKey)
      XCTAssertEqual(poor.status, 403)
    }
  }

  func testPagesAndFilters() async throws {
    try await withWorld { world in
      for n in 1...5 {
        _ = await world.call(
          "POST", "/deploy/api/server-pools", ["name": .string("p\(n)"), "region": .string(n < 3 ? "eu" : "us")])
      }
      let page = await world.call("GET", "/deploy/api/server-pools?limit=2&offset=1")
      XCTAssertEqual(page.body.list?.compactMap { $0["name"].string }, ["p2", "p3"])
      let filtered = await world.call("GET", "/deploy/api/server-pools?region=eu")
      XCTAssertEqual(filtered.body.list?.count, 2)
      let none = await world.call("GET", "/deploy/api/server-pools?limit=0")
      XCTAssertEqual(none.body.list?.count, 0)
      let negative = await world.call("GET", "/deploy/api/server-pools?offset=-1")
      XCTAssertEqual(negative.status, 400)
    }
  }

  func testCacheKeepsToItsBound() {
    let cache = ViewCache(limit: 100_000)
    let seed = UInt64.random(in: 0...UInt64.max)
    let random = SeededRandom(seed: seed)
    let now = SystemClock().now()
    func key(_ n: UInt64) -> ViewCache.Key { ViewCache.Key(route: 0, tenant: .rootTenant, uid: UID(high: 0, low: n)) }
    for n in 0..<2000 {
      let which = random.next() % 300
      cache.put(key(which), [UInt8](repeating: UInt8(which % 251), count: Int(random.next() % 2000)), position: n, now: now)
      XCTAssertLessThanOrEqual(cache.counts.bytes, 100_000, "seed \(seed)")
      let other = random.next() % 300
      for position in [n, n - 1] {
        if let bytes = cache.bytes(key(other), position: position, now: now) {
          XCTAssertTrue(bytes.allSatisfy { $0 == UInt8(other % 251) }, "seed \(seed)")
        }
      }
    }
    XCTAssertNil(cache.bytes(key(1), position: 1999, now: now + .seconds(10)), "seed \(seed)")
  }

  func testCursorsAreSealed() throws {
    let codec = CursorCodec(key: Array(repeating: 3, count: 32))
    let uid = UID(high: 1, low: 2)
    let text = codec.write(values: ["a", 7, .null], uid: uid, query: "list apps")
    let read = try codec.read(text, query: "list apps")
    XCTAssertEqual(read.values, ["a", 7, .null])
    XCTAssertEqual(read.uid, uid)
    XCTAssertThrowsError(try codec.read(text, query: "list others"))
    for at in text.indices {
      var changed = text
      changed.replaceSubrange(at...at, with: text[at] == "A" ? "B" : "A")
      XCTAssertThrowsError(try codec.read(changed, query: "list apps"), "\(at)")
    }
  }
}
