// What someone wants of one object: the planner's only input besides what is stored. Manifests, API calls and controllers all become intents.
import Core
import Kinds

/// A wish about one object. Field values are as stored, except that a reference may be a name (or `{name, tenant}`) instead of a uid.
public struct Intent: Sendable {
  public enum Operation: Sendable, Hashable {
    /// The manager states exactly these fields: what it stated before and leaves out now goes back to nobody. Creates when absent.
    case apply
    /// A new object; a conflict when its key is taken.
    case create
    /// Only the fields given change; null clears. Missing object: a problem.
    case patch
    /// All writable fields are given; absent ones are cleared. Missing object: a problem.
    case replace
    case delete
    /// A soft-deleted object lives again.
    case restore
    /// Goes back to a former version: `fields`, `owners` and `labels` are those of then. Made anew when it is gone.
    case revert
  }

  public enum Target: Sendable, Hashable {
    case key(ObjectKey)
    case uid(tenant: UID, kind: String, UID)
    /// Creation without a name: the kind's identity, or the uid, gives it.
    case new(tenant: UID, kind: String)
  }

  public var operation: Operation
  public var target: Target
  public var fields: ObjectMap
  /// Nil: leave as they are.
  public var labels: [String: String]?
  public var protect: Bool?
  /// Where this was written (`Place.item`: which item of a request's list), and where each `/spec/…` pointer stands.
  public var place: Place?
  public var places: [String: Place]
  /// Take over fields of other managers instead of failing.
  public var takeOver: Bool
  /// The version that the caller saw; a conflict when it moved.
  public var expectedVersion: Int?
  /// Fields and types were checked already (manifests).
  public var checked: Bool
  /// Fields with `writer: controller` may be given (controllers only), and `writer: api` ones (API and controllers).
  public var writer: FieldSpec.Writer
  /// For manifests: hash of the raw document, for the inventory.
  public var hash: [UInt8]
  /// The uid of the object, should it be created: for a tenant that other intents of the same write stand in.
  public var newUID: UID?
  /// The name that the object had, or is to have: it is renamed, and everything that refers to it follows.
  public var movedFrom: String?
  public var newName: String?
  /// Fields that the manager leaves to others: let go of, with their value.
  public var unmanaged: [String] = []
  /// `correct` or `report`: what becomes of drift of this object.
  public var onDrift: String?
  /// The object must exist: it is taken over, not made.
  public var adopts = false
  /// For `revert`.
  public var owners: Owners = [:]
  /// Fields (all: empty) that pass to another manager; nil manager: to nobody.
  public var handover: Handover?
  /// Delete dependents that would otherwise forbid the deletion (confirmed by the caller).
  public var force: Bool

  public init(
    _ operation: Operation, _ target: Target, fields: ObjectMap = [:], labels: [String: String]? = nil, protect: Bool? = nil,
    place: Place? = nil, places: [String: Place] = [:], takeOver: Bool = false, expectedVersion: Int? = nil,
    checked: Bool = false,
    writer: FieldSpec.Writer = .api, hash: [UInt8] = [], newUID: UID? = nil, force: Bool = false
  ) {
    self.operation = operation
    self.target = target
    self.fields = fields
    self.labels = labels
    self.protect = protect
    self.place = place
    self.places = places
    self.takeOver = takeOver
    self.expectedVersion = expectedVersion
    self.checked = checked
    self.writer = writer
    self.hash = hash
    self.newUID = newUID
    self.force = force
  }

  public struct Handover: Sendable {
    public var to: Manager?
    public var fields: [String]
    public init(to: Manager?, fields: [String]) {
      self.to = to
      self.fields = fields
    }
  }

  public var tenant: UID {
    switch target {
    case .key(let key): key.tenant
    case .uid(let tenant, _, _), .new(let tenant, _): tenant
    }
  }
  public var kind: String {
    switch target {
    case .key(let key): key.kind
    case .uid(_, let kind, _), .new(_, let kind): kind
    }
  }
}

extension Place {
  /// A position in a list of the request, from 0 on. It tells faults of items apart and is never stored.
  public static func item(_ number: Int) -> Place { Place(file: "", line: number, column: 0) }
  /// The position, where this is one.
  public var item: Int? { file.isEmpty ? line : nil }
}
