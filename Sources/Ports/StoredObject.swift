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

public struct StoredObject: Sendable {
  public var tenant: UID
  public var uid: UID
  public var kind: String
  public var name: String
  /// Schema revision of `spec`.
  public var rev: Int
  /// Moves with every write of desired state or metadata.
  public var version: Int
  /// Moves only when `spec` changes.
  public var generation: Int
  /// References are uids as text; sealed secrets are `{"$sealed": …}`.
  public var spec: ObjectMap
  public var owners: Owners
  public var labels: [String: String]
  public var protected: Bool
  public var created: Timestamp
  public var updated: Timestamp
  /// Set while the object is going (controllers clean up), and kept on soft-deleted ones.
  public var deleting: Timestamp?
  /// Soft-deleted: kept, but no longer live.
  public var deleted: Bool
  /// Observed state; null before the first reconcile.
  public var status: Value
  public var observedGeneration: Int

  public init(
    tenant: UID, uid: UID, kind: String, name: String, rev: Int = 1, version: Int = 0, generation: Int = 1, spec: ObjectMap,
    owners: Owners = [:], labels: [String: String] = [:], protected: Bool = false, created: Timestamp, updated: Timestamp,
    deleting: Timestamp? = nil, deleted: Bool = false, status: Value = .null, observedGeneration: Int = 0
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

  /// This manager, or one of its co-managers, states some field.
  public func isStated(by manager: Manager) -> Bool {
    owners.values.contains { $0.manager == manager || $0.also.contains { $0.manager == manager } }
  }

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
