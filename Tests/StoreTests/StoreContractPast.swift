// What every store must tell of the past, of sets by their objects, and of values by the beginning of their keys.
import Core
import Ports
import XCTest

extension StoreContract {
  static let past: [StoreCase] = [
    StoreCase(name: "an object is found as it was, under the name that it had, gone ones too") { store in
      var app = Fixture.app("a", ["port": 1])
      let first = try await store.commit(Fixture.create(app))
      app.version = 1
      app.name = "b"
      app.spec["port"] = 2
      let second = try await store.commit(Fixture.write(.update, app))
      app.version = 2
      let third = try await store.commit(Fixture.write(.remove, app))
      func ask(_ change: (inout PastQuery) -> Void) async throws -> [PastObject] {
        var query = PastQuery(tenant: app.tenant)
        change(&query)
        return try await store.past(query)
      }
      let then = try await ask {
        $0.kind = "App"
        $0.name = "a"
        $0.at = first.at
      }
      XCTAssertEqual(then.map { $0.object.spec["port"] }, [1])
      XCTAssertEqual(then.first?.object.version, 1)
      XCTAssertEqual(then.first?.object.updated, first.at)
      let renamed = try await ask {
        $0.kind = "App"
        $0.name = "a"
        $0.at = second.at
      }
      XCTAssertEqual(renamed.count, 0, "it had another name then")
      let gone = try await ask { $0.uids = [app.uid] }
      XCTAssertEqual(gone.map(\.isGone), [true])
      XCTAssertEqual(gone.first?.object.name, "b")
      XCTAssertEqual(gone.first?.object.updated, third.at)
      let none = try await ask {
        $0.uids = [app.uid]
        $0.at = Timestamp(microseconds: first.at.microseconds - 1)
      }
      XCTAssertEqual(none.count, 0)
      let changed = try await ask {
        $0.at = second.at
        $0.changedAfter = first.at
      }
      XCTAssertEqual(changed.map(\.object.version), [2])
      let still = try await ask {
        $0.at = second.at
        $0.changedAfter = second.at
      }
      XCTAssertEqual(still.count, 0)
    },
    StoreCase(name: "the past is read in pages, by manager, and of one tenant alone") { store in
      var uids: [UID] = []
      for n in 0..<5 {
        var app = Fixture.app("p\(n)")
        if n % 2 == 0 {
          app.owners = ["name": FieldOwner(manager: .set("shop"), actor: "user:a", at: Timestamp(microseconds: 1))]
        } else {
          let other = FieldOwner(manager: .set("shop"), actor: "user:a", at: Timestamp(microseconds: 1))
          app.owners = [
            "name": FieldOwner(
              manager: .set("shopping"), actor: "user:a", at: Timestamp(microseconds: 1), also: n == 1 ? [other] : [])
          ]
        }
        uids.append(app.uid)
        _ = try await store.commit(Fixture.create(app))
      }
      let sorted = uids.sorted()
      let first = try await store.past(PastQuery(tenant: Fixture.tenant, limit: 2))
      XCTAssertEqual(first.map(\.object.uid), Array(sorted[0..<2]))
      let next = try await store.past(PastQuery(tenant: Fixture.tenant, after: sorted[1], limit: 10))
      XCTAssertEqual(next.map(\.object.uid), Array(sorted[2...]))
      let shop = try await store.past(PastQuery(tenant: Fixture.tenant, manager: .set("shop")))
      XCTAssertEqual(
        Set(shop.filter { $0.object.isStated(by: .set("shop")) }.map(\.object.name)), ["p0", "p1", "p2", "p4"])
      XCTAssertEqual(shop.first { $0.object.name == "p1" }?.object.owners["name"]?.also.map(\.manager), [.set("shop")])
      let foreign = try await store.past(PastQuery(tenant: Fixture.other))
      XCTAssertEqual(foreign.count, 0)
    },
    StoreCase(name: "sets are found by what they hold, values by how their keys begin") { store in
      let app = Fixture.app("held")
      var commit = Fixture.create(app)
      commit.inventory = [
        InventoryChange(
          set: "shop", owner: Fixture.other,
          put: [
            InventoryRow(tenant: app.tenant, uid: app.uid, kind: "App", name: "held", hash: [1], version: 0, file: "f", line: 1)
          ], removed: [], catalogDigest: "d")
      ]
      _ = try await store.commit(commit)
      let holders = try await store.sets(holding: [app.uid, Fixture.uid()])
      XCTAssertEqual(holders.map(\.set), ["shop"])
      XCTAssertEqual(holders.map(\.owner), [Fixture.other])
      var renamed = app
      renamed.version = 1
      renamed.name = "new"
      _ = try await store.commit(Fixture.write(.update, renamed))
      let rows = try await store.inventory(owner: Fixture.other, set: "shop").rows
      XCTAssertEqual(rows.map(\.name), ["held"])
      XCTAssertEqual(rows.map(\.renamed), ["new"])
      for key in ["set/a/pause", "set/b/pause", "sex", "seu"] {
        _ = try await store.putValue(tenant: Fixture.tenant, key: key, .string(key), expecting: .none, expires: nil)
      }
      let values = try await store.values(tenant: Fixture.tenant, prefix: "set/", limit: 10)
      XCTAssertEqual(values.map(\.key), ["set/a/pause", "set/b/pause"])
      let some = try await store.values(tenant: Fixture.tenant, prefix: "set/", limit: 1)
      XCTAssertEqual(some.map(\.value), ["set/a/pause"])
    },
    StoreCase(name: "what is taken down frees its keys for the object that takes its place") { store in
      let app = Fixture.app("name")
      let key = UniqueKey(rule: 0, value: "[\"name\"]", global: false)
      var create = Fixture.create(app)
      create.writes[0].uniqueKeys = [key]
      _ = try await store.commit(create)
      var old = app
      old.version = 1
      old.name = "name~1"
      let heir = Fixture.app("name")
      var replacing = Fixture.write(.startDelete, old)
      replacing.writes[0].freesKeys = true
      var write = ObjectWrite(.create, heir, expected: nil, uniqueKeys: [key])
      write.events = []
      replacing.writes.append(write)
      _ = try await store.commit(replacing)
      let holder = try await store.holders(tenant: app.tenant, kind: "App", keys: [key])
      XCTAssertEqual(holder[key], heir.uid)
      let named = try await store.objects(named: [ObjectKey(tenant: app.tenant, kind: "App", name: "name")])
      XCTAssertEqual(named.map(\.uid), [heir.uid])
    },
    StoreCase(name: "a list over all tenants comes in pages") { store in
      for n in 0..<5 {
        var app = Fixture.app("e\(n)")
        if n % 2 == 1 { app.tenant = Fixture.other }
        _ = try await store.commit(Fixture.create(app))
      }
      var query = ObjectQuery(tenant: Fixture.tenant, kind: "App", limit: 2)
      query.everywhere = true
      var seen: [UID] = []
      while true {
        let page = try await store.list(query).objects
        seen += page.map(\.uid)
        guard page.count == 2, let last = page.last else { break }
        query.after = ([], last.uid)
      }
      XCTAssertEqual(seen.count, 5)
      XCTAssertEqual(seen, seen.sorted())
    },
  ]
}
