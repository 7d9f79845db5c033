// Replaced versions go when their time is over; what held within it stays.
import Core
import Kinds
import Ports
import TestSupport
import XCTest

@testable import PostgresStore

final class HistorySweepTests: XCTestCase {
  func testOnlyWhatWasReplacedBeforeTheTimeGoes() async throws {
    let catalog = Fixture.makeCatalog()
    catalog.kind("Pool")?.lifecycle.history = .seconds(100_000 * 86_400)
    let store = try await TestPostgres.store(catalog)
    defer { store.close() }
    var app = Fixture.app("kept")
    var gone = Fixture.app("gone")
    var pool = Fixture.app("pool")
    pool.kind = "Pool"
    pool.spec = ["name": "pool"]
    for object in [app, gone, pool] { _ = try await store.commit(Fixture.create(object)) }
    for n in 1...4 {
      app.version = n
      app.generation = n + 1
      _ = try await store.commit(Fixture.write(.update, app))
    }
    pool.version = 1
    _ = try await store.commit(Fixture.write(.update, pool))
    gone.version = 1
    _ = try await store.commit(Fixture.write(.remove, gone))
    // As if days had passed: versions 1 to 3 of the app and all of the others are ten days old.
    try await store.pool.execute("UPDATE history SET at = at - interval '10 days' WHERE NOT (uid = '\(app.uid)' AND version > 3)")
    func versions(_ object: StoredObject) async throws -> [Int] {
      try await store.history(tenant: object.tenant, uid: object.uid, before: nil, limit: 100).map(\.version)
    }
    try await store.maintain(keepHistory: .seconds(30 * 86_400))
    var left = try await versions(app)
    XCTAssertEqual(left, [5, 4, 3, 2, 1], "all are younger than that")
    try await store.maintain(keepHistory: .seconds(5 * 86_400))
    left = try await versions(app)
    XCTAssertEqual(left, [5, 4, 3], "version 3 held at the beginning of the five days")
    let deleted = try await versions(gone)
    XCTAssertEqual(deleted, [])
    let own = try await versions(pool)
    XCTAssertEqual(own, [2, 1], "its kind keeps more")
  }
}
