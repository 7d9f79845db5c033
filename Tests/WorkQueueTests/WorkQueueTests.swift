// The worker's queue: what may start, what waits, and that one tenant never takes every place.
import Core
import WorkQueue
import XCTest

final class WorkQueueTests: XCTestCase {
  private func queue(width: Int, owner: Int) -> WorkQueue<Int, String> {
    WorkQueue(width: width, ownerWidth: owner, batch: 50, backstop: .seconds(1), now: Timestamp(seconds: 0))
  }

  func testOneOwnerLeavesRoomForTheOthers() {
    var queue = queue(width: 8, owner: 6)
    let many = (0..<20).map { (key: $0, owner: "big") }
    XCTAssertEqual(queue.start(many, asked: 20).count, 6)
    XCTAssertEqual(queue.start(many, asked: 20), [])
    XCTAssertEqual(queue.start([(key: 100, owner: "small")], asked: 20), [100])
    queue.finish(0)
    XCTAssertEqual(queue.start(many, asked: 20).count, 1, "a place that came free is taken again")
    XCTAssertEqual(queue.inHand.count, 7)
  }

  /// Steps of one tenant never end; whatever comes of others is started at once, as long as their own places last.
  func testOthersStartWhateverIsStuck() {
    for seed in 1...100 as ClosedRange<UInt64> {
      let random = SeededRandom(seed: seed)
      func draw(_ most: Int) -> Int { Int(random.next() % UInt64(most)) }
      let width = 2 + draw(30)
      let owner = 1 + draw(width - 1)
      var queue = queue(width: width, owner: owner)
      _ = queue.start((0..<100).map { (key: $0, owner: "stuck") }, asked: 100)
      XCTAssertLessThanOrEqual(queue.inHand.count, owner)
      for round in 0..<50 {
        let key = 1000 + round
        XCTAssertEqual(queue.start([(key: key, owner: "t\(draw(5))")], asked: 10), [key], "seed \(seed)")
        queue.finish(key)
      }
    }
  }

  func testAnItemIsInHandOnceAndAFullPageIsAskedForMore() {
    var queue = queue(width: 4, owner: 4)
    XCTAssertEqual(queue.next(now: Timestamp(seconds: 0)), .fetch(limit: 4))
    XCTAssertEqual(queue.start([(key: 1, owner: "a"), (key: 1, owner: "a")], asked: 2), [1])
    XCTAssertEqual(queue.next(now: Timestamp(seconds: 0)), .fetch(limit: 4))
    XCTAssertEqual(queue.start([], asked: 4), [])
    XCTAssertEqual(queue.next(now: Timestamp(seconds: 0)), .wait(until: Timestamp(seconds: 1)))
    queue.expect(Timestamp(microseconds: 500_000))
    XCTAssertEqual(queue.next(now: Timestamp(seconds: 0)), .wait(until: Timestamp(microseconds: 500_000)))
  }
}
