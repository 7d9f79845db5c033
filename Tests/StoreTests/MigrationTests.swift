// Kinds whose schema changes: what is stored is brought along, found by its new names, and its history too.
import Core
import Expressions
import Kinds
import Ports
import PostgresStore
import TestSupport
import XCTest

final class MigrationTests: XCTestCase {
  /// The fixture's App with `region` called `place`, `port` in thousands and no `note`.
  private func changed() throws -> KindCatalog {
    let before = Fixture.makeCatalog()
    let app = try XCTUnwrap(before.kind("App"))
    let fields = app.fields.filter { $0.name != "note" }.map { field -> FieldSpec in
      let copy = field.copy()
      if copy.name == "region" { copy.name = "place" }
      if copy.name == "pool" { copy.name = "group" }
      return copy
    }
    let after = KindSpec(family: "test", name: "App", doc: "", fields: fields)
    after.unique = app.unique
    after.controller = app.controller
    after.rev = 3
    after.migrations = [
      .init(rev: 2, change: .rename([("region", "place"), ("pool", "group")])), .init(rev: 2, change: .drop(["note"])),
      .init(rev: 3, change: .convert([("port", try CELProgram("value * 1000 + size(string(self.place))", lenient: true))])),
    ]
    return KindCatalog(
      kinds: before.kinds.map { $0.name == "App" ? after : $0 }, families: [], routes: [], views: [:], digest: "changed")
  }

  func testObjectsOfEarlierRevisionsAreBroughtAlong() async throws {
    let address = try await TestPostgres.shared.database()
    let first = try await PostgresStore(pool: ConnectionPool(address: address), catalog: Fixture.makeCatalog())
    let pool = Fixture.pool("p")
    _ = try await first.commit(Fixture.create(pool))
    var apps = (0..<1203).map { n in
      Fixture.app(
        "a\(n)", ["region": n % 2 == 0 ? "eu" : "us", "port": .int(n), "note": "x", "pool": .string(pool.uid.description)])
    }
    for start in stride(from: 0, to: apps.count, by: 500) {
      _ = try await first.commit(
        Fixture.create(
          Array(apps[start..<min(start + 500, apps.count)]), references: [ObjectReference(field: "pool", target: pool.uid)]))
    }
    apps[0].version = 1
    apps[0].spec["port"] = 7
    apps[0].owners["note"] = apps[0].owners["name"]
    _ = try await first.commit(Fixture.write(.update, apps[0], references: [ObjectReference(field: "pool", target: pool.uid)]))
    first.close()

    let catalog = try changed()
    let store = try await PostgresStore(pool: ConnectionPool(address: address), catalog: catalog)
    defer { store.close() }
    let one = try await store.objects(tenant: Fixture.tenant, uids: [apps[0].uid])
    XCTAssertEqual(one.first?.spec["port"], 7002)
    XCTAssertEqual(one.first?.spec["place"], "eu")
    XCTAssertNil(one.first?.spec["region"])
    XCTAssertNil(one.first?.spec["note"])
    XCTAssertNil(one.first?.owners["note"])
    XCTAssertEqual(one.first?.rev, 3)
    XCTAssertEqual(one.first?.version, 2, "no new version")
    // Found by the new name, through a slot that was filled anew.
    let counts = try await store.count([
      ObjectQuery(tenant: Fixture.tenant, kind: "App", predicate: .compare(.spec(["place"]), .equal, "eu")),
      ObjectQuery(tenant: Fixture.tenant, kind: "App", predicate: .compare(.spec(["port"]), .greaterOrEqual, 1_000_000)),
    ])
    XCTAssertEqual(counts, [602, 203])
    let referrers = try await store.referrers(tenant: Fixture.tenant, of: [pool.uid], limit: 2000)
    XCTAssertEqual(Set(referrers.map(\.field)), ["group"])
    XCTAssertEqual(referrers.count, 1203)
    let history = try await store.history(tenant: Fixture.tenant, uid: apps[0].uid, before: nil, limit: 10)
    XCTAssertEqual(history.map { $0.spec["port"] }, [7002, 2])
    XCTAssertEqual(history.map { $0.spec["place"] }, ["eu", "eu"])
    let position = try await store.position(tenant: Fixture.tenant)
    let again = try await PostgresStore(pool: ConnectionPool(address: address), catalog: catalog)
    defer { again.close() }
    let same = try await again.objects(tenant: Fixture.tenant, uids: [apps[0].uid])
    XCTAssertEqual(same.first?.spec["port"], 7002, "a second start converts nothing twice")
    let after = try await again.position(tenant: Fixture.tenant)
    XCTAssertEqual(after, position)
  }

  func testAConversionThatFailsIsToldWithItsPlace() throws {
    let catalog = try changed()
    let app = try XCTUnwrap(catalog.kind("App"))
    app.migrations = [
      .init(
        rev: 2, change: .convert([("port", try CELProgram("value / 0", lenient: true))]),
        place: Place(file: "specs/test/App/kind.yaml", line: 4, column: 5))
    ]
    var object = Fixture.app("a", ["port": 1])
    XCTAssertThrowsError(try Upcast.apply(&object, app)) { error in
      XCTAssertTrue("\(error)".hasPrefix("specs/test/App/kind.yaml:4:5: App cannot be brought to revision 2: port: "), "\(error)")
    }
    XCTAssertEqual(object.rev, 1)
  }
}
