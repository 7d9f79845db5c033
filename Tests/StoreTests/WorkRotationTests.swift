// Fairness behind a backlog, as a property: whatever tenants share whatever shards, each is worked on within a few pages.
import Core
import Kinds
import Ports
import XCTest

@testable import PostgresStore

final class WorkRotationTests: XCTestCase {
  private func tenant(_ n: Int) -> UID { UID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0000 + UInt64(n)) }

  /// What the store reads: in each shard up to `most` tenants after `after`, and as many from the beginning.
  private func page(_ shards: [[Int]], after: UID, most: Int) -> [WorkItem] {
    var read: Set<WorkItem> = []
    for (shard, tenants) in shards.enumerated() {
      let sorted = tenants.map(tenant).sorted()
      for one in sorted.filter({ $0 > after }).prefix(most) + sorted.prefix(most) {
        read.insert(
          WorkItem(
            tenant: one, uid: UID(high: one.low, low: UInt64(shard)), kind: "App", shard: shard, dirty: 0, attempts: 0,
            due: Timestamp(seconds: 1)))
      }
    }
    return read.sorted { ($0.tenant <= after ? 1 : 0, $0.tenant, $0.shard) < ($1.tenant <= after ? 1 : 0, $1.tenant, $1.shard) }
  }

  func testNobodyStarves() {
    for seed in 1...100 as ClosedRange<UInt64> {
      let random = SeededRandom(seed: seed)
      func draw(_ most: Int) -> Int { Int(random.next() % UInt64(most)) }
      let count = 1 + draw(60)
      var shards = Array(repeating: [Int](), count: 1 + draw(8))
      for n in 0..<count { shards[draw(draw(3) == 0 ? 1 : shards.count)].append(n) }
      let limit = 1 + draw(20)
      let most = max(4, limit * 2 / shards.count + 1)
      var after = WorkRotation.start
      var seen: Set<UID> = []
      // Once round all tenants, in the smallest steps that a page can make.
      let pages = 2 * (count / min(limit, most) + 2) * shards.count + count
      for _ in 0..<pages {
        let items = page(shards, after: after, most: most)
        let taken = PostgresStore.inTurn(items, limit)
        seen.formUnion(taken.map(\.tenant))
        after = WorkRotation.next(items, taken: taken, after: after, tenantsPerShard: most)
      }
      XCTAssertEqual(seen.count, count, "seed \(seed): \(count - seen.count) of \(count) tenants starve")
    }
  }
}
