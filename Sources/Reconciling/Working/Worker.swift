// A replica's working loop: hold shards by lease, take what is due, go round by round, stop when a shard is lost.
import Core
import Foundation
import Kinds
import Ports
import WorkQueue

public final class Worker: @unchecked Sendable {
  /// A lease lasts this long; it is renewed four times in that time. What is left of it after a renewal was missed is longer than
  /// `StepRunner.longestStep`, so a call in flight ends before the shard can move.
  public static let lease = Duration.seconds(24)
  public static let renewal = Duration.seconds(6)
  /// Items in hand at once, and fetched at once.
  public static let width = 64
  public static let batch = Reconciler.page
  /// Rounds under way at once: while one commits, another reads.
  static let pages = 2
  /// Without any notification the store is asked this often.
  public static let backstop = Duration.seconds(1)
  static let lookAgain = Duration.milliseconds(200)
  static let retry = Backoff(first: .milliseconds(200), most: .seconds(60))

  private let store: any StorePort
  private let reconciler: Reconciler
  private let clock: any Clock
  private let random: any RandomSource
  private let replica: UID
  private let catalogDigest: String
  private let host: HostWork?
  private let log: @Sendable (String) -> Void
  private let wakeup = Wakeup()
  private let lock = NSLock()
  private var queue: WorkQueue<UID, UID>
  private var fences: [Int: Fence] = [:]
  private var leaseEnds = Timestamp(microseconds: 0)
  private var stopping = false
  /// In hand, and ready for a round.
  private var ready: [InHand] = []
  private var pagesUnderWay = 0
  /// Items in hand by shard: a shard in which there are some is not given up.
  private var busy: [Int: Int] = [:]
  /// Shards beyond this replica's share: nothing new is taken in them.
  private var leaving: Set<Int> = []
  /// A lasting failure is said once.
  private var complained = false

  /// - Parameters:
  ///   - width: items in hand at once.
  ///   - tenantWidth: of one tenant.
  public init(
    store: any StorePort, reconciler: Reconciler, clock: any Clock, random: any RandomSource, replica: UID, catalogDigest: String,
    host: HostWork? = nil, width: Int = Worker.width, tenantWidth: Int? = nil, log: @escaping @Sendable (String) -> Void
  ) {
    self.store = store
    self.reconciler = reconciler
    self.clock = clock
    self.random = random
    self.replica = replica
    self.catalogDigest = catalogDigest
    self.host = host
    self.log = log
    queue = WorkQueue(width: width, ownerWidth: tenantWidth, batch: Self.batch, backstop: Self.backstop, now: clock.now())
  }

  /// Work may be due: called by whoever hears of it.
  public func hear() {
    lock.withLock { queue.hear() }
    wakeup.ring()
  }

  public func stop() {
    lock.withLock { stopping = true }
    wakeup.ring()
  }

  public var heldShards: Int { lock.withLock { fences.count } }

  /// Runs until `stop` or cancellation. What is under way is finished first: steps end, and their replies are journaled.
  public func run() async {
    await withTaskGroup(of: Void.self) { group in
      while !lock.withLock({ stopping && queue.inHand.isEmpty }), !Task.isCancelled {
        await renewIfDue()
        startRounds(&group)
        switch lock.withLock({ stopping ? .wait(until: clock.now() + Self.renewal) : queue.next(now: clock.now()) }) {
        case .fetch(let limit):
          await fetch(limit)
          startRounds(&group)
        case .wait(let until): await wakeup.wait(min(until - clock.now(), Self.renewal), clock: clock)
        }
      }
      await group.waitForAll()
    }
    try? await store.release(replica: replica)
  }

  /// Takes what is ready, a page at a time. An item that failed before goes by itself, so that it cannot take others with it.
  private func startRounds(_ group: inout TaskGroup<Void>) {
    while let (page, ending) = lock.withLock({ nextPage() }) {
      group.addTask { await self.go(page, ending: ending) }
    }
  }

  private func nextPage() -> (page: [InHand], ending: Bool)? {
    guard pagesUnderWay < Self.pages, let first = ready.first else { return nil }
    let alone = first.item.attempts > 0
    let page = alone ? [first] : Array(ready.prefix(while: { $0.item.attempts == 0 }).prefix(Reconciler.page))
    ready.removeFirst(page.count)
    pagesUnderWay += 1
    return (page, stopping)
  }

  /// One round of a page, and the errands that come of it.
  private func go(_ page: [InHand], ending: Bool) async {
    let ends = await reconciler.round(page, ending: ending)
    var again: [InHand] = []
    var errands: [(InHand, Errand)] = []
    var failed: [(InHand, any Error)] = []
    var over: [InHand] = []
    for (hand, end) in zip(page, ends) {
      switch end {
      case .done: over.append(hand)
      case .again(let next): again.append(next)
      case .errand(let next, let errand): errands.append((next, errand))
      case .failed(let error):
        failed.append((hand, error))
        over.append(hand)
      }
    }
    await settle(failed)
    lock.withLock {
      pagesUnderWay -= 1
      ready += again
      for hand in over { finish(hand.item) }
    }
    wakeup.ring()
    await withTaskGroup(of: InHand.self) { group in
      for (hand, errand) in errands {
        group.addTask { await self.reconciler.run(errand, for: hand) { self.holds(hand) } }
      }
      for await back in group {
        lock.withLock { ready.append(back) }
        wakeup.ring()
      }
    }
  }

  /// Under the lock.
  private func finish(_ item: WorkItem) {
    queue.finish(item.uid)
    busy[item.shard, default: 1] -= 1
    if busy[item.shard] == 0 { busy[item.shard] = nil }
  }

  private func holds(_ hand: InHand) -> Bool {
    lock.withLock { fences[hand.item.shard] == hand.fence && clock.now() < leaseEnds }
  }

  private func renewIfDue() async {
    let now = clock.now()
    guard
      lock.withLock({
        leaseEnds - now < Self.lease - Self.renewal || !leaving.isEmpty && leaving.allSatisfy { busy[$0] == nil }
      })
    else { return }
    let working = lock.withLock { Set(busy.keys) }
    do {
      let until = now + Self.lease
      let renewal = try await store.renew(
        replica: replica, until: until, catalogDigest: catalogDigest, wantsWork: true, keeping: working)
      var held = renewal.fences
      if let host, let own = try await host.claim(store, replica: replica) { held.append(own) }
      lock.withLock {
        let before = Set(fences.keys)
        fences = Dictionary(held.map { ($0.shard, $0) }, uniquingKeysWith: { first, _ in first })
        leaseEnds = until
        leaving = Set(renewal.fences.map(\.shard).filter(working.contains).suffix(renewal.surplus))
        complained = false
        if !Set(fences.keys).subtracting(before).isEmpty { queue.hear() }
      }
    } catch {
      complain("lease not renewed: \(error)")
      // Without a lease nothing may be done: what is in hand is stopped by the fence.
      // And an idle shard may have been given up, should the call have been done all the same.
      lock.withLock {
        fences = clock.now() >= leaseEnds ? [:] : fences.filter { working.contains($0.key) || $0.key >= ShardCount.total }
      }
      await wakeup.wait(.milliseconds(200), clock: clock)
    }
  }

  private func complain(_ text: String) {
    let first = lock.withLock {
      defer { complained = true }
      return !complained
    }
    if first { log(text) }
  }

  private func fetch(_ limit: Int) async {
    let held = lock.withLock { fences.values.filter { !leaving.contains($0.shard) }.sorted { $0.shard < $1.shard } }
    guard !held.isEmpty else { return }
    do {
      let found = try await store.due(fences: held, limit: limit)
      let items = try await host?.sorted(found, held, store) ?? found
      lock.withLock {
        let start = Set(queue.start(items.map { ($0.uid, $0.tenant) }, asked: limit))
        for item in items where start.contains(item.uid) {
          if let fence = fences[item.shard] {
            ready.append(InHand(item: item, fence: fence))
            busy[item.shard, default: 0] += 1
          } else {
            queue.finish(item.uid)
          }
        }
      }
      // What is due already is in hand, or has fallen due just now: seldom enough to be asked for again a little later.
      if found.count < limit, let next = try await store.nextDue(fences: held) {
        let now = clock.now()
        lock.withLock { queue.expect(next <= now ? now + Self.lookAgain : next) }
      }
    } catch {
      complain("work not read: \(error)")
      await wakeup.wait(Self.backstop, clock: clock)
    }
  }

  /// A shard that is another's is let go; a failure of ours or of the store is tried again later, and less often each time.
  private func settle(_ failed: [(hand: InHand, error: any Error)]) async {
    var back: [FinishedWork] = []
    var claims: [Fence] = []
    for (hand, error) in failed {
      let item = hand.item
      if case CommitFailure.fenced = error {
        lock.withLock { if fences[item.shard] == hand.fence { fences[item.shard] = nil } }
        continue
      }
      log("\(item.kind) \(item.uid): \(error)")
      let attempts = item.attempts + 1
      back.append(
        FinishedWork(
          item: item, next: clock.now() + Self.retry.delay(attempt: attempts, random: random.next()), attempts: attempts))
      if !claims.contains(hand.fence) { claims.append(hand.fence) }
    }
    if await putBack(back, claims) { return }
    for (work, fence) in zip(
      back, failed.filter { if case CommitFailure.fenced = $0.error { false } else { true } }.map(\.hand.fence))
    {
      _ = await putBack([work], [fence])
    }
  }

  private func putBack(_ work: [FinishedWork], _ claims: [Fence]) async -> Bool {
    guard let kind = work.first?.item.kind else { return true }
    var commit = Commit(origin: Origin(manager: .controller(kind), actor: "controller:\(kind)", action: "retry"))
    commit.finished = work
    commit.fences = claims
    return (try? await store.commit(commit)) != nil
  }
}
