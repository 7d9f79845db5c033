// What every store must do. Each case gets an empty store; PostgreSQL and the store in memory run them all.
import Core
import Kinds
import Ports
import XCTest

/// A named case. Fails through XCTest.
struct StoreCase: Sendable {
  var name: String
  var body: @Sendable (any StorePort) async throws -> Void
}

enum StoreContract {
  static let cases = objects + commits + pins + queries + side + feed + work + records + totals + series + past

  static let objects: [StoreCase] = [
    StoreCase(name: "a created object is read back whole") { store in
      let app = Fixture.app(
        "a", ["port": 80, "env": ["A": "1", "weird \"key\"": "back\\slash\nline"], "cost": "12.50", "any": [1, 2.5, nil, true]])
      let result = try await store.commit(Fixture.create(app))
      XCTAssertEqual(result.versions, [app.uid: 1])
      XCTAssertEqual(result.positions, [app.tenant: 1])
      let read = try await store.now(app)
      XCTAssertEqual(read?.spec, app.spec)
      XCTAssertEqual(read?.owners, app.owners)
      XCTAssertEqual(read?.labels, app.labels)
      XCTAssertEqual(read?.created, app.created)
      XCTAssertEqual(read?.version, 1)
      XCTAssertEqual(read?.status, .null)
      let named = try await store.objects(named: [
        ObjectKey(tenant: app.tenant, kind: "App", name: "a"), ObjectKey(tenant: app.tenant, kind: "App", name: "none"),
        ObjectKey(tenant: Fixture.other, kind: "App", name: "a"), ObjectKey(tenant: app.tenant, kind: "Nothing", name: "a"),
      ])
      XCTAssertEqual(named.map(\.uid), [app.uid])
      let foreign = try await store.objects(tenant: Fixture.other, uids: [app.uid])
      XCTAssertEqual(foreign.count, 0)
      let anywhere = try await store.objects(tenant: nil, uids: [app.uid, Fixture.uid()])
      XCTAssertEqual(anywhere.map(\.uid), [app.uid])
    },
    StoreCase(name: "an update moves the version and keeps the creation") { store in
      var app = Fixture.app("a")
      _ = try await store.commit(Fixture.create(app))
      app.version = 1
      app.spec["port"] = 81
      app.generation = 2
      let result = try await store.commit(Fixture.write(.update, app))
      XCTAssertEqual(result.versions[app.uid], 2)
      let read = try await store.now(app)
      XCTAssertEqual(read?.spec["port"], 81)
      XCTAssertEqual(read?.generation, 2)
      XCTAssertEqual(read?.created, app.created)
    },
    StoreCase(name: "a stale update moves nothing") { store in
      var app = Fixture.app("a")
      _ = try await store.commit(Fixture.create(app))
      app.version = 7
      await failsMoved([app.uid]) { _ = try await store.commit(Fixture.write(.update, app)) }
      let again = Fixture.create(Fixture.app("b"), app)
      await failsMoved([app.uid]) { _ = try await store.commit(again) }
      let count = try await store.count([ObjectQuery(tenant: app.tenant, kind: "App")])
      XCTAssertEqual(count, [1])
      let position = try await store.position(tenant: app.tenant)
      XCTAssertEqual(position, 1)
    },
    StoreCase(name: "deletion in steps, and restoration") { store in
      var app = Fixture.app("a")
      _ = try await store.commit(Fixture.create(app))
      app.version = 1
      _ = try await store.commit(Fixture.write(.startDelete, app))
      var read = try await store.now(app)
      XCTAssertNotNil(read?.deleting)
      XCTAssertEqual(read?.deleted, false)
      // The name is held until the object is gone.
      await failsTaken(by: app.uid) { _ = try await store.commit(Fixture.create(Fixture.app("a"))) }
      app.version = 2
      _ = try await store.commit(Fixture.write(.softDelete, app))
      read = try await store.now(app)
      XCTAssertEqual(read?.deleted, true)
      let live = try await store.list(ObjectQuery(tenant: app.tenant, kind: "App"))
      XCTAssertEqual(live.objects.count, 0)
      let all = try await store.list(ObjectQuery(tenant: app.tenant, kind: "App", includeDeleted: true))
      XCTAssertEqual(all.objects.count, 1)
      app.version = 3
      _ = try await store.commit(Fixture.write(.restore, app))
      read = try await store.now(app)
      XCTAssertEqual(read?.deleted, false)
      XCTAssertNil(read?.deleting)
      app.version = 4
      _ = try await store.commit(Fixture.write(.remove, app))
      read = try await store.now(app)
      XCTAssertNil(read)
      let history = try await store.history(tenant: app.tenant, uid: app.uid, before: nil, limit: 10)
      XCTAssertEqual(history.map(\.operation), ["d", "r", "s", "x", "c"])
      XCTAssertEqual(history.map(\.version), [5, 4, 3, 2, 1])
      // The same uid may come back, and goes on counting.
      let result = try await store.commit(Fixture.create(app))
      XCTAssertEqual(result.versions[app.uid], 6)
    },
    StoreCase(name: "observed state never moves the version") { store in
      let app = Fixture.app("a")
      _ = try await store.commit(Fixture.create(app))
      var commit = Commit(origin: Fixture.origin)
      commit.statuses = [
        Fixture.status(app, ["phase": "ready", "conditions": []]), Fixture.status(Fixture.app("ghost"), ["phase": "x"]),
      ]
      let result = try await store.commit(commit)
      XCTAssertEqual(result.versions, [:])
      XCTAssertEqual(result.positions, [app.tenant: 2])
      let read = try await store.now(app)
      XCTAssertEqual(read?.status["phase"], "ready")
      XCTAssertEqual(read?.observedGeneration, 1)
      XCTAssertEqual(read?.version, 1)
      commit.statuses = [Fixture.status(app, ["phase": "older"], generation: 0)]
      commit.statuses[0].announce = false
      let quiet = try await store.commit(commit)
      XCTAssertEqual(quiet.positions, [:])
      let older = try await store.now(app)
      XCTAssertEqual(older?.status["phase"], "older")
      XCTAssertEqual(older?.observedGeneration, 1)
    },
    StoreCase(name: "state at a moment, and history with its origin") { store in
      var app = Fixture.app("a", ["port": 1])
      let first = try await store.commit(Fixture.create(app, Fixture.app("b")))
      app.version = 1
      app.spec["port"] = 2
      let second = try await store.commit(Fixture.write(.update, app))
      app.version = 2
      let third = try await store.commit(Fixture.write(.remove, app))
      XCTAssertLessThan(first.at, second.at)
      XCTAssertLessThan(second.at, third.at)
      func ports(_ at: Timestamp) async throws -> [String: Value] {
        let objects = try await store.objects(tenant: app.tenant, kind: "App", at: at, limit: 10)
        return Dictionary(uniqueKeysWithValues: objects.map { ($0.name, $0.spec["port"] ?? .null) })
      }
      let states = [
        try await ports(first.at - .seconds(1)), try await ports(first.at), try await ports(second.at), try await ports(third.at),
      ]
      XCTAssertEqual(states, [[:], ["a": 1, "b": .null], ["a": 2, "b": .null], ["b": .null]])
      let history = try await store.history(tenant: app.tenant, uid: app.uid, before: 3, limit: 1)
      XCTAssertEqual(history.map(\.version), [2])
      XCTAssertEqual(history.first?.origin, Fixture.origin)
      XCTAssertEqual(history.first?.at, second.at)
      XCTAssertEqual(history.first?.owners, app.owners)
    },
  ]
}

/// The body must fail with `.moved` of these objects.
func failsMoved(_ uids: [UID], line: UInt = #line, _ body: () async throws -> Void) async {
  do {
    try await body()
    XCTFail("should have failed", line: line)
  } catch CommitFailure.moved(let moved) { XCTAssertEqual(moved, uids.sorted(), line: line) } catch {
    XCTFail("\(error)", line: line)
  }
}

func failsTaken(by uid: UID, line: UInt = #line, _ body: () async throws -> Void) async {
  do {
    try await body()
    XCTFail("should have failed", line: line)
  } catch CommitFailure.taken(let taken) { XCTAssertEqual(taken.map(\.by), [uid], line: line) } catch {
    XCTFail("\(error)", line: line)
  }
}
