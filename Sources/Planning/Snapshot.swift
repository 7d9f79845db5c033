// What has been read of the store for one plan, and what still must be read. The planner asks; someone else fetches.
import Core
import Kinds
import Ports

/// A fact that the planner needs before it can decide.
public enum Fact: Hashable, Sendable {
  case key(ObjectKey)
  case uid(tenant: UID, UID)
  case holder(tenant: UID, kind: String, UniqueKey)
  case referrers(tenant: UID, UID)
  /// Live objects of the kind for which the predicate holds, for `let`.
  case find(tenant: UID, kind: String, Predicate)
  /// Live objects of the kind in the tenant.
  case count(tenant: UID, kind: String)
  /// The limits that the tenant's subscription sets.
  case limits(tenant: UID)
  /// The tenant's policies.
  case policies(tenant: UID)
  /// This many numbers of a sequence.
  case sequence(tenant: UID, name: String, count: Int)
}

/// What a tenant may have at most, and by which plan.
public struct TenantLimits: Sendable, Hashable {
  public var plan: String
  /// Kind → number of objects.
  public var most: [String: Int]
  public init(plan: String, most: [String: Int]) {
    self.plan = plan
    self.most = most
  }
}

/// Facts read so far. A fact that is absent from a dictionary has not been read; one that is nil is known not to exist.
public struct Snapshot: Sendable {
  public var byKey: [ObjectKey: StoredObject?] = [:]
  public var byUID: [UID: StoredObject?] = [:]
  public var holders: [Fact: UID?] = [:]
  public var referrers: [UID: [(field: String, object: StoredObject)]] = [:]
  public var found: [Fact: [StoredObject]] = [:]
  public var counts: [Fact: Int] = [:]
  public var limits: [UID: TenantLimits?] = [:]
  public var policies: [UID: [StoredObject]] = [:]
  public var sequences: [Fact: Range<Int>] = [:]

  public init() {}

  public mutating func add(_ object: StoredObject) {
    byKey[ObjectKey(tenant: object.tenant, kind: object.kind, name: object.name)] = object
    byUID[object.uid] = object
  }
}
