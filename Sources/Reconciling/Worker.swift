// A replica's working loop: hold shards by lease, take what is due, reconcile, stop when a shard is lost.
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
  public static let width = 16
  public static let batch = 50
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

  /// Runs until `stop` or cancellation; items in hand are finished first.
  public func run() async {
    await withTaskGroup(of: Void.self) { group in
      while !lock.withLock({ stopping }), !Task.isCancelled {
        await renewIfDue()
        switch lock.withLock({ queue.next(now: clock.now()) }) {
        case .fetch(let limit): await fetch(limit, &group)
        case .wait(let until): await wakeup.wait(min(until - clock.now(), Self.renewal), clock: clock)
        }
      }
      await group.waitForAll()
    }
    try? await store.release(replica: replica)
  }

  private func renewIfDue() async {
    let now = clock.now()
    guard lock.withLock({ leaseEnds - now < Self.lease - Self.renewal }) else { return }
    do {
      let until = now + Self.lease
      var held = try await store.renew(replica: replica, until: until, catalogDigest: catalogDigest, wantsWork: true)
      if let host, let own = try await host.claim(store, replica: replica) { held.append(own) }
      lock.withLock {
        let before = Set(fences.keys)
        fences = Dictionary(held.map { ($0.shard, $0) }, uniquingKeysWith: { first, _ in first })
        leaseEnds = until
        complained = false
        if !Set(fences.keys).subtracting(before).isEmpty { queue.hear() }
      }
    } catch {
      complain("lease not renewed: \(error)")
      // Without a lease nothing may be done: what is in hand is stopped by the fence.
      if clock.now() >= lock.withLock({ leaseEnds }) { lock.withLock { fences = [:] } }
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

  private func fetch(_ limit: Int, _ group: inout TaskGroup<Void>) async {
    let held = lock.withLock { fences.values.sorted { $0.shard < $1.shard } }
    guard !held.isEmpty else { return }
    do {
      let found = try await store.due(fences: held, limit: limit)
      let items = try await host?.sorted(found, held, store) ?? found
      let start = Set(lock.withLock { queue.start(items.map { ($0.uid, $0.tenant) }, asked: limit) })
      for item in items where start.contains(item.uid) {
        group.addTask { await self.work(item) }
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

  private func work(_ item: WorkItem) async {
    defer {
      lock.withLock { queue.finish(item.uid) }
      wakeup.ring()
    }
    guard let fence = lock.withLock({ fences[item.shard] }) else { return }
    do {
      try await reconciler.reconcile(item, fence: fence) { [self] in
        lock.withLock { fences[item.shard] == fence && clock.now() < leaseEnds }
      }
    } catch CommitFailure.fenced {
      lock.withLock { if fences[item.shard] == fence { fences[item.shard] = nil } }
    } catch {
      log("\(item.kind) \(item.uid): \(error)")
      await putBack(item, fence)
    }
  }

  /// A failure of ours or of the store: later, and less often each time.
  private func putBack(_ item: WorkItem, _ fence: Fence) async {
    let attempts = item.attempts + 1
    var commit = Commit(origin: Origin(manager: .controller(item.kind), actor: "controller:\(item.kind)", action: "retry"))
    commit.finished = [
      FinishedWork(item: item, next: clock.now() + Self.retry.delay(attempt: attempts, random: random.next()), attempts: attempts)
    ]
    commit.fence = fence
    _ = try? await store.commit(commit)
  }
}
