// Commits that race: fences against takeovers, references against deletions, keys, limits, opposed bulk writes.
import Core
import Kinds
import Ports
import TestSupport
import XCTest

@testable import PostgresStore

final class RaceTests: XCTestCase {
  private func pair() async throws -> (PostgresStore, PostgresStore) {
    let address = try await TestPostgres.shared.database()
    return (
      try await PostgresStore(pool: ConnectionPool(address: address), catalog: Fixture.catalog),
      try await PostgresStore(pool: ConnectionPool(address: address), catalog: Fixture.catalog)
    )
  }

  /// The takeover commits first, the stale holder writes after it. And: a write that has the fence's lock
  /// holds the takeover off until it is done.
  func testAStaleHolderWritesNothing() async throws {
    let (one, two) = try await pair()
    defer {
      one.close()
      two.close()
    }
    let (a, b) = (Fixture.uid(), Fixture.uid())
    let now = SystemClock().now()
    let fences = try await one.renew(replica: a, until: now + .milliseconds(1), catalogDigest: "", wantsWork: true)
    let fence = fences[7]

    // The stale holder's transaction has begun and holds the fence when the lease ends.
    let entered = XCTestExpectation(description: "entered")
    let slow = Task {
      try await one.pool.run { connection in
        try connection.transaction {
          _ = try connection.query(
            "SELECT 1 FROM shard WHERE id = $1::smallint AND holder = $2::uuid AND epoch = $3::bigint FOR SHARE",
            [.int(fence.shard), .uid(fence.holder), .int(fence.epoch)])
          entered.fulfill()
          usleep(200_000)
        }
        return SystemClock().now()
      }
    }
    await fulfillment(of: [entered], timeout: 60)
    let taken = try await two.renew(replica: b, until: now + .seconds(60), catalogDigest: "", wantsWork: true)
    let ended = try await slow.value
    XCTAssertLessThanOrEqual(ended, SystemClock().now())
    XCTAssertEqual(taken.count, ShardCount.total)
    XCTAssertEqual(taken.first { $0.shard == fence.shard }?.epoch, fence.epoch + 1)

    var late = Fixture.create(Fixture.app("late"))
    late.fence = fence
    do {
      _ = try await one.commit(late)
      XCTFail("the stale holder wrote")
    } catch CommitFailure.fenced {}
    let count = try await two.count([ObjectQuery(tenant: Fixture.tenant, kind: "App")])
    XCTAssertEqual(count, [0])
    late.fence = taken.first { $0.shard == fence.shard }
    _ = try await two.commit(late)
  }

  /// Two replicas that start and stop at random never hold the same shard with the same epoch, and end up with a fair share each.
  func testLeasesNeverOverlap() async throws {
    let (one, two) = try await pair()
    defer {
      one.close()
      two.close()
    }
    let replicas = (0..<4).map { _ in Fixture.uid() }
    // Longer than the test can take on any machine: a lease that ends in between is another test's matter.
    @Sendable func renew(_ store: PostgresStore, _ replica: UID) async throws -> [Fence] {
      try await store.renew(replica: replica, until: SystemClock().now() + .seconds(3600), catalogDigest: "", wantsWork: true)
    }
    let held = try await withThrowingTaskGroup(of: [(UID, Fence)].self) { group in
      for (n, replica) in replicas.enumerated() {
        group.addTask {
          var seen: [(UID, Fence)] = []
          for _ in 0..<12 {
            let fences = try await renew(n % 2 == 0 ? one : two, replica)
            seen += fences.map { (replica, $0) }
          }
          return seen
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    var holders: [Int: [Int: UID]] = [:]
    for (replica, fence) in held {
      let other = holders[fence.shard, default: [:]].updateValue(replica, forKey: fence.epoch)
      XCTAssertTrue(other == nil || other == replica, "two holders of shard \(fence.shard) in epoch \(fence.epoch)")
    }
    // In the first round those that have too much give it up, perhaps after those that have too little have asked; then all is even.
    var shares: [Int] = []
    for _ in 0..<2 {
      shares = []
      for replica in replicas { shares.append(try await renew(one, replica).count) }
    }
    XCTAssertEqual(shares, [16, 16, 16, 16])
  }

  func testAReferenceAndADeletionNeverBothWin() async throws {
    let (one, two) = try await pair()
    defer {
      one.close()
      two.close()
    }
    for round in 0..<15 {
      var pool = Fixture.pool("p\(round)")
      _ = try await one.commit(Fixture.create(pool))
      var create = Fixture.create([Fixture.app("a\(round)")], references: [ObjectReference(field: "pool", target: pool.uid)])
      create.pins = [.exists(tenant: pool.tenant, uid: pool.uid)]
      pool.version = 1
      var delete = Fixture.write(.remove, pool)
      delete.pins = [.unreferenced(tenant: pool.tenant, uid: pool.uid)]
      let (creation, deletion) = (create, delete)
      async let created = Result { try await one.commit(creation) }
      async let deleted = Result { try await two.commit(deletion) }
      let (a, b) = await (created, deleted)
      switch (a, b) {
      case (.success, .failure(CommitFailure.referenced)), (.failure(CommitFailure.missing), .success): break
      default: XCTFail("round \(round): \(a) \(b)")
      }
    }
  }

  func testOneOfManyGetsAKeyAndALimitHolds() async throws {
    let (one, two) = try await pair()
    defer {
      one.close()
      two.close()
    }
    let full = Problem(.limited, code: "full", "Three are enough.")
    let outcomes = await withTaskGroup(of: String.self) { group in
      for n in 0..<12 {
        group.addTask {
          var commit = Fixture.create(Fixture.app(n < 6 ? "same" : "other\(n)", ["region": n < 6 ? "x" : "eu"]))
          commit.pins = [
            .atMost(tenant: Fixture.tenant, kind: "App", .compare(.spec(["region"]), .equal, "eu"), 3, problem: full)
          ]
          do {
            _ = try await (n % 2 == 0 ? one : two).commit(commit)
            return n < 6 ? "key" : "room"
          } catch CommitFailure.taken { return "taken" } catch CommitFailure.exceeded { return "exceeded" } catch {
            return "\(error)"
          }
        }
      }
      return await group.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
    }
    XCTAssertEqual(outcomes, ["key": 1, "taken": 5, "room": 3, "exceeded": 3])
  }

  /// Thirty-two spenders of 5 from a balance of 100 on two replicas, in both orders of two accounts: twenty get through.
  func testConcurrentSpendsNeverGoBelowTheBound() async throws {
    let (one, two) = try await pair()
    defer {
      one.close()
      two.close()
    }
    _ = try await one.commit(Entries.commit([Entries.row("a", 100), Entries.row("b", 1000)]))
    let before = try await deadlocks(one)
    let outcomes = try await withThrowingTaskGroup(of: String.self) { group in
      for n in 0..<32 {
        group.addTask {
          let rows = [Entries.row("a", -5), Entries.row("b", -1)]
          return try await (n % 2 == 0 ? one : two).refusal(Entries.commit(n % 3 == 0 ? rows : rows.reversed())) ?? "spent"
        }
      }
      return try await group.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
    }
    XCTAssertEqual(outcomes, ["spent": 20, "overdrawn": 12])
    let left = [try await two.balance("a"), try await two.balance("b")]
    XCTAssertEqual(left, [0, 980])
    let numbers = try await one.numbers()
    XCTAssertEqual(numbers.sorted(), (1...42).map { "E-" + String("000\($0)".suffix(4)) })
    let after = try await deadlocks(one)
    XCTAssertEqual(after, before)
  }

  /// The same hundred objects in opposite orders, without expected versions: everyone gets through, at once.
  func testOpposedBulkWritesDoNotLockUp() async throws {
    let (one, two) = try await pair()
    defer {
      one.close()
      two.close()
    }
    let objects = (0..<100).map { Fixture.app("a\($0)") }
    _ = try await one.commit(Fixture.create(objects))
    let before = try await deadlocks(one)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<4 {
        group.addTask {
          for _ in 0..<5 {
            var commit = Commit(origin: Fixture.origin)
            commit.writes = (writer % 2 == 0 ? objects : objects.reversed()).map {
              ObjectWrite(.update, $0, expected: nil, uniqueKeys: [Fixture.key($0)])
            }
            commit.statuses = (writer % 2 == 0 ? objects.reversed() : objects).map { Fixture.status($0, ["n": .int(writer)]) }
            commit.work = commit.writes.map { WorkRequest(tenant: $0.object.tenant, uid: $0.object.uid, kind: "App") }
            _ = try await (writer < 2 ? one : two).commit(commit)
          }
        }
      }
      try await group.waitForAll()
    }
    let versions = try await one.objects(tenant: Fixture.tenant, uids: objects.map(\.uid)).map(\.version)
    XCTAssertEqual(versions, Array(repeating: 21, count: 100))
    let after = try await deadlocks(one)
    XCTAssertEqual(after, before)
  }

  private func deadlocks(_ store: PostgresStore) async throws -> Int {
    try await store.pool.run { connection in
      try connection.query("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")[0].int(0)
    }
  }
}

extension Result where Failure == Error {
  init(_ body: () async throws -> Success) async {
    do { self = .success(try await body()) } catch { self = .failure(error) }
  }
}
