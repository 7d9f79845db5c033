// The contract: predicates, orders, pages; the feed; work; records.
import Core
import Kinds
import Ports
import XCTest

extension StoreContract {
  /// Five apps that differ in every type of field.
  static func five(_ store: any StorePort) async throws -> [StoredObject] {
    let uids = (0..<5).map { _ in Fixture.uid() }.sorted()
    let apps = [
      Fixture.app(
        "a", uid: uids[0],
        [
          "region": "eu", "port": 80, "running": true, "cost": "9.5", "weight": 1.5, "startsAt": "2026-01-01T00:00:00.5Z",
          "tags": ["x", "y"],
        ]),
      Fixture.app(
        "b", uid: uids[1],
        [
          "region": "us", "port": 443, "running": false, "cost": "10", "weight": 2, "startsAt": "2026-01-01T00:00:00Z",
          "endsAt": "2026-02-01T00:00:00Z",
        ]),
      Fixture.app(
        "c", uid: uids[2],
        ["region": "eu", "port": 8080, "running": true, "cost": "100.00", "env": ["LOG": "debug"], "note": "50%_off\\"]),
      Fixture.app(
        "d", uid: uids[3],
        [
          "region": .string(String(repeating: "r", count: 300)), "any": ["k": [1, ["z": nil]]],
          "endsAt": "2026-02-01T01:00:00+02:00",
        ]),
      Fixture.app("e", uid: uids[4], ["note": "Grüße AN Alle", "any": 5, "tags": []]),
    ]
    _ = try await store.commit(Fixture.create(apps))
    var commit = Commit(origin: Fixture.origin)
    commit.statuses = [Fixture.status(apps[0], ["phase": "ready", "pid": 7])]
    _ = try await store.commit(commit)
    _ = try await store.commit(Fixture.create(Fixture.app("a", tenant: Fixture.other, ["region": "eu"]), Fixture.pool("a")))
    return apps
  }

  static let queries: [StoreCase] = [
    StoreCase(name: "every predicate finds what it should") { store in
      _ = try await five(store)
      var counted: [ObjectQuery] = []
      let predicates = Self.predicates()
      for (predicate, expected) in predicates {
        let query = ObjectQuery(
          tenant: Fixture.tenant, kind: "App", predicate: predicate, sort: [(.name, false)], wantsTotal: true)
        let page = try await store.list(query)
        XCTAssertEqual(page.objects.map(\.name).joined(), expected, "\(predicate)")
        XCTAssertEqual(page.total, expected.count, "\(predicate)")
        XCTAssertEqual(page.position, 7)
        counted.append(query)
      }
      let counts = try await store.count(counted)
      XCTAssertEqual(counts, predicates.map(\.1.count))
    },
    StoreCase(name: "counts that differ in one text are as right as single ones") { store in
      _ = try await five(store)
      let long = String(repeating: "r", count: 300)
      let paths: [(FieldPath, [String], [Int])] = [
        (.name, ["a", "z", "c", "a"], [1, 0, 1, 1]), (.spec(["region"]), ["eu", "us", "none"], [2, 1, 0]),
        (.spec(["region"]), ["eu", long, String(long.dropLast())], [2, 1, 0]),
        (.spec(["note"]), ["50%_off\\", "", "Grüße AN Alle"], [1, 0, 1]),
        (.spec(["cost"]), ["100", "10.0", "x"], [1, 1, 0]), (.spec(["any"]), ["5", "a"], [0, 0]),
        (.label("team"), ["shop", "Shop"], [5, 0]),
        (.status(["phase"]), ["ready", "none"], [1, 0]),
      ]
      for (path, texts, expected) in paths {
        let counts = try await store.count(
          texts.map {
            ObjectQuery(tenant: Fixture.tenant, kind: "App", predicate: .compare(path, .equal, .string($0)))
          })
        XCTAssertEqual(counts, expected, "\(path)")
      }
    },
    StoreCase(name: "every order can be paged through, nulls and ties included") { store in
      _ = try await five(store)
      let paths: [FieldPath] = [
        .name, .uid, .created, .updated, .version, .spec(["region"]), .spec(["port"]), .spec(["running"]), .spec(["cost"]),
        .spec(["weight"]),
        .spec(["startsAt"]), .spec(["endsAt"]), .status(["phase"]), .label("team"),
      ]
      for path in paths {
        for (descending, second) in [(false, false), (true, false), (true, true)] {
          let sort: [(path: FieldPath, descending: Bool)] = [(path, descending), (.spec(["running"]), second)]
          let whole = try await store.list(ObjectQuery(tenant: Fixture.tenant, kind: "App", sort: sort)).objects
          XCTAssertEqual(whole.count, 5)
          var paged: [StoredObject] = []
          for _ in 0..<6 {
            let after = paged.last.map { last in (values: sort.map { value(last, $0.path) }, uid: last.uid) }
            paged += try await store.list(ObjectQuery(tenant: Fixture.tenant, kind: "App", sort: sort, limit: 1, after: after))
              .objects
          }
          XCTAssertEqual(paged.map(\.name), whole.map(\.name), "\(path) \(descending)")
        }
      }
      func names(_ path: FieldPath, _ descending: Bool) async throws -> String {
        try await store.list(ObjectQuery(tenant: Fixture.tenant, kind: "App", sort: [(path, descending)])).objects.map(\.name)
          .joined()
      }
      let orders = [
        try await names(.spec(["cost"]), false), try await names(.spec(["port"]), true),
        try await names(.spec(["startsAt"]), false), try await names(.name, true),
      ]
      XCTAssertEqual(orders, ["abcde", "decba", "bacde", "edcba"])
      let offset = try await store.list(
        ObjectQuery(tenant: Fixture.tenant, kind: "App", sort: [(.name, false)], limit: 2, offset: 3, wantsTotal: true))
      XCTAssertEqual(offset.objects.map(\.name), ["d", "e"])
      XCTAssertEqual(offset.total, 5)
      do {
        _ = try await store.list(ObjectQuery(tenant: Fixture.tenant, kind: "App", after: (values: ["x"], uid: Fixture.uid())))
        XCTFail("a wrong cursor passed")
      } catch let problem as Problem { XCTAssertEqual(problem.code, "bad_cursor") }
    },
  ]

  static func value(_ object: StoredObject, _ path: FieldPath) -> Value {
    switch path {
    case .uid: .string(object.uid.description)
    case .name: .string(object.name)
    case .created: .string(object.created.description)
    case .updated: .string(object.updated.description)
    case .version: .int(object.version)
    case .label(let key): Value(object.labels[key])
    case .spec(let steps): Value.object(object.spec).at(path: steps)
    case .status(let steps): object.status.at(path: steps)
    }
  }

  static let feed: [StoreCase] = [
    StoreCase(name: "the feed tells all, in order, in pages") { store in
      let app = Fixture.app("a")
      var commit = Fixture.create(app, Fixture.app("b"), Fixture.app("c"))
      commit.writes[0].events = ["app.created", "app.seen"]
      let result = try await store.commit(commit)
      var status = Commit(origin: Fixture.origin)
      status.statuses = [Fixture.status(app, ["phase": "up"])]
      _ = try await store.commit(status)
      guard case .changes(let all, let upTo) = try await store.changes(tenant: app.tenant, after: 0, limit: 10) else {
        return XCTFail("resync")
      }
      XCTAssertEqual(all.map(\.position), [1, 2, 3, 4])
      XCTAssertEqual(upTo, 4)
      XCTAssertEqual(all.map(\.name), ["a", "b", "c", "a"])
      XCTAssertEqual(all.map(\.operation), ["c", "c", "c", "o"])
      XCTAssertEqual(all[0].events, ["app.created", "app.seen"])
      XCTAssertEqual(all[0].at, result.at)
      XCTAssertEqual(all[0].actor, "user:ada")
      guard case .changes(let page, let pageEnd) = try await store.changes(tenant: app.tenant, after: 1, limit: 2) else {
        return XCTFail("resync")
      }
      XCTAssertEqual(page.map(\.position), [2, 3])
      XCTAssertEqual(pageEnd, 3)
      guard case .changes(let none, 0) = try await store.changes(tenant: Fixture.other, after: 0, limit: 2) else {
        return XCTFail("resync")
      }
      XCTAssertEqual(none, [])
      guard case .resync(let from) = try await store.changes(tenant: app.tenant, after: 99, limit: 2) else {
        return XCTFail("no resync")
      }
      XCTAssertEqual(from, 4)
    },
    StoreCase(name: "a commit wakes listeners") { store in
      let (one, two) = (store.signals(), store.signals())
      let app = Fixture.app("a")
      var commit = Fixture.create(app)
      commit.work = [WorkRequest(tenant: app.tenant, uid: app.uid, kind: "App")]
      _ = try await store.commit(commit)
      for stream in [one, two] {
        var (changed, work) = (false, false)
        for await signal in stream {
          if case .changed(let tenants) = signal, tenants.contains(app.tenant) { changed = true }
          if case .work(let shards) = signal, shards.contains(ShardCount.of(app.uid)) { work = true }
          if changed, work { break }
        }
      }
    },
  ]

  static let work: [StoreCase] = [
    StoreCase(name: "work: due, finished, dirty again, woken") { store in
      let replica = Fixture.uid()
      let fences = try await store.renew(
        replica: replica, until: SystemClock().now() + .seconds(60), catalogDigest: "d", wantsWork: true)
      XCTAssertEqual(fences.count, ShardCount.total)
      let apps = (0..<5).map { Fixture.app("a\($0)") }
      var commit = Fixture.create(apps)
      let later = SystemClock().now() + .seconds(1000)
      commit.work = apps.map { WorkRequest(tenant: $0.tenant, uid: $0.uid, kind: "App", due: $0.name == "a4" ? later : nil) }
      _ = try await store.commit(commit)
      let items = try await store.due(fences: fences, limit: 10)
      XCTAssertEqual(Set(items.map(\.uid)), Set(apps[0..<4].map(\.uid)))
      XCTAssertEqual(items.map(\.shard), items.map { ShardCount.of($0.uid) })
      // One is dirty again before it is finished.
      try await store.wake([WorkRequest(tenant: items[0].tenant, uid: items[0].uid, kind: "App")])
      var finish = Commit(origin: Fixture.origin)
      finish.finished = items.map { FinishedWork(item: $0, next: $0.uid == items[1].uid ? later : nil, attempts: 3) }
      _ = try await store.commit(finish)
      let rest = try await store.due(fences: fences, limit: 10)
      XCTAssertEqual(rest.map(\.uid), [items[0].uid])
      finish.finished = rest.map { FinishedWork(item: $0, next: nil, attempts: 0) }
      _ = try await store.commit(finish)
      let next = try await store.nextDue(fences: fences)
      XCTAssertEqual(next, later)
      let none = try await store.nextDue(fences: [])
      XCTAssertNil(none)
      try await store.wake([WorkRequest(tenant: items[1].tenant, uid: items[1].uid, kind: "App")])
      let woken = try await store.due(fences: fences, limit: 10)
      XCTAssertEqual(woken.map(\.uid), [items[1].uid])
      XCTAssertEqual(woken.map(\.attempts), [0])
    },
    StoreCase(name: "a record wakes what it is about, in a commit or by itself") { store in
      let fences = try await store.renew(
        replica: Fixture.uid(), until: SystemClock().now() + .seconds(60), catalogDigest: "d", wantsWork: true)
      let apps = (0..<2).map { Fixture.app("a\($0)") }
      _ = try await store.commit(Fixture.create(apps))
      func visit(_ app: StoredObject) -> RecordRow {
        RecordRow(
          tenant: app.tenant, uid: Fixture.uid(), kind: "Visit", at: SystemClock().now(),
          fields: ["app": .string(app.uid.description)])
      }
      let before = try await store.due(fences: fences, limit: 10)
      XCTAssertEqual(before.count, 0)
      try await store.append(records: [visit(apps[0])])
      let first = try await store.due(fences: fences, limit: 10)
      XCTAssertEqual(first.map(\.uid), [apps[0].uid])
      var commit = Commit(origin: Fixture.origin)
      commit.records = [visit(apps[1])]
      _ = try await store.commit(commit)
      let both = try await store.due(fences: fences, limit: 10)
      XCTAssertEqual(Set(both.map(\.uid)), Set(apps.map(\.uid)))
    },
    StoreCase(name: "work is fair over tenants behind a backlog") { store in
      let fences = try await store.renew(
        replica: Fixture.uid(), until: SystemClock().now() + .seconds(60), catalogDigest: "d", wantsWork: true)
      var requests = (0..<2000).map { _ in
        WorkRequest(tenant: Fixture.tenant, uid: Fixture.uid(), kind: "App", due: Timestamp(seconds: 1))
      }
      let small = (0..<20).map { n in UID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0100 + UInt64(n)) }
      requests += small.map { WorkRequest(tenant: $0, uid: Fixture.uid(), kind: "App") }
      try await store.wake(requests)
      var seen: Set<UID> = []
      for _ in 0..<3 {
        let items = try await store.due(fences: fences, limit: 50)
        XCTAssertEqual(items.count, 50)
        seen.formUnion(items.map(\.tenant))
      }
      XCTAssertTrue(seen.isSuperset(of: small), "\(small.filter { !seen.contains($0) }.count) of 20 small tenants starve")
    },
    StoreCase(name: "leases: shared, given up, taken over with a new epoch") { store in
      let (a, b) = (Fixture.uid(), Fixture.uid())
      func renew(_ id: UID, _ seconds: Int = 60, wants: Bool = true) async throws -> [Fence] {
        try await store.renew(replica: id, until: SystemClock().now() + .seconds(seconds), catalogDigest: "d", wantsWork: wants)
      }
      let alone = try await renew(a)
      XCTAssertEqual(alone.count, 64)
      let again = try await renew(a)
      XCTAssertEqual(again, alone)
      var second = try await renew(b)
      XCTAssertEqual(second.count, 0)
      // What somebody works on is kept until it is idle.
      let working = try await store.renew(
        replica: a, until: SystemClock().now() + .seconds(60), catalogDigest: "d", wantsWork: true, keeping: Set(4...63))
      XCTAssertEqual([working.fences.count, working.surplus], [60, 28])
      XCTAssertEqual(working.fences.map(\.shard), Array(4...63))
      let halved = try await renew(a)
      second = try await renew(b)
      XCTAssertEqual([halved.count, second.count], [32, 32])
      XCTAssertTrue(Set(halved.map(\.shard)).isDisjoint(with: second.map(\.shard)))
      XCTAssertEqual(Set(second.map(\.epoch)), [2])
      _ = try await renew(a, -1)
      let taken = try await renew(b)
      XCTAssertEqual(taken.count, 64)
      XCTAssertTrue(Set(taken).isSuperset(of: second))
      try await store.release(replica: b)
      let back = try await renew(a)
      XCTAssertEqual(back.count, 64)
      let idle = try await renew(a, wants: false)
      XCTAssertEqual(idle.count, 0)
    },
  ]

  static let records: [StoreCase] = [
    StoreCase(name: "records: kept once, found, summed") { store in
      let now = SystemClock().now()
      func row(_ n: Int, _ fields: ObjectMap, tenant: UID = Fixture.tenant) -> RecordRow {
        RecordRow(tenant: tenant, uid: Fixture.uid(), kind: "Sample", at: now - .seconds(n * 60), fields: fields)
      }
      let rows = [
        row(
          0,
          [
            "meter": "cpu", "amount": 5, "price": "1.25", "ratio": 0.5, "good": true, "seenAt": "2026-01-01T02:00:00+02:00",
            "extra": ["a": [1]], "key": "k0",
          ]),
        row(1, ["meter": "cpu", "amount": 7, "price": "2.50", "key": "k1"]), row(2, ["meter": "disk", "amount": -1]),
        row(60 * 24 * 3, ["meter": "old"]), row(60 * 24 * 100, ["meter": "older"]),
        row(0, ["meter": "cpu"], tenant: Fixture.other),
      ]
      try await store.append(records: Array(rows[0..<3]))
      var commit = Commit(origin: Fixture.origin)
      commit.records = Array(rows[3...]) + [rows[0], row(9, ["meter": "again", "key": "k1"])]
      _ = try await store.commit(commit)
      let page = try await store.records(RecordQuery(tenant: Fixture.tenant, kind: "Sample", wantsTotal: true))
      XCTAssertEqual(page.rows.map { $0.fields["meter"] }, ["cpu", "cpu", "disk", "old", "older"])
      XCTAssertEqual(page.total, 5)
      var expected = rows[0].fields
      expected["seenAt"] = "2026-01-01T00:00:00Z"
      XCTAssertEqual(page.rows[0].fields, expected)
      XCTAssertEqual(page.rows[0].at, rows[0].at)
      func meters(_ change: (inout RecordQuery) -> Void) async throws -> [Value?] {
        var query = RecordQuery(tenant: Fixture.tenant, kind: "Sample")
        change(&query)
        return try await store.records(query).rows.map { $0.fields["amount"] }
      }
      let found = [
        try await meters { $0.predicate = .compare(.spec(["meter"]), .equal, "cpu") },
        try await meters { $0.predicate = .compare(.spec(["amount"]), .less, 6) },
        try await meters { $0.predicate = .compare(.spec(["price"]), .greater, "2") },
        try await meters { $0.predicate = .compare(.spec(["good"]), .equal, true) },
        try await meters { $0.predicate = .compare(.spec(["extra", "a"]), .equal, [1]) },
        try await meters { $0.predicate = .compare(.uid, .equal, .string(rows[2].uid.description)) },
        try await meters { ($0.from, $0.to, $0.ascending) = (rows[2].at, rows[0].at, true) },
        try await meters { ($0.limit, $0.offset) = (1, 1) },
        try await meters { $0.predicate = .compare(.spec(["seenAt"]), .lessOrEqual, "2026-01-01T00:00:00Z") },
      ]
      XCTAssertEqual(found, [[5, 7], [5, -1], [7], [5], [5], [-1], [-1, 7], [7], [5]])
      let groups = try await store.aggregate(
        RecordQuery(tenant: Fixture.tenant, kind: "Sample", from: now - .seconds(600)), sum: "amount", by: "meter")
      XCTAssertEqual(groups.map(\.group), ["cpu", "disk"])
      XCTAssertEqual(groups.map(\.count), [2, 1])
      XCTAssertEqual(groups.map(\.sum), [12, -1])
      let total = try await store.aggregate(RecordQuery(tenant: Fixture.tenant, kind: "Sample"), sum: "price", by: nil)
      XCTAssertEqual(total.map(\.sum), [3.75])
      let none = try await store.aggregate(RecordQuery(tenant: Fixture.uid(), kind: "Sample"), sum: nil, by: nil)
      XCTAssertEqual(none.count, 0)
    }
  ]
}
