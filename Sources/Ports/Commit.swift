// One atomic change: everything that a decision wrote, and everything it read that must still hold.
import Core
import Kinds

/// Who caused a commit, for history, blame and audit.
public struct Origin: Sendable, Hashable {
  public var manager: Manager
  /// `user:…`, `key:…`, `controller:…`.
  public var actor: String
  /// Source commit, when there is one.
  public var commit: String?
  /// What was done, for `plumb events`: `apply`, `rollback`, `reconcile`, or an operation id.
  public var action: String
  /// The person behind the actor, for the audit log. Not kept in history.
  public var user: UID?
  public init(manager: Manager, actor: String, commit: String? = nil, action: String, user: UID? = nil) {
    self.user = user
    self.manager = manager
    self.actor = actor
    self.commit = commit
    self.action = action
  }
}

public struct UniqueKey: Sendable, Hashable {
  /// Position of the rule in the kind's `unique`.
  public var rule: Int
  /// Canonical JSON of the key's values.
  public var value: String
  /// Over all tenants.
  public var global: Bool
  /// The key is free again from then on (for runs).
  public var until: Timestamp?
  public init(rule: Int, value: String, global: Bool, until: Timestamp? = nil) {
    self.rule = rule
    self.value = value
    self.global = global
    self.until = until
  }
}

public struct ObjectReference: Sendable, Hashable {
  /// Field name, or `list.member` path without positions.
  public var field: String
  public var target: UID
  public init(field: String, target: UID) {
    self.field = field
    self.target = target
  }
}

public struct ObjectWrite: Sendable {
  public enum Operation: String, Sendable {
    case create = "c"
    case update = "u"
    /// Marks it as going: controllers clean up, then `remove`.
    case startDelete = "x"
    case softDelete = "s"
    /// The row goes; its history stays.
    case remove = "d"
    case restore = "r"
  }
  public var operation: Operation
  /// The object after the write. `version` is set by the store; `updated` never goes back.
  public var object: StoredObject
  /// Version that the decision read; the commit fails when it moved. Nil for creations.
  public var expected: Int?
  public var uniqueKeys: [UniqueKey]
  public var references: [ObjectReference]
  /// Event names of the kind that this write causes (webhooks, streams).
  public var events: [String]
  /// A `startDelete` that lets go of its unique keys at once: another object of this commit takes its place.
  public var freesKeys = false
  public init(
    _ operation: Operation, _ object: StoredObject, expected: Int?, uniqueKeys: [UniqueKey] = [],
    references: [ObjectReference] = [],
    events: [String] = []
  ) {
    self.operation = operation
    self.object = object
    self.expected = expected
    self.uniqueKeys = uniqueKeys
    self.references = references
    self.events = events
  }
}

/// Observed state of one object. Never moves `version`.
public struct StatusWrite: Sendable {
  public var tenant: UID
  public var uid: UID
  public var kind: String
  public var generation: Int
  public var status: Value
  /// Put into the change feed (operation `o`), so that watchers see it.
  public var announce: Bool
  /// What it means to those who listen: names of events.
  public var events: [String]
  public init(
    tenant: UID, uid: UID, kind: String, generation: Int, status: Value, announce: Bool = true, events: [String] = []
  ) {
    self.tenant = tenant
    self.uid = uid
    self.kind = kind
    self.generation = generation
    self.status = status
    self.announce = announce
    self.events = events
  }
}

/// A fact that the decision rests on; checked under the head lock, so nothing can slip in between.
public enum Pin: Sendable {
  /// The object still has this version (so it exists and is live).
  case version(tenant: UID, uid: UID, Int)
  /// The object exists, is live and is not going, whatever its version: for references.
  case exists(tenant: UID, uid: UID)
  /// At most this many live objects of the kind satisfy the predicate after this commit. `code` and `message` go into the refusal.
  case atMost(tenant: UID, kind: String, Predicate, Int, problem: Problem)
  /// A sum over records is this after the commit: what was decided from it still holds. `by` in the total's order.
  case total(tenant: UID, kind: String, name: String, by: [Value], is: Value, problem: Problem)
  /// No live object but those deleted here refers to this one (through these `Kind.field` paths; empty: any).
  case unreferenced(tenant: UID, uid: UID)
}

/// What a set of manifests holds after this commit.
public struct InventoryRow: Sendable, Hashable {
  public var tenant: UID
  public var uid: UID
  public var kind: String
  public var name: String
  /// Hash of the raw document.
  public var hash: [UInt8]
  /// Version of the object when it was last planned from this document.
  public var version: Int
  public var file: String
  public var line: Int
  /// Version of the live object now, as the store reads it; nil when it is gone. Not stored.
  public var current: Int?
  /// The object's name now, where it is another than the set's. Not stored.
  public var renamed: String?
  public init(
    tenant: UID, uid: UID, kind: String, name: String, hash: [UInt8], version: Int, file: String, line: Int, current: Int? = nil
  ) {
    self.current = current
    self.tenant = tenant
    self.uid = uid
    self.kind = kind
    self.name = name
    self.hash = hash
    self.version = version
    self.file = file
    self.line = line
  }
}

public struct InventoryChange: Sendable {
  public var set: String
  /// Tenant that owns the set.
  public var owner: UID
  /// Added or replaced. `version` is filled in by the store with the version of this commit's write, where there is one.
  public var put: [InventoryRow]
  public var removed: [UID]
  /// Catalog digest that the set was planned under.
  public var catalogDigest: String
  public init(set: String, owner: UID, put: [InventoryRow], removed: [UID], catalogDigest: String) {
    self.set = set
    self.owner = owner
    self.put = put
    self.removed = removed
    self.catalogDigest = catalogDigest
  }
}

/// A worker's claim on a shard: the write happens only while it holds.
public struct Fence: Sendable, Hashable {
  public var shard: Int
  public var holder: UID
  public var epoch: Int
  public init(shard: Int, holder: UID, epoch: Int) {
    self.shard = shard
    self.holder = holder
    self.epoch = epoch
  }
}

/// A journaled call to a service.
public struct EffectRow: Sendable, Hashable {
  public enum State: String, Sendable {
    case intended = "i"
    case done = "d"
    case failed = "f"
    case unknown = "u"
  }
  public var tenant: UID
  public var uid: UID
  public var generation: Int
  public var step: Step
  /// Sent to the service, stored before it is sent.
  public var key: String
  public var state: State
  public var reply: Value
  /// A decision has read the reply.
  public var consumed: Bool
  public init(
    tenant: UID, uid: UID, generation: Int, step: Step, key: String, state: State, reply: Value = .null, consumed: Bool = false
  ) {
    self.tenant = tenant
    self.uid = uid
    self.generation = generation
    self.step = step
    self.key = key
    self.state = state
    self.reply = reply
    self.consumed = consumed
  }
}

/// A line of an object's story.
public struct StoryEvent: Sendable, Hashable {
  public var tenant: UID
  public var uid: UID
  public var kind: String
  public var name: String
  public var at: Timestamp
  public var reason: String
  public var message: String
  public var warning: Bool
  public init(tenant: UID, uid: UID, kind: String, name: String, at: Timestamp, reason: String, message: String, warning: Bool) {
    self.tenant = tenant
    self.uid = uid
    self.kind = kind
    self.name = name
    self.at = at
    self.reason = reason
    self.message = message
    self.warning = warning
  }
}

/// One transaction. All of it happens, or none.
public struct Commit: Sendable {
  public var origin: Origin
  public var writes: [ObjectWrite] = []
  public var statuses: [StatusWrite] = []
  public var pins: [Pin] = []
  public var inventory: [InventoryChange] = []
  public var records: [RecordRow] = []
  public var series: [SeriesWrite] = []
  public var tallies: [TallyWrite] = []
  public var story: [StoryEvent] = []
  /// New intents and changed states, by (tenant, uid, generation, step name).
  public var effects: [EffectRow] = []
  /// Objects whose controllers must look: due at once, or at the time given.
  public var work: [WorkRequest] = []
  /// Work items that this commit finishes: removed (or moved to `due`) only if no one marked them dirty meanwhile.
  public var finished: [FinishedWork] = []
  /// Claims that must hold, one for each shard whose work is in here; none for what is no worker's.
  public var fences: [Fence] = []
  /// The claim of a commit about one shard.
  public var fence: Fence? {
    get { fences.first }
    set { fences = newValue.map { [$0] } ?? [] }
  }
  public init(origin: Origin) { self.origin = origin }

  /// Both happen, or neither. `origin` stays.
  public mutating func merge(_ other: Commit) {
    writes += other.writes
    statuses += other.statuses
    pins += other.pins
    inventory += other.inventory
    records += other.records
    series += other.series
    tallies += other.tallies
    story += other.story
    effects += other.effects
    work += other.work
    finished += other.finished
    for fence in other.fences where !fences.contains(fence) { fences.append(fence) }
  }
}

public struct WorkRequest: Sendable, Hashable {
  public var tenant: UID
  public var uid: UID
  public var kind: String
  public var due: Timestamp?
  public init(tenant: UID, uid: UID, kind: String, due: Timestamp? = nil) {
    self.tenant = tenant
    self.uid = uid
    self.kind = kind
    self.due = due
  }
}

public struct WorkItem: Sendable, Hashable {
  public var tenant: UID
  public var uid: UID
  public var kind: String
  public var shard: Int
  public var dirty: Int
  public var attempts: Int
  public var due: Timestamp
  public init(tenant: UID, uid: UID, kind: String, shard: Int, dirty: Int, attempts: Int, due: Timestamp) {
    self.tenant = tenant
    self.uid = uid
    self.kind = kind
    self.shard = shard
    self.dirty = dirty
    self.attempts = attempts
    self.due = due
  }
}

public struct FinishedWork: Sendable, Hashable {
  public var item: WorkItem
  /// Look again then; nil: the item goes.
  public var next: Timestamp?
  public var attempts: Int
  public init(item: WorkItem, next: Timestamp?, attempts: Int) {
    self.item = item
    self.next = next
    self.attempts = attempts
  }
}

/// Feed position of each tenant that the commit touched, and the versions it gave.
public struct CommitResult: Sendable {
  public var positions: [UID: Int]
  public var at: Timestamp
  public var versions: [UID: Int]
  public init(positions: [UID: Int], at: Timestamp, versions: [UID: Int]) {
    self.positions = positions
    self.at = at
    self.versions = versions
  }
}

/// Why a commit did not happen. Nothing was written.
public enum CommitFailure: Error, Sendable {
  /// Objects whose version is not the one that was read, or that are gone.
  case moved([UID])
  /// A unique key is taken: by which object, under which rule.
  case taken([(uid: UID, rule: Int, by: UID, kind: String)])
  /// A reference's target went away.
  case missing([UID])
  /// Objects that still refer to one being deleted.
  case referenced([UID])
  /// A limit would be exceeded.
  case exceeded([Problem])
  /// The shard has another holder now.
  case fenced
}
