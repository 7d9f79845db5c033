// An object as the store holds it: desired state with its owners, and the observed state beside it.
import Core
import Kinds

/// Who manages a field. Two API callers are one manager; blame still names the person.
public enum Manager: Sendable, Hashable, CustomStringConvertible {
  /// A named set of manifests, such as `git:storefront`.
  case set(String)
  case api
  case controller(String)
  /// A default of the kind, stored when the object was made.
  case standard

  public var description: String {
    switch self {
    case .set(let name): "set:\(name)"
    case .api: "api"
    case .controller(let name): "controller:\(name)"
    case .standard: "default"
    }
  }

  public init(_ text: String) {
    if text.hasPrefix("set:") {
      self = .set(String(text.dropFirst(4)))
    } else if text.hasPrefix("controller:") {
      self = .controller(String(text.dropFirst(11)))
    } else {
      self = text == "api" ? .api : .standard
    }
  }
}

/// Who last set a field, when, and from which file. Frozen at the commit that changed the value.
public struct FieldOwner: Sendable, Hashable {
  public var manager: Manager
  /// The person or key behind it, such as `user:ada@example.com` or `key:ci`.
  public var actor: String
  public var at: Timestamp
  /// Source commit (a git hash), when there is one.
  public var commit: String?
  public var place: Place?
  /// Sets that state the same value: who lets go leaves the field to the first of them.
  public var also: [FieldOwner]
  /// Co-managers that are remembered for one field.
  public static let mostAlso = 8
  public init(
    manager: Manager, actor: String, at: Timestamp, commit: String? = nil, place: Place? = nil, also: [FieldOwner] = []
  ) {
    self.also = also
    self.manager = manager
    self.actor = actor
    self.at = at
    self.commit = commit
    self.place = place
  }
}

/// Field path (`port`, `env.LOG`, `rules[ssh].port`) → owner. Top-level fields for atomic values, members for maps.
public typealias Owners = [String: FieldOwner]

/// Copied by reference until it is changed: plans, commits and views hand whole sets of objects from one to the next.
public struct StoredObject: Sendable {
  private var fields: Fields

  public var tenant: UID {
    get { fields.tenant }
    _modify {
      own()
      yield &fields.tenant
    }
  }
  public var uid: UID {
    get { fields.uid }
    _modify {
      own()
      yield &fields.uid
    }
  }
  public var kind: String {
    get { fields.kind }
    _modify {
      own()
      yield &fields.kind
    }
  }
  public var name: String {
    get { fields.name }
    _modify {
      own()
      yield &fields.name
    }
  }
  /// Schema revision of `spec`.
  public var rev: Int {
    get { fields.rev }
    _modify {
      own()
      yield &fields.rev
    }
  }
  /// Moves with every write of desired state or metadata.
  public var version: Int {
    get { fields.version }
    _modify {
      own()
      yield &fields.version
    }
  }
  /// Moves only when `spec` changes.
  public var generation: Int {
    get { fields.generation }
    _modify {
      own()
      yield &fields.generation
    }
  }
  /// References are uids as text; sealed secrets are `{"$sealed": …}`.
  public var spec: ObjectMap {
    get { fields.spec }
    _modify {
      own()
      yield &fields.spec
    }
  }
  public var owners: Owners {
    get { fields.owners }
    _modify {
      own()
      yield &fields.owners
    }
  }
  public var labels: [String: String] {
    get { fields.labels }
    _modify {
      own()
      yield &fields.labels
    }
  }
  public var protected: Bool {
    get { fields.protected }
    _modify {
      own()
      yield &fields.protected
    }
  }
  public var created: Timestamp {
    get { fields.created }
    _modify {
      own()
      yield &fields.created
    }
  }
  public var updated: Timestamp {
    get { fields.updated }
    _modify {
      own()
      yield &fields.updated
    }
  }
  /// Set while the object is going (controllers clean up), and kept on soft-deleted ones.
  public var deleting: Timestamp? {
    get { fields.deleting }
    _modify {
      own()
      yield &fields.deleting
    }
  }
  /// Soft-deleted: kept, but no longer live.
  public var deleted: Bool {
    get { fields.deleted }
    _modify {
      own()
      yield &fields.deleted
    }
  }
  /// Observed state; null before the first reconcile.
  public var status: Value {
    get { fields.status }
    _modify {
      own()
      yield &fields.status
    }
  }
  public var observedGeneration: Int {
    get { fields.observedGeneration }
    _modify {
      own()
      yield &fields.observedGeneration
    }
  }

  public init(
    tenant: UID, uid: UID, kind: String, name: String, rev: Int = 1, version: Int = 0, generation: Int = 1, spec: ObjectMap,
    owners: Owners = [:], labels: [String: String] = [:], protected: Bool = false, created: Timestamp, updated: Timestamp,
    deleting: Timestamp? = nil, deleted: Bool = false, status: Value = .null, observedGeneration: Int = 0
  ) {
    fields = Fields(
      tenant: tenant, uid: uid, kind: kind, name: name, rev: rev, version: version, generation: generation, spec: spec,
      owners: owners,
      labels: labels, protected: protected, created: created, updated: updated, deleting: deleting, deleted: deleted,
      status: status,
      observedGeneration: observedGeneration)
  }

  /// Makes the fields this value's own before they change.
  private mutating func own() {
    if !isKnownUniquelyReferenced(&fields) { fields = fields.copy() }
  }

  /// Changed only while one value alone refers to it.
  private final class Fields: @unchecked Sendable {
    var tenant: UID
    var uid: UID
    var kind: String
    var name: String
    var rev: Int
    var version: Int
    var generation: Int
    var spec: ObjectMap
    var owners: Owners
    var labels: [String: String]
    var protected: Bool
    var created: Timestamp
    var updated: Timestamp
    var deleting: Timestamp?
    var deleted: Bool
    var status: Value
    var observedGeneration: Int

    init(
      tenant: UID, uid: UID, kind: String, name: String, rev: Int, version: Int, generation: Int, spec: ObjectMap, owners: Owners,
      labels: [String: String], protected: Bool, created: Timestamp, updated: Timestamp, deleting: Timestamp?, deleted: Bool,
      status: Value, observedGeneration: Int
    ) {
      self.tenant = tenant
      self.uid = uid
      self.kind = kind
      self.name = name
      self.rev = rev
      self.version = version
      self.generation = generation
      self.spec = spec
      self.owners = owners
      self.labels = labels
      self.protected = protected
      self.created = created
      self.updated = updated
      self.deleting = deleting
      self.deleted = deleted
      self.status = status
      self.observedGeneration = observedGeneration
    }

    func copy() -> Fields {
      Fields(
        tenant: tenant, uid: uid, kind: kind, name: name, rev: rev, version: version, generation: generation, spec: spec,
        owners: owners, labels: labels, protected: protected, created: created, updated: updated, deleting: deleting,
        deleted: deleted, status: status, observedGeneration: observedGeneration)
    }
  }

  /// This manager, or one of its co-managers, states some field.
  public func isStated(by manager: Manager) -> Bool {
    owners.values.contains { $0.manager == manager || $0.also.contains { $0.manager == manager } }
  }

  public var place: ObjectPlace { ObjectPlace(tenant: tenant, uid: uid) }
  public var metadata: ObjectMetadata {
    ObjectMetadata(tenant: tenant, uid: uid, kind: kind, name: name, generation: generation, labels: labels, created: created)
  }
  public var conditions: [Condition] { (status["conditions"].list ?? []).compactMap { Condition($0) } }
  /// Ready for its present generation.
  public var isReady: Bool {
    observedGeneration >= generation && conditions.contains { $0.type == "Ready" && $0.truth == .yes }
  }
  /// `Kind/name`
  public var label: String { "\(kind)/\(name)" }
}
