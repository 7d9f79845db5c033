// A replica's view of the store: each call goes over its wire, and fails as calls over a wire do.
import Core
import Kinds
import Ports

public final class FaultyStore: StorePort, @unchecked Sendable {
  private let inner: any StorePort
  private let link: ReplicaLink

  public init(_ inner: any StorePort, link: ReplicaLink) {
    self.inner = inner
    self.link = link
  }

  public func objects(named keys: [ObjectKey]) async throws -> [StoredObject] {
    try await link.call("objects") { try await inner.objects(named: keys) }
  }
  public func objects(tenant: UID?, uids: [UID]) async throws -> [StoredObject] {
    try await link.call("objects") { try await inner.objects(tenant: tenant, uids: uids) }
  }
  public func list(_ query: ObjectQuery) async throws -> ObjectPage {
    try await link.call("list") { try await inner.list(query) }
  }
  public func count(_ queries: [ObjectQuery]) async throws -> [Int] {
    try await link.call("count") { try await inner.count(queries) }
  }
  public func referrers(tenant: UID, of uids: [UID], limit: Int) async throws -> [(
    target: UID, field: String, object: StoredObject
  )] {
    try await link.call("referrers") { try await inner.referrers(tenant: tenant, of: uids, limit: limit) }
  }
  public func holders(tenant: UID, kind: String, keys: [UniqueKey]) async throws -> [UniqueKey: UID] {
    try await link.call("holders") { try await inner.holders(tenant: tenant, kind: kind, keys: keys) }
  }
  public func inventory(owner: UID, set: String) async throws -> (rows: [InventoryRow], catalogDigest: String?) {
    try await link.call("inventory") { try await inner.inventory(owner: owner, set: set) }
  }
  public func sets(owner: UID) async throws -> [(name: String, count: Int, updated: Timestamp)] {
    try await link.call("sets") { try await inner.sets(owner: owner) }
  }
  public func history(tenant: UID, uid: UID, before version: Int?, limit: Int) async throws -> [HistoryEntry] {
    try await link.call("history") { try await inner.history(tenant: tenant, uid: uid, before: version, limit: limit) }
  }
  public func objects(tenant: UID, kind: String, at moment: Timestamp, limit: Int) async throws -> [StoredObject] {
    try await link.call("objects at") { try await inner.objects(tenant: tenant, kind: kind, at: moment, limit: limit) }
  }
  public func past(_ query: PastQuery) async throws -> [PastObject] {
    try await link.call("past") { try await inner.past(query) }
  }
  public func sets(holding uids: [UID]) async throws -> [(owner: UID, set: String, uid: UID)] {
    try await link.call("sets holding") { try await inner.sets(holding: uids) }
  }
  public func values(tenant: UID, prefix: String, limit: Int) async throws -> [(key: String, value: Value)] {
    try await link.call("values") { try await inner.values(tenant: tenant, prefix: prefix, limit: limit) }
  }
  public func story(tenant: UID, uid: UID?, limit: Int) async throws -> [StoryEvent] {
    try await link.call("story") { try await inner.story(tenant: tenant, uid: uid, limit: limit) }
  }
  public func changes(tenant: UID, after position: Int, limit: Int) async throws -> ChangePage {
    try await link.call("changes") { try await inner.changes(tenant: tenant, after: position, limit: limit) }
  }
  public func position(tenant: UID) async throws -> Int {
    try await link.call("position") { try await inner.position(tenant: tenant) }
  }
  public func records(_ query: RecordQuery) async throws -> RecordPage {
    try await link.call("records") { try await inner.records(query) }
  }
  public func aggregate(_ query: RecordQuery, sum field: String?, by: String?) async throws -> [(
    group: String, count: Int, sum: Double
  )] {
    try await link.call("aggregate") { try await inner.aggregate(query, sum: field, by: by) }
  }
  public func totals(tenant: UID, kind: String, name: String, keys: [[Value]]) async throws -> [Value] {
    try await link.call("totals") { try await inner.totals(tenant: tenant, kind: kind, name: name, keys: keys) }
  }
  public func effects(of places: [ObjectPlace], unconsumedOnly: Bool) async throws -> [EffectRow] {
    try await link.call("effects") { try await inner.effects(of: places, unconsumedOnly: unconsumedOnly) }
  }
  public func series(tenant: UID, owners: [UID]) async throws -> [UID: [SeriesPoint]] {
    try await link.call("series") { try await inner.series(tenant: tenant, owners: owners) }
  }
  public func tallies(tenant: UID, group: UID, lastHours hours: Int?) async throws -> [TallyRow] {
    try await link.call("tallies") { try await inner.tallies(tenant: tenant, group: group, lastHours: hours) }
  }
  public func groups(_ query: GroupQuery) async throws -> GroupPage {
    try await link.call("groups") { try await inner.groups(query) }
  }
  public func sequence(tenant: UID, name: String, count: Int) async throws -> Range<Int> {
    try await link.call("sequence", write: true) { try await inner.sequence(tenant: tenant, name: name, count: count) }
  }
  /// A fenced commit may arrive long after its worker's end. One for a client may not: its client has long asked again elsewhere.
  public func commit(_ commit: Commit) async throws -> CommitResult {
    try await link.call("commit", write: true, mayArriveLate: !commit.fences.isEmpty) { try await inner.commit(commit) }
  }
  public func note(lastUsed: [(tenant: UID, uid: UID, at: Timestamp)]) async throws {
    try await link.call("note", write: true) { try await inner.note(lastUsed: lastUsed) }
  }
  public func append(records: [RecordRow]) async throws {
    try await link.call("append", write: true) { try await inner.append(records: records) }
  }
  public func lastUsed(tenant: UID, uids: [UID]) async throws -> [UID: Timestamp] {
    try await link.call("lastUsed") { try await inner.lastUsed(tenant: tenant, uids: uids) }
  }
  public func renew(
    replica: UID, until: Timestamp, catalogDigest: String, wantsWork: Bool, keeping busy: Set<Int>
  ) async throws -> Renewal {
    try await link.call("renew", write: true, mayArriveLate: true) {
      // The lease is a span from now by the replica's clock.
      try await inner.renew(
        replica: replica, until: until - link.skew, catalogDigest: catalogDigest, wantsWork: wantsWork, keeping: busy)
    }
  }
  public func release(replica: UID) async throws {
    try await link.call("release", write: true) { try await inner.release(replica: replica) }
  }
  public func due(fences: [Fence], limit: Int) async throws -> [WorkItem] {
    try await link.call("due") { try await inner.due(fences: fences, limit: limit) }
  }
  public func nextDue(fences: [Fence]) async throws -> Timestamp? {
    try await link.call("nextDue") { try await inner.nextDue(fences: fences) }
  }
  public func wake(_ requests: [WorkRequest]) async throws {
    try await link.call("wake", write: true, mayArriveLate: true) { try await inner.wake(requests) }
  }
  public func signals() -> AsyncStream<StoreSignal> { FaultyStream.over(inner.signals(), link: link) }
  public func value(tenant: UID, key: String) async throws -> Value? {
    try await link.call("value") { try await inner.value(tenant: tenant, key: key) }
  }
  public func putValue(tenant: UID, key: String, _ value: Value?, expecting: Value??, expires: Timestamp?) async throws -> Bool {
    try await link.call("putValue", write: true) {
      try await inner.putValue(tenant: tenant, key: key, value, expecting: expecting, expires: expires)
    }
  }
  public func ping() async throws { try await link.call("ping") { try await inner.ping() } }
  public var statementCount: Int { inner.statementCount }
}
