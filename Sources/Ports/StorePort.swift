// The store as the engine sees it: few operations, each atomic. PostgreSQL in production, memory in the simulator.
import Core
import Kinds

/// A change as watchers see it, in commit order.
public struct Change: Sendable, Hashable {
  public var tenant: UID
  public var position: Int
  public var uid: UID
  public var kind: String
  public var name: String
  /// An `ObjectWrite.Operation` letter, or `o` for observed state.
  public var operation: String
  public var events: [String]
  public var version: Int
  public var at: Timestamp
  public var actor: String
  public init(
    tenant: UID, position: Int, uid: UID, kind: String, name: String, operation: String, events: [String], version: Int,
    at: Timestamp,
    actor: String
  ) {
    self.tenant = tenant
    self.position = position
    self.uid = uid
    self.kind = kind
    self.name = name
    self.operation = operation
    self.events = events
    self.version = version
    self.at = at
    self.actor = actor
  }
}

/// What a reader of the feed gets.
public enum ChangePage: Sendable {
  case changes([Change], upTo: Int)
  /// The position is older than the feed keeps: list again, then follow from here.
  case resync(from: Int)
}

/// One version of an object.
public struct HistoryEntry: Sendable {
  public var uid: UID
  public var kind: String
  public var name: String
  public var version: Int
  public var generation: Int
  public var operation: String
  public var at: Timestamp
  public var origin: Origin
  public var spec: ObjectMap
  public var owners: Owners
  public var labels: [String: String]
  public init(
    uid: UID, kind: String, name: String, version: Int, generation: Int, operation: String, at: Timestamp, origin: Origin,
    spec: ObjectMap,
    owners: Owners, labels: [String: String]
  ) {
    self.uid = uid
    self.kind = kind
    self.name = name
    self.version = version
    self.generation = generation
    self.operation = operation
    self.at = at
    self.origin = origin
    self.spec = spec
    self.owners = owners
    self.labels = labels
  }
}

/// What may wake an idle process.
public enum StoreSignal: Sendable {
  /// Tenants that have new changes (at least these; coalesced).
  case changed([UID])
  /// Work is due in these shards (or soon).
  case work([Int])
  /// The connection was lost and is back: read everything afresh.
  case reconnected
}

public enum ShardCount {
  public static let total = 64
  /// The shard of an object. Stable for ever: rows carry it.
  public static func of(_ uid: UID) -> Int { Int((uid.low ^ (uid.low >> 32) ^ uid.high) & 63) }
}

/// The half of the store that changes nothing. Each call is one statement (or a fixed number), however many objects it returns.
/// A tenant is always named: whoever reads for a caller names the caller's.
public protocol ReadPort: Sendable {
  func objects(named keys: [ObjectKey]) async throws -> [StoredObject]
  func objects(tenant: UID?, uids: [UID]) async throws -> [StoredObject]
  func list(_ query: ObjectQuery) async throws -> ObjectPage
  func count(_ queries: [ObjectQuery]) async throws -> [Int]
  /// Live objects that refer to any of these, with the field they do it through.
  func referrers(tenant: UID, of uids: [UID], limit: Int) async throws -> [(target: UID, field: String, object: StoredObject)]
  /// Holders of unique keys: kind, key → uid.
  func holders(tenant: UID, kind: String, keys: [UniqueKey]) async throws -> [UniqueKey: UID]
  func inventory(owner: UID, set: String) async throws -> (rows: [InventoryRow], catalogDigest: String?)
  func sets(owner: UID) async throws -> [(name: String, count: Int, updated: Timestamp)]
  func history(tenant: UID, uid: UID, before version: Int?, limit: Int) async throws -> [HistoryEntry]
  /// Desired state of a kind's objects as of a moment.
  func objects(tenant: UID, kind: String, at moment: Timestamp, limit: Int) async throws -> [StoredObject]
  /// Objects as they were, by uid.
  func past(_ query: PastQuery) async throws -> [PastObject]
  /// Sets, of any owner, that hold one of these objects.
  func sets(holding uids: [UID]) async throws -> [(owner: UID, set: String, uid: UID)]
  func story(tenant: UID, uid: UID?, limit: Int) async throws -> [StoryEvent]
  func changes(tenant: UID, after position: Int, limit: Int) async throws -> ChangePage
  func position(tenant: UID) async throws -> Int
  func records(_ query: RecordQuery) async throws -> RecordPage
  /// Number of rows and sum of `field` (0 without one), grouped by the text of `by` (one group "" without it).
  func aggregate(_ query: RecordQuery, sum field: String?, by: String?) async throws -> [(group: String, count: Int, sum: Double)]
  /// Several sums without groups, in one flight.
  func aggregates(_ questions: [(query: RecordQuery, sum: String?)]) async throws -> [(count: Int, sum: Double)]
  /// Sums of a record kind's total, for each list of `by` values (in the total's order); 0 where there are no rows.
  func totals(tenant: UID, kind: String, name: String, keys: [[Value]]) async throws -> [Value]
  /// Points of each object's series by time and channel; at most `SeriesLimits.points` of all together.
  func series(tenant: UID, owners: [UID]) async throws -> [UID: [SeriesPoint]]
  /// Sums by part and hour of a group, for the last `hours` hours that have any, or all of them; by hour.
  func tallies(tenant: UID, group: UID, lastHours hours: Int?) async throws -> [TallyRow]
  func groups(_ query: GroupQuery) async throws -> GroupPage
  /// The same with a limit for each of the objects.
  func referrers(tenant: UID, of uids: [UID], each limit: Int) async throws -> [(
    target: UID, field: String, object: StoredObject
  )]
  /// Journaled steps of these objects; those of one object oldest first.
  func effects(of places: [ObjectPlace], unconsumedOnly: Bool) async throws -> [EffectRow]
  /// The answers to several questions.
  func lists(_ queries: [ObjectQuery]) async throws -> [ObjectPage]
  func lastUsed(tenant: UID, uids: [UID]) async throws -> [UID: Timestamp]
  /// A named value that outlives a process; nil when there is none or its time is over.
  func value(tenant: UID, key: String) async throws -> Value?
  func ping() async throws
}

public protocol StorePort: ReadPort {
  /// Next `count` numbers of a sequence; gaps are allowed.
  func sequence(tenant: UID, name: String, count: Int) async throws -> Range<Int>

  // Writes. `commit` is the only way to change desired state.
  func commit(_ commit: Commit) async throws -> CommitResult
  /// Times that are noted in batches outside versions and feed: last use of keys and sessions.
  func note(lastUsed: [(tenant: UID, uid: UID, at: Timestamp)]) async throws
  func append(records: [RecordRow]) async throws

  // Work.
  /// What a round of work begins with: these objects, soft-deleted ones too, and their steps that no decision has read.
  func subjects(_ places: [ObjectPlace]) async throws -> (objects: [StoredObject], effects: [EffectRow])
  /// Says that this replica lives; takes what shards are free or held by the dead, up to its share. Returns what it holds.
  /// Shards beyond its share are given up, but not those in which work is in hand: their steps end where they began.
  func renew(
    replica: UID, until: Timestamp, catalogDigest: String, wantsWork: Bool, keeping busy: Set<Int>
  ) async throws -> Renewal
  func release(replica: UID) async throws
  /// The shard of a host, held by its replica: what is bound to the host is worked on there alone. Takes over what hosts that are
  /// gone leave. Nil: ask again.
  func claimHost(_ host: UID, replica: UID) async throws -> Fence?
  /// Moves due items to the host's shard; returns those that are there now.
  func bind(_ items: [WorkItem], from fences: [Fence], to host: Fence) async throws -> [WorkItem]
  /// Binds what no host works on yet to this one; returns those of the objects that are another host's.
  func foreign(_ uids: [UID], host: Fence) async throws -> [UID]
  /// Due items of these shards, fair over tenants.
  func due(fences: [Fence], limit: Int) async throws -> [WorkItem]
  /// When the next item of these shards falls due.
  func nextDue(fences: [Fence]) async throws -> Timestamp?
  /// Puts objects into the queue without a commit (drift seen, referrers woken).
  func wake(_ requests: [WorkRequest]) async throws
  func signals() -> AsyncStream<StoreSignal>

  // Small named values that outlive a process: cursors of dispatchers, confirm tokens, rate counters.
  /// Those whose keys begin so, by key.
  func values(tenant: UID, prefix: String, limit: Int) async throws -> [(key: String, value: Value)]
  /// Writes when the present value equals `expecting` (nil: absent; not given: always). False when it does not.
  func putValue(tenant: UID, key: String, _ value: Value?, expecting: Value??, expires: Timestamp?) async throws -> Bool

  /// Statements sent since the start, for the tests that count queries.
  var statementCount: Int { get }
}

extension ReadPort {
  public func aggregates(_ questions: [(query: RecordQuery, sum: String?)]) async throws -> [(count: Int, sum: Double)] {
    var sums: [(count: Int, sum: Double)] = []
    for (query, field) in questions {
      let groups = try await aggregate(query, sum: field, by: nil)
      sums.append((groups.reduce(0) { $0 + $1.count }, groups.reduce(0) { $0 + $1.sum }))
    }
    return sums
  }

  public func referrers(tenant: UID, of uids: [UID], each limit: Int) async throws -> [(
    target: UID, field: String, object: StoredObject
  )] {
    var found: [(target: UID, field: String, object: StoredObject)] = []
    for uid in uids { found += try await referrers(tenant: tenant, of: [uid], limit: limit) }
    return found
  }

  public func lists(_ queries: [ObjectQuery]) async throws -> [ObjectPage] {
    var pages: [ObjectPage] = []
    for query in queries { pages.append(try await list(query)) }
    return pages
  }
}

extension StorePort {
  public func subjects(_ places: [ObjectPlace]) async throws -> (objects: [StoredObject], effects: [EffectRow]) {
    let wanted = Set(places)
    let objects = try await objects(tenant: nil, uids: places.map(\.uid)).filter { wanted.contains($0.place) }
    return (objects, try await effects(of: places, unconsumedOnly: true))
  }
}

extension StorePort {
  /// With nothing in hand.
  public func renew(replica: UID, until: Timestamp, catalogDigest: String, wantsWork: Bool) async throws -> [Fence] {
    try await renew(replica: replica, until: until, catalogDigest: catalogDigest, wantsWork: wantsWork, keeping: []).fences
  }
}

/// A store that knows one host alone.
extension StorePort {
  public func claimHost(_ host: UID, replica: UID) async throws -> Fence? { nil }
  public func bind(_ items: [WorkItem], from fences: [Fence], to host: Fence) async throws -> [WorkItem] { items }
  public func foreign(_ uids: [UID], host: Fence) async throws -> [UID] { [] }
}
