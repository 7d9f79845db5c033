// Work on objects: asked for, in hand, finished; and the claim under which it is done.
import Core

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

/// What a renewal left a replica with.
public struct Renewal: Sendable {
  public var fences: [Fence]
  /// Shards beyond its share that it was let keep: it is to take no new work in so many, and to ask again when they are idle.
  public var surplus: Int
  public init(fences: [Fence], surplus: Int = 0) {
    self.fences = fences
    self.surplus = surplus
  }
}
