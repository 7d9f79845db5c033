// Migrations, slots, record tables, the drift trigger, constant numbers of statements.
import Core
import Kinds
import Ports
import TestSupport
import XCTest

@testable import PostgresStore

final class LayoutTests: XCTestCase {
  func testReplicasMayMigrateAtOnceAndAgain() async throws {
    let address = try await TestPostgres.shared.database(laidOut: false)
    let stores = try await withThrowingTaskGroup(of: PostgresStore.self) { group in
      for _ in 0..<4 {
        group.addTask { try await PostgresStore(pool: ConnectionPool(address: address, size: 2), catalog: Fixture.catalog) }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    defer { for store in stores { store.close() } }
    _ = try await stores[0].commit(Fixture.create(Fixture.app("a")))
    let page = try await stores[3].list(ObjectQuery(tenant: Fixture.tenant, kind: "App"))
    XCTAssertEqual(page.objects.count, 1)
    let applied = try await stores[0].pool.run { try $0.query("SELECT count(*) FROM schema_version")[0].int(0) }
    XCTAssertEqual(applied, Migration.all.count)
    XCTAssertEqual(Migration.all.map(\.number), Array(1...Migration.all.count))
  }

  func testANewerDatabaseIsRefused() async throws {
    let address = try await TestPostgres.shared.database()
    let pool = ConnectionPool(address: address, size: 1)
    defer { pool.close() }
    try await pool.execute("INSERT INTO schema_version (number, title) VALUES (999, 'later')")
    do {
      _ = try await PostgresStore(pool: pool, catalog: Fixture.catalog)
      XCTFail("a newer layout was accepted")
    } catch let problem as Problem { XCTAssertEqual(problem.code, "database_newer") }
  }

  /// A field that becomes indexed gets a slot, which is filled from what is there; queries answer as before.
  func testNewSlotsAreFilled() async throws {
    let address = try await TestPostgres.shared.database()
    let before = try await PostgresStore(pool: ConnectionPool(address: address), catalog: Fixture.makeCatalog(indexed: false))
    for entry in StoreContract.queries.reversed() {
      try await entry.body(before)
      if entry.name != StoreContract.queries[0].name {
        try await before.pool.execute("TRUNCATE object, observed, unique_key, ref, history, change, head")
      }
    }
    before.close()
    let after = try await PostgresStore(pool: ConnectionPool(address: address), catalog: Fixture.catalog)
    defer { after.close() }
    XCTAssertEqual(after.dictionary.slots["App"], ["region": "t1", "running": "t2", "port": "i1", "startsAt": "d1"])
    for (predicate, expected) in StoreContract.predicates() {
      let page = try await after.list(
        ObjectQuery(tenant: Fixture.tenant, kind: "App", predicate: predicate, sort: [(.name, false)]))
      XCTAssertEqual(page.objects.map(\.name).joined(), expected, "\(predicate)")
    }
  }

  /// A kind with `lists` has one index of its own: queries answer as before, and counts are read from it alone. It goes with the key.
  func testListsHaveAnIndexThatCountsAreReadFrom() async throws {
    let address = try await TestPostgres.shared.database()
    let catalog = Fixture.makeCatalog()
    catalog.kind("App")?.lists = ["running", "createdAt", "port", "region"]
    let store = try await PostgresStore(pool: ConnectionPool(address: address), catalog: catalog)
    let app = try store.dictionary.number("App")
    let name = "object_list_\(app)_t2createdi1t1"
    func indexes() async throws -> [String] {
      try await store.pool.run {
        try $0.query("SELECT indexname FROM pg_indexes WHERE indexname LIKE 'object_list%'").map { $0.text(0) }
      }
    }
    let made = try await indexes()
    XCTAssertEqual(made, [name])
    for entry in StoreContract.queries {
      try await entry.body(store)
      if entry.name != StoreContract.queries.last?.name {
        try await store.pool.execute("TRUNCATE object, observed, unique_key, ref, history, change, head")
      }
    }
    let plan = try await store.pool.run { connection in
      _ = try connection.query("SET enable_seqscan = off")
      return try connection.query(
        "EXPLAIN SELECT count(*) FROM object o WHERE tenant = '\(Fixture.tenant)' AND kind = \(app) AND NOT deleted AND t2 = 'true' AND i1 > 1"
      ).map { $0.text(0) }.joined(separator: "\n")
    }
    XCTAssert(plan.contains("Index Only Scan using \(name)"), plan)
    store.close()
    let after = try await PostgresStore(pool: ConnectionPool(address: address), catalog: Fixture.catalog)
    defer { after.close() }
    let left = try await after.pool.run {
      try $0.query("SELECT indexname FROM pg_indexes WHERE indexname LIKE 'object_list%'").map { $0.text(0) }
    }
    XCTAssertEqual(left, [])
  }

  func testRecordKindsGainFieldsAndLosePartitions() async throws {
    let address = try await TestPostgres.shared.database()
    var kinds = Fixture.catalog.kinds
    let first = try await PostgresStore(pool: ConnectionPool(address: address), catalog: Fixture.catalog)
    let now = SystemClock().now()
    let ages = [0, 20, 40, 90]
    try await first.append(
      records: ages.map {
        RecordRow(
          tenant: Fixture.tenant, uid: Fixture.uid(), kind: "Sample", at: now - .seconds($0 * 86_400),
          fields: ["amount": .int($0)])
      })
    try await first.maintain()
    let kept = try await first.records(RecordQuery(tenant: Fixture.tenant, kind: "Sample"))
    XCTAssertEqual(kept.rows.map { $0.fields["amount"] }, [0, 20], "30 days are kept")
    do {
      try await first.append(records: [
        RecordRow(tenant: Fixture.tenant, uid: Fixture.uid(), kind: "Sample", at: now + .seconds(9 * 86_400), fields: [:])
      ])
      XCTFail("a row of the future passed")
    } catch let problem as Problem { XCTAssertEqual(problem.code, "record_ahead") }
    first.close()

    kinds[2] = KindSpec(family: "test", name: "Sample", doc: "", fields: kinds[2].fields + [Fixture.field("added", .string)])
    kinds[2].storage = .record
    let second = try await PostgresStore(
      pool: ConnectionPool(address: address),
      catalog: KindCatalog(kinds: kinds, families: [], routes: [], views: [:], digest: "2"))
    try await second.append(records: [
      RecordRow(tenant: Fixture.tenant, uid: Fixture.uid(), kind: "Sample", at: now, fields: ["added": "x"])
    ])
    let added = try await second.records(
      RecordQuery(tenant: Fixture.tenant, kind: "Sample", predicate: .compare(.spec(["added"]), .equal, "x")))
    XCTAssertEqual(added.rows.count, 1)
    second.close()

    kinds[2] = KindSpec(family: "test", name: "Sample", doc: "", fields: [Fixture.field("amount", .string)])
    kinds[2].storage = .record
    do {
      _ = try await PostgresStore(
        pool: ConnectionPool(address: address),
        catalog: KindCatalog(kinds: kinds, families: [], routes: [], views: [:], digest: "3"))
      XCTFail("a changed type was accepted")
    } catch let problem as Problem { XCTAssertEqual(problem.code, "record_type") }
  }

  /// A total that is declared later is summed from the rows that are there; one by other fields is summed anew.
  func testTotalsAreSummedFromWhatIsThere() async throws {
    let address = try await TestPostgres.shared.database()
    func open(_ totals: [KindSpec.Total]) async throws -> PostgresStore {
      let catalog = Fixture.makeCatalog()
      catalog.kind("Entry")?.totals = totals
      return try await PostgresStore(pool: ConnectionPool(address: address), catalog: catalog)
    }
    func sum(_ store: PostgresStore, _ key: [Value]) async throws -> Value? {
      try await store.totals(tenant: Fixture.tenant, kind: "Entry", name: "balance", keys: [key]).first
    }
    let first = try await open([])
    try await first.append(records: [Entries.row("a", 5), Entries.row("a", -7), Entries.row("b", 3)])
    first.close()
    let second = try await open([.init(name: "balance", sum: "amount", by: ["account"], min: 0)])
    let counted = try await sum(second, ["a"])
    XCTAssertEqual(counted, -2)
    // Out of bounds already: it may only come nearer.
    try await second.append(records: [Entries.row("a", 1)])
    do {
      try await second.append(records: [Entries.row("a", -1)])
      XCTFail("further below the bound")
    } catch CommitFailure.exceeded {}
    second.close()
    let third = try await open([.init(name: "balance", sum: "amount", by: [])])
    let all = try await sum(third, [])
    XCTAssertEqual(all, 2)
    third.close()
  }

  /// psql changes what was observed: the object is due at once, and the store's listeners hear of it.
  func testDriftByHandWakesTheObject() async throws {
    let store = try await TestPostgres.store(Fixture.catalog)
    defer { store.close() }
    let fences = try await store.renew(
      replica: Fixture.uid(), until: SystemClock().now() + .seconds(60), catalogDigest: "", wantsWork: true)
    let app = Fixture.app("a")
    var commit = Fixture.create(app)
    commit.statuses = [Fixture.status(app, ["phase": "up"])]
    _ = try await store.commit(commit)
    let none = try await store.due(fences: fences, limit: 10)
    XCTAssertEqual(none, [])
    let signals = store.signals()
    let hand = Task {
      // Until the listener is connected, a notification may be missed.
      for _ in 0..<200 where !Task.isCancelled {
        try await store.pool.execute(
          "SET application_name TO 'psql'; UPDATE observed SET status = '{\"phase\": \"down\"}' WHERE uid = '\(app.uid)'; SET application_name TO 'plumb'"
        )
        try await Task.sleep(for: .milliseconds(20))
      }
    }
    for await signal in signals { if case .work([ShardCount.of(app.uid)]) = signal { break } }
    hand.cancel()
    _ = await hand.result
    let due = try await store.due(fences: fences, limit: 10)
    XCTAssertEqual(due.map(\.uid), [app.uid])
    XCTAssertEqual(due.map(\.kind), ["App"])
  }

  /// The shard that SQL computes is the one that Swift computes.
  func testShardsAgree() async throws {
    let store = try await TestPostgres.store(Fixture.catalog)
    defer { store.close() }
    let uids = (0..<200).map { _ in UID(high: .random(in: .min ... .max), low: .random(in: .min ... .max)) }
    let shards = try await store.pool.run { connection in
      try connection.query("SELECT shard_of(u) FROM unnest($1::uuid[]) WITH ORDINALITY x(u, n) ORDER BY n", [.uids(uids)]).map {
        $0.int(0)
      }
    }
    XCTAssertEqual(shards, uids.map { ShardCount.of($0) })
  }

  func testStatementsDoNotGrowWithObjects() async throws {
    let store = try await TestPostgres.store(Fixture.catalog, connections: 1)
    defer { store.close() }
    func cost(_ body: () async throws -> Void) async throws -> Int {
      let before = store.statementCount
      try await body()
      return store.statementCount - before
    }
    var costs: [[Int]] = []
    // The notifier sends when it gets to it: what it adds to one round it does not add to all of them.
    for count in [1, 50, 400] {
      var rounds: [[Int]] = []
      for round in 0..<3 {
        let apps = (0..<count).map { Fixture.app("n\(count)-\(round)-\($0)") }
        var commit = Fixture.create(apps, references: [ObjectReference(field: "pool", target: Fixture.tenant)])
        commit.work = apps.map { WorkRequest(tenant: $0.tenant, uid: $0.uid, kind: "App") }
        var status = Commit(origin: Fixture.origin)
        status.statuses = apps.map { Fixture.status($0, ["phase": "x"]) }
        let (creation, observation) = (commit, status)
        rounds.append([
          try await cost { _ = try await store.commit(creation) }, try await cost { _ = try await store.commit(observation) },
          try await cost { _ = try await store.objects(tenant: Fixture.tenant, uids: apps.map(\.uid)) },
          try await cost { _ = try await store.list(ObjectQuery(tenant: Fixture.tenant, kind: "App", wantsTotal: true)) },
        ])
        try await Task.sleep(for: .milliseconds(30))
      }
      costs.append((0..<4).map { n in rounds.map { $0[n] }.min() ?? 0 })
    }
    // The notifier may send between two readings: one statement more.
    for n in 0..<4 { XCTAssertLessThanOrEqual(costs[2][n], costs[0][n] + 1, "\(costs)") }
    XCTAssertLessThan(costs[2][0], 16)
    XCTAssertLessThanOrEqual(costs[2][3], 2)
  }
}
