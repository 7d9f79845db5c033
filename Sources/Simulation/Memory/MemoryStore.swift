// A store in memory with the semantics of PostgresStore, for the simulator and quick tests.
import Core
import Foundation
import Kinds
import Ports

/// Deterministic: time comes from the clock handed in, every result is ordered, one lock holds all. The store's contract tests
/// run against it too.
public final class MemoryStore: StorePort, @unchecked Sendable {
  let catalog: KindCatalog
  let clock: any Clock
  private let lock = NSLock()
  private var state = MemoryState()
  private var listeners: [Int: AsyncStream<StoreSignal>.Continuation] = [:]
  private var operations = 0
  private static let signalBuffer = 256

  public init(catalog: KindCatalog, clock: any Clock = SystemClock()) {
    self.catalog = catalog
    self.clock = clock
  }

  /// Runs an operation alone.
  func alone<T>(_ body: (inout MemoryState) throws -> T) rethrows -> T {
    try lock.withLock {
      operations += 1
      return try body(&state)
    }
  }

  public var statementCount: Int { lock.withLock { operations } }
  public func ping() async throws { alone { _ in } }

  public func signals() -> AsyncStream<StoreSignal> {
    AsyncStream(bufferingPolicy: .bufferingNewest(Self.signalBuffer)) { continuation in
      lock.withLock {
        let id = state.nextNumber()
        listeners[id] = continuation
        continuation.onTermination = { [weak self] _ in
          guard let self else { return }
          _ = self.lock.withLock { self.listeners.removeValue(forKey: id) }
        }
      }
    }
  }

  func send(_ signal: StoreSignal) {
    let all = lock.withLock { listeners.sorted { $0.key < $1.key }.map(\.value) }
    for listener in all { if case .dropped = listener.yield(signal) { listener.yield(.reconnected) } }
  }

  func announce(tenants: [UID], shards: [Int]) {
    if !tenants.isEmpty { send(.changed(tenants)) }
    if !shards.isEmpty { send(.work(shards)) }
  }

  // MARK: Drift, as someone with psql makes it

  /// Changes or (nil) deletes the observed state of an object behind the engine's back. PostgreSQL has a trigger for that.
  public func changeObservedByHand(tenant: UID, uid: UID, status: Value?) {
    let found = alone { state -> Bool in
      guard var object = state.objects[uid], object.tenant == tenant, !object.status.isNull else { return false }
      object.status = status ?? .null
      if status == nil { object.observedGeneration = 0 }
      state.objects[uid] = object
      state.request(WorkRequest(tenant: tenant, uid: uid, kind: object.kind), now: clock.now())
      return true
    }
    if found { announce(tenants: [], shards: [ShardCount.of(uid)]) }
  }

  // MARK: Small values

  public func value(tenant: UID, key: String) async throws -> Value? {
    alone { $0.liveValue(tenant, key, clock.now()) }
  }

  public func putValue(tenant: UID, key: String, _ value: Value?, expecting: Value??, expires: Timestamp?) async throws -> Bool {
    alone { state in
      let present = state.liveValue(tenant, key, clock.now())
      switch expecting {
      case .none: break
      case .some(.none): if present != nil { return false }
      case .some(.some(let expected)): guard let present, MemoryPredicate.same(present, expected) else { return false }
      }
      state.values[MemoryState.Name(tenant: tenant, name: key)] = value.map { ($0, expires) }
      return true
    }
  }

  public func note(lastUsed: [(tenant: UID, uid: UID, at: Timestamp)]) async throws {
    alone { state in
      for use in lastUsed { state.lastUsed[use.uid] = (use.tenant, max(use.at, state.lastUsed[use.uid]?.at ?? use.at)) }
    }
  }

  public func lastUsed(tenant: UID, uids: [UID]) async throws -> [UID: Timestamp] {
    alone { state in
      var found: [UID: Timestamp] = [:]
      for uid in uids { if let use = state.lastUsed[uid], use.tenant == tenant { found[uid] = use.at } }
      return found
    }
  }

  public func sequence(tenant: UID, name: String, count: Int) async throws -> Range<Int> {
    alone { state in
      let first = state.sequences[MemoryState.Name(tenant: tenant, name: name)] ?? 1
      state.sequences[MemoryState.Name(tenant: tenant, name: name)] = first + max(0, count)
      return first..<first + max(0, count)
    }
  }
}

/// All that the store holds.
struct MemoryState {
  struct Name: Hashable {
    var tenant: UID
    var name: String
  }
  struct Head {
    var position = 0
    var at = Timestamp(microseconds: 0)
    var changes: [Change] = []
  }
  struct Key: Hashable {
    var scope: UID
    var kind: String
    var rule: Int
    var value: String
  }
  struct Held {
    var tenant: UID
    var uid: UID
    var until: Timestamp?
    func isOver(_ now: Timestamp) -> Bool { until.map { $0 <= now } ?? false }
  }
  struct Past {
    var tenant: UID
    var entry: HistoryEntry
    var rev: Int
    var protected: Bool
    var created: Timestamp
  }
  struct SourceSet {
    var digest: String
    var updated: Timestamp
    var rows: [UID: InventoryRow] = [:]
  }
  struct RecordKey: Hashable {
    var tenant: UID
    var kind: String
    var rule: Int
    var value: String
  }

  static let everywhere = UID(high: 0, low: 0)
  /// Changes kept for each tenant; older ones answer `resync`.
  static let keptChanges = 100_000

  var objects: [UID: StoredObject] = [:]
  var heads: [UID: Head] = [:]
  var keys: [Key: Held] = [:]
  var references: [UID: Set<ObjectReference>] = [:]
  var history: [UID: [Past]] = [:]
  var sets: [Name: SourceSet] = [:]
  var story: [StoryEvent] = []
  var effects: [UID: [EffectRow]] = [:]
  var records: [String: [RecordRow]] = [:]
  var recordKeys: [RecordKey: (uid: UID, until: Timestamp?)] = [:]
  var series = MemorySeries()
  var values: [Name: (Value, Timestamp?)] = [:]
  var lastUsed: [UID: (tenant: UID, at: Timestamp)] = [:]
  var sequences: [Name: Int] = [:]
  var work: [UID: WorkItem] = [:]
  var shards = Array(repeating: (holder: UID?.none, epoch: 0), count: ShardCount.total)
  var replicas: [UID: (expires: Timestamp, works: Bool)] = [:]
  var lastTenant = UID(high: 0, low: 0)
  private var numbers = 0

  mutating func nextNumber() -> Int {
    numbers += 1
    return numbers
  }

  func liveValue(_ tenant: UID, _ key: String, _ now: Timestamp) -> Value? {
    guard let (value, expires) = values[Name(tenant: tenant, name: key)], expires.map({ $0 > now }) ?? true else { return nil }
    return value
  }

  /// Marks an object for work: dirty, and due at the earliest time asked for.
  mutating func request(_ request: WorkRequest, now: Timestamp) {
    let due = request.due ?? now
    if var item = work[request.uid] {
      item.dirty += 1
      item.due = min(item.due, due)
      item.attempts = 0
      work[request.uid] = item
    } else {
      work[request.uid] = WorkItem(
        tenant: request.tenant, uid: request.uid, kind: request.kind, shard: ShardCount.of(request.uid),
        dirty: nextNumber() << 20, attempts: 0,
        due: due)
    }
  }
}
