// The contract: unique keys, pins, fences, sets, journal, story, small values.
import Core
import Kinds
import Ports
import XCTest

extension StoreContract {
  static let commits: [StoreCase] = [
    StoreCase(name: "unique keys: taken, handed on, over time, over tenants") { store in
      var app = Fixture.app("a")
      _ = try await store.commit(Fixture.create(app))
      await failsTaken(by: app.uid) { _ = try await store.commit(Fixture.create(Fixture.app("b"), Fixture.app("a"))) }
      _ = try await store.commit(Fixture.create(Fixture.app("a", tenant: Fixture.other)))
      let first = Fixture.app("c")
      await failsTaken(by: first.uid) { _ = try await store.commit(Fixture.create(first, Fixture.app("c"))) }
      // A renaming and a newcomer that takes the name, in one commit.
      let old = app
      app.version = 1
      app.name = "z"
      var commit = Fixture.create(Fixture.app("a"))
      commit.writes += Fixture.write(.update, app).writes
      _ = try await store.commit(commit)
      let holders = try await store.holders(tenant: app.tenant, kind: "App", keys: [Fixture.key(app), Fixture.key(old)])
      XCTAssertEqual(holders[Fixture.key(app)], app.uid)
      XCTAssertEqual(holders[Fixture.key(old)], commit.writes[0].object.uid)
      // Keys of limited time.
      func run(_ until: Timestamp, _ uid: UID) -> Commit {
        var commit = Fixture.create(Fixture.app("run-\(uid)", uid: uid))
        commit.writes[0].uniqueKeys.append(UniqueKey(rule: 1, value: "[\"run\"]", global: true, until: until))
        return commit
      }
      let (one, two, three) = (Fixture.uid(), Fixture.uid(), Fixture.uid())
      _ = try await store.commit(run(SystemClock().now() - .seconds(5), one))
      _ = try await store.commit(run(SystemClock().now() + .seconds(500), two))
      await failsTaken(by: two) { _ = try await store.commit(run(SystemClock().now() + .seconds(500), three)) }
    },
    StoreCase(name: "a key too long for an index is still unique") { store in
      let long = String(repeating: "ä\"\\", count: 2000)
      func make() -> Commit {
        var commit = Fixture.create(Fixture.app("x\(Fixture.uid())"))
        commit.writes[0].uniqueKeys = [UniqueKey(rule: 0, value: long, global: false)]
        return commit
      }
      let first = make()
      _ = try await store.commit(first)
      await failsTaken(by: first.writes[0].object.uid) { _ = try await store.commit(make()) }
      var change = Fixture.write(.update, first.writes[0].object)
      change.writes[0].expected = 1
      change.writes[0].uniqueKeys = first.writes[0].uniqueKeys
      _ = try await store.commit(change)
    },
    StoreCase(name: "a fence that holds no longer stops the write") { store in
      let replica = Fixture.uid()
      let fences = try await store.renew(
        replica: replica, until: SystemClock().now() + .seconds(60), catalogDigest: "", wantsWork: true)
      let app = Fixture.app("a")
      var commit = Fixture.create(app)
      commit.fence = fences[ShardCount.of(app.uid)]
      _ = try await store.commit(commit)
      var late = Fixture.create(Fixture.app("b"))
      late.fence = commit.fence
      late.fence?.epoch -= 1
      do {
        _ = try await store.commit(late)
        XCTFail("a stale fence passed")
      } catch CommitFailure.fenced {}
    },
    StoreCase(name: "one tenant's commit spans others, with one time") { store in
      let result = try await store.commit(
        Fixture.create(Fixture.app("a"), Fixture.app("a", tenant: Fixture.other), Fixture.app("b")))
      XCTAssertEqual(result.positions, [Fixture.tenant: 2, Fixture.other: 1])
      guard case .changes(let mine, _) = try await store.changes(tenant: Fixture.tenant, after: 0, limit: 10),
        case .changes(let theirs, _) = try await store.changes(tenant: Fixture.other, after: 0, limit: 10)
      else { return XCTFail("resync") }
      XCTAssertEqual(Set((mine + theirs).map(\.at)), [result.at])
    },
  ]

  static let pins: [StoreCase] = [
    StoreCase(name: "references: to what exists, and not away from what is used") { store in
      var pool = Fixture.pool("eu")
      _ = try await store.commit(Fixture.create(pool))
      let app = Fixture.app("a")
      var commit = Fixture.create([app], references: [ObjectReference(field: "pool", target: pool.uid)])
      commit.pins = [.exists(tenant: pool.tenant, uid: pool.uid)]
      _ = try await store.commit(commit)
      let referrers = try await store.referrers(tenant: pool.tenant, of: [pool.uid], limit: 10)
      XCTAssertEqual(referrers.map(\.object.uid), [app.uid])
      XCTAssertEqual(referrers.map(\.field), ["pool"])

      pool.version = 1
      var removal = Fixture.write(.startDelete, pool)
      removal.pins = [.unreferenced(tenant: pool.tenant, uid: pool.uid)]
      do {
        _ = try await store.commit(removal)
        XCTFail("a referenced object went")
      } catch CommitFailure.referenced(let by) { XCTAssertEqual(by, [app.uid]) }
      // Both at once is fine.
      var live = app
      live.version = 1
      removal.writes += Fixture.write(.startDelete, live).writes
      _ = try await store.commit(removal)
      var late = Fixture.create([Fixture.app("b")], references: [ObjectReference(field: "pool", target: pool.uid)])
      late.pins = [.exists(tenant: pool.tenant, uid: pool.uid)]
      do {
        _ = try await store.commit(late)
        XCTFail("a reference to what is going")
      } catch CommitFailure.missing(let uids) { XCTAssertEqual(uids, [pool.uid]) }
    },
    StoreCase(name: "an update replaces references") { store in
      let (one, two) = (Fixture.pool("one"), Fixture.pool("two"))
      var app = Fixture.app("a")
      _ = try await store.commit(Fixture.create(one, two))
      _ = try await store.commit(Fixture.create([app], references: [ObjectReference(field: "pool", target: one.uid)]))
      app.version = 1
      _ = try await store.commit(Fixture.write(.update, app, references: [ObjectReference(field: "pool", target: two.uid)]))
      let referrers = try await store.referrers(tenant: app.tenant, of: [one.uid, two.uid], limit: 10)
      XCTAssertEqual(referrers.map(\.target), [two.uid])
      app.version = 2
      _ = try await store.commit(Fixture.write(.softDelete, app))
      let none = try await store.referrers(tenant: app.tenant, of: [one.uid, two.uid], limit: 10)
      XCTAssertEqual(none.count, 0)
    },
    StoreCase(name: "pins on versions and counts") { store in
      let app = Fixture.app("a", ["region": "eu"])
      _ = try await store.commit(Fixture.create(app))
      var commit = Fixture.create(Fixture.app("b", ["region": "eu"]))
      commit.pins = [.version(tenant: app.tenant, uid: app.uid, 2)]
      await failsMoved([app.uid]) { _ = try await store.commit(commit) }
      let full = Problem(.limited, code: "full", "Two are enough.")
      let most = { (n: Int) in
        Pin.atMost(tenant: app.tenant, kind: "App", .compare(.spec(["region"]), .equal, "eu"), n, problem: full)
      }
      commit.pins = [.version(tenant: app.tenant, uid: app.uid, 1), most(1)]
      do {
        _ = try await store.commit(commit)
        XCTFail("a limit was passed")
      } catch CommitFailure.exceeded(let problems) { XCTAssertEqual(problems, [full]) }
      commit.pins = [most(2)]
      let result = try await store.commit(commit)
      XCTAssertEqual(result.positions, [app.tenant: 2])
    },
    StoreCase(name: "a pin on all objects of a kind: none came, went or changed but those written here") { store in
      let (one, two) = (Fixture.pool("one"), Fixture.pool("two"))
      _ = try await store.commit(Fixture.create([one, two, Fixture.pool("other", tenant: Fixture.other)]))
      func attempt(_ members: [UID: Int], _ more: [StoredObject] = []) async -> [UID]? {
        var commit = Fixture.create([Fixture.app("a\(Fixture.uid())")] + more)
        commit.pins = [.members(tenant: Fixture.tenant, kind: "Pool", members)]
        do {
          _ = try await store.commit(commit)
          return []
        } catch CommitFailure.moved(let uids) { return uids } catch { return nil }
      }
      let exact = await attempt([one.uid: 1, two.uid: 1])
      XCTAssertEqual(exact, [])
      let came = await attempt([one.uid: 1])
      XCTAssertEqual(came, [two.uid])
      let none = await attempt([:])
      XCTAssertEqual(none, [one.uid, two.uid].sorted())
      let changed = await attempt([one.uid: 1, two.uid: 2])
      XCTAssertEqual(changed, [two.uid])
      let stranger = Fixture.uid()
      let went = await attempt([one.uid: 1, two.uid: 1, stranger: 1])
      XCTAssertEqual(went, [stranger])
      // What the commit itself writes it need not foresee.
      let own = await attempt([one.uid: 1, two.uid: 1], [Fixture.pool("three")])
      XCTAssertEqual(own, [])
    },
    StoreCase(name: "a limit counts what the same commit observes") { store in
      let (a, b) = (Fixture.app("a"), Fixture.app("b"))
      _ = try await store.commit(Fixture.create(a, b))
      let full = Problem(.limited, code: "full", "One is enough.")
      func place(_ app: StoredObject) async throws {
        var commit = Commit(origin: Fixture.origin)
        commit.statuses = [StatusWrite(tenant: app.tenant, uid: app.uid, kind: "App", generation: 1, status: ["place": "here"])]
        commit.pins = [.atMost(tenant: app.tenant, kind: "App", .compare(.status(["place"]), .equal, "here"), 1, problem: full)]
        _ = try await store.commit(commit)
      }
      try await place(a)
      do {
        try await place(b)
        XCTFail("the last place was given twice")
      } catch CommitFailure.exceeded(let problems) { XCTAssertEqual(problems, [full]) }
      try await place(a)
    },
  ]

  static let side: [StoreCase] = [
    StoreCase(name: "sets and their inventory") { store in
      let (a, b) = (Fixture.app("a"), Fixture.app("b"))
      func row(_ object: StoredObject, _ version: Int = 0, current: Int? = nil) -> InventoryRow {
        InventoryRow(
          tenant: object.tenant, uid: object.uid, kind: object.kind, name: object.name, hash: [0, 255, 7], version: version,
          file: "main.yaml", line: 4, current: current)
      }
      var commit = Fixture.create(a, b)
      commit.inventory = [
        InventoryChange(set: "git:shop", owner: a.tenant, put: [row(a), row(b)], removed: [], catalogDigest: "d1")
      ]
      _ = try await store.commit(commit)
      var inventory = try await store.inventory(owner: a.tenant, set: "git:shop")
      XCTAssertEqual(
        inventory.rows.sorted { $0.uid < $1.uid }, [row(a, 1, current: 1), row(b, 1, current: 1)].sorted { $0.uid < $1.uid })
      XCTAssertEqual(inventory.catalogDigest, "d1")
      var change = Commit(origin: Fixture.origin)
      change.inventory = [
        InventoryChange(set: "git:shop", owner: a.tenant, put: [row(a, 9)], removed: [b.uid], catalogDigest: "d2")
      ]
      _ = try await store.commit(change)
      inventory = try await store.inventory(owner: a.tenant, set: "git:shop")
      XCTAssertEqual(inventory.rows, [row(a, 9, current: 1)])
      XCTAssertEqual(inventory.catalogDigest, "d2")
      let sets = try await store.sets(owner: a.tenant)
      XCTAssertEqual(sets.map(\.name), ["git:shop"])
      XCTAssertEqual(sets.map(\.count), [1])
      let none = try await store.inventory(owner: Fixture.other, set: "git:shop")
      XCTAssertNil(none.catalogDigest)
    },
    StoreCase(name: "journaled effects and the story") { store in
      let app = Fixture.app("a")
      var commit = Fixture.create(app)
      let step = Step(
        name: "start-1", service: "process", operation: "start", arguments: ["cmd": ["x"]], kind: .keyed, deadline: .seconds(3))
      var effect = EffectRow(tenant: app.tenant, uid: app.uid, generation: 1, step: step, key: "k1", state: .intended)
      commit.effects = [effect]
      commit.story = ["first", "second"].map {
        StoryEvent(
          tenant: app.tenant, uid: app.uid, kind: "App", name: "a", at: SystemClock().now(), reason: "Started", message: $0,
          warning: false)
      }
      _ = try await store.commit(commit)
      var done = Commit(origin: Fixture.origin)
      effect.state = .done
      effect.reply = ["pid": 7]
      done.effects = [effect]
      _ = try await store.commit(done)
      let open = try await store.effects(of: [app.place], unconsumedOnly: true)
      XCTAssertEqual(open, [effect])
      effect.consumed = true
      done.effects = [effect]
      _ = try await store.commit(done)
      let rest = try await store.effects(of: [app.place], unconsumedOnly: true)
      XCTAssertEqual(rest, [])
      let all = try await store.effects(of: [app.place], unconsumedOnly: false)
      XCTAssertEqual(all, [effect])
      let story = try await store.story(tenant: app.tenant, uid: nil, limit: 10)
      XCTAssertEqual(story.map(\.message), ["second", "first"])
      let one = try await store.story(tenant: app.tenant, uid: app.uid, limit: 1)
      XCTAssertEqual(one, [commit.story[1]])
    },
    StoreCase(name: "named values, compared and set") { store in
      let t = Fixture.tenant
      let later = SystemClock().now() + .seconds(100)
      let past = SystemClock().now() - .seconds(100)
      func put(_ value: Value?, _ expecting: Value??, _ expires: Timestamp? = nil) async throws -> Bool {
        try await store.putValue(tenant: t, key: "k", value, expecting: expecting, expires: expires)
      }
      var answers = [
        try await put(1, .some(.some(0))), try await put(1, .some(nil)), try await put(2, .some(nil)),
        try await put(2, .some(.some(1))),
      ]
      XCTAssertEqual(answers, [false, true, false, true])
      var value = try await store.value(tenant: t, key: "k")
      XCTAssertEqual(value, 2)
      answers = [
        try await put(["a": [1]], .none, later), try await put(nil, .some(.some(1))),
        try await put(nil, .some(.some(["a": [1]]))), try await put(nil, .none),
      ]
      XCTAssertEqual(answers, [true, false, true, true])
      answers = [
        try await put(5, .none, past), try await put(6, .some(.some(5))), try await put(nil, .some(nil)),
        try await put(7, .some(nil)),
      ]
      XCTAssertEqual(answers, [true, false, true, true])
      value = try await store.value(tenant: t, key: "k")
      XCTAssertEqual(value, 7)
      let foreign = try await store.value(tenant: Fixture.other, key: "k")
      XCTAssertNil(foreign)
    },
    StoreCase(name: "times of last use, and sequences") { store in
      let (one, two) = (Fixture.uid(), Fixture.uid())
      let now = SystemClock().now()
      try await store.note(lastUsed: [
        (Fixture.tenant, one, now), (Fixture.tenant, one, now - .seconds(1)), (Fixture.tenant, two, now),
      ])
      try await store.note(lastUsed: [(Fixture.tenant, two, now - .seconds(9))])
      let used = try await store.lastUsed(tenant: Fixture.tenant, uids: [one, two, Fixture.uid()])
      XCTAssertEqual(used, [one: now, two: now])
      let numbers = [
        try await store.sequence(tenant: Fixture.tenant, name: "n", count: 1),
        try await store.sequence(tenant: Fixture.tenant, name: "n", count: 3),
        try await store.sequence(tenant: Fixture.other, name: "n", count: 2),
      ]
      XCTAssertEqual(numbers, [1..<2, 2..<5, 1..<3])
    },
  ]
}
