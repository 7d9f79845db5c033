// Writes of desired and observed state: what a commit does to one object, with the keys and references that it holds then.
import Core

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
