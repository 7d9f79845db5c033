// A store that hands every call on, for stores that change only a few.
import Core
import Kinds
import Ports

open class ForwardingStore: StorePort, @unchecked Sendable {
  public let inner: any StorePort
  public init(_ inner: any StorePort) { self.inner = inner }

  open func objects(named keys: [ObjectKey]) async throws -> [StoredObject] { try await inner.objects(named: keys) }
  open func objects(tenant: UID?, uids: [UID]) async throws -> [StoredObject] {
    try await inner.objects(tenant: tenant, uids: uids)
  }
  open func list(_ query: ObjectQuery) async throws -> ObjectPage { try await inner.list(query) }
  open func count(_ queries: [ObjectQuery]) async throws -> [Int] { try await inner.count(queries) }
  open func referrers(tenant: UID, of uids: [UID], limit: Int) async throws -> [(
    target: UID, field: String, object: StoredObject
  )] {
    try await inner.referrers(tenant: tenant, of: uids, limit: limit)
  }
  open func holders(tenant: UID, kind: String, keys: [UniqueKey]) async throws -> [UniqueKey: UID] {
    try await inner.holders(tenant: tenant, kind: kind, keys: keys)
  }
  open func inventory(owner: UID, set: String) async throws -> (rows: [InventoryRow], catalogDigest: String?) {
    try await inner.inventory(owner: owner, set: set)
  }
  open func sets(owner: UID) async throws -> [(name: String, count: Int, updated: Timestamp)] {
    try await inner.sets(owner: owner)
  }
  open func history(tenant: UID, uid: UID, before version: Int?, limit: Int) async throws -> [HistoryEntry] {
    try await inner.history(tenant: tenant, uid: uid, before: version, limit: limit)
  }
  open func objects(tenant: UID, kind: String, at moment: Timestamp, limit: Int) async throws -> [StoredObject] {
    try await inner.objects(tenant: tenant, kind: kind, at: moment, limit: limit)
  }
  open func past(_ query: PastQuery) async throws -> [PastObject] { try await inner.past(query) }
  open func sets(holding uids: [UID]) async throws -> [(owner: UID, set: String, uid: UID)] {
    try await inner.sets(holding: uids)
  }
  open func values(tenant: UID, prefix: String, limit: Int) async throws -> [(key: String, value: Value)] {
    try await inner.values(tenant: tenant, prefix: prefix, limit: limit)
  }
  open func story(tenant: UID, uid: UID?, limit: Int) async throws -> [StoryEvent] {
    try await inner.story(tenant: tenant, uid: uid, limit: limit)
  }
  open func changes(tenant: UID, after position: Int, limit: Int) async throws -> ChangePage {
    try await inner.changes(tenant: tenant, after: position, limit: limit)
  }
  open func position(tenant: UID) async throws -> Int { try await inner.position(tenant: tenant) }
  open func records(_ query: RecordQuery) async throws -> RecordPage { try await inner.records(query) }
  open func aggregate(_ query: RecordQuery, sum field: String?, by: String?) async throws -> [(
    group: String, count: Int, sum: Double
  )] {
    try await inner.aggregate(query, sum: field, by: by)
  }
  open func totals(tenant: UID, kind: String, name: String, keys: [[Value]]) async throws -> [Value] {
    try await inner.totals(tenant: tenant, kind: kind, name: name, keys: keys)
  }
  open func effects(of places: [ObjectPlace], unconsumedOnly: Bool) async throws -> [EffectRow] {
    try await inner.effects(of: places, unconsumedOnly: unconsumedOnly)
  }
  open func series(tenant: UID, owners: [UID]) async throws -> [UID: [SeriesPoint]] {
    try await inner.series(tenant: tenant, owners: owners)
  }
  open func tallies(tenant: UID, group: UID, lastHours hours: Int?) async throws -> [TallyRow] {
    try await inner.tallies(tenant: tenant, group: group, lastHours: hours)
  }
  open func groups(_ query: GroupQuery) async throws -> GroupPage { try await inner.groups(query) }
  open func sequence(tenant: UID, name: String, count: Int) async throws -> Range<Int> {
    try await inner.sequence(tenant: tenant, name: name, count: count)
  }
  open func commit(_ commit: Commit) async throws -> CommitResult { try await inner.commit(commit) }
  open func note(lastUsed: [(tenant: UID, uid: UID, at: Timestamp)]) async throws { try await inner.note(lastUsed: lastUsed) }
  open func append(records: [RecordRow]) async throws { try await inner.append(records: records) }
  open func lastUsed(tenant: UID, uids: [UID]) async throws -> [UID: Timestamp] {
    try await inner.lastUsed(tenant: tenant, uids: uids)
  }
  open func renew(
    replica: UID, until: Timestamp, catalogDigest: String, wantsWork: Bool, keeping busy: Set<Int>
  ) async throws -> Renewal {
    try await inner.renew(replica: replica, until: until, catalogDigest: catalogDigest, wantsWork: wantsWork, keeping: busy)
  }
  open func release(replica: UID) async throws { try await inner.release(replica: replica) }
  open func due(fences: [Fence], limit: Int) async throws -> [WorkItem] { try await inner.due(fences: fences, limit: limit) }
  open func nextDue(fences: [Fence]) async throws -> Timestamp? { try await inner.nextDue(fences: fences) }
  open func wake(_ requests: [WorkRequest]) async throws { try await inner.wake(requests) }
  open func signals() -> AsyncStream<StoreSignal> { inner.signals() }
  open func value(tenant: UID, key: String) async throws -> Value? { try await inner.value(tenant: tenant, key: key) }
  open func putValue(tenant: UID, key: String, _ value: Value?, expecting: Value??, expires: Timestamp?) async throws -> Bool {
    try await inner.putValue(tenant: tenant, key: key, value, expecting: expecting, expires: expires)
  }
  open func ping() async throws { try await inner.ping() }
  open var statementCount: Int { inner.statementCount }
}
