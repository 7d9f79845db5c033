// The seam for what data cannot say of a kind: a pure decision over observed facts.
import Core

/// All that a decision may read. Nothing here is a handle: the same input gives the same decision.
public struct ReconcileInput: Sendable {
  /// Desired state, references as uids. Sealed secrets arrive opened under the same names.
  public var spec: ObjectMap
  public var metadata: ObjectMetadata
  /// True when the object is to go: clean up, then answer `finished`.
  public var deleting: Bool
  /// What the last decision recorded.
  public var status: Value
  /// What the kind's service saw just now (shape: the service's docstring). Null when the service could not be asked.
  public var world: Value
  /// Objects this one refers to, by uid: `{name, kind, spec, status, ready, deleting}`.
  public var related: [UID: Value]
  /// Answers to the controller's `needs`, by name: objects in the shape of `related` with `uid` and `labels` added.
  public var needed: [String: [Value]] = [:]
  /// Replies of steps taken since the last decision, oldest first.
  public var replies: [StepReply]
  public var now: Timestamp

  public init(
    spec: ObjectMap, metadata: ObjectMetadata, deleting: Bool = false, status: Value = .null, world: Value = .null,
    related: [UID: Value] = [:], replies: [StepReply] = [], now: Timestamp
  ) {
    self.spec = spec
    self.metadata = metadata
    self.deleting = deleting
    self.status = status
    self.world = world
    self.related = related
    self.replies = replies
    self.now = now
  }

  public var conditions: [Condition] { (status["conditions"].list ?? []).compactMap { Condition($0) } }
}

/// The facts about an object that are not its spec.
public struct ObjectMetadata: Sendable, Hashable {
  public var tenant: UID
  public var uid: UID
  public var kind: String
  public var name: String
  public var generation: Int
  public var labels: [String: String]
  public var created: Timestamp
  public init(tenant: UID, uid: UID, kind: String, name: String, generation: Int, labels: [String: String], created: Timestamp) {
    self.tenant = tenant
    self.uid = uid
    self.kind = kind
    self.name = name
    self.generation = generation
    self.labels = labels
    self.created = created
  }
}

/// One call to a service, written down before it is made.
public struct Step: Sendable, Hashable {
  /// What a lost reply means. ENGINE section 5.
  public enum Class: String, Sendable { case idempotent, keyed, probed, once }
  /// Names the step within the generation, so that a step is never written twice: `start-2`.
  public var name: String
  /// Adapter that does it: `process`, `http`, `mail`, `dns`.
  public var service: String
  public var operation: String
  public var arguments: Value
  public var kind: Class
  public var deadline: Duration
  /// The arguments hold secrets: the journal keeps them sealed, and nothing shows them.
  public var sensitive = false
  public init(
    name: String, service: String, operation: String, arguments: Value, kind: Class, deadline: Duration, sensitive: Bool = false
  ) {
    self.name = name
    self.service = service
    self.operation = operation
    self.arguments = arguments
    self.kind = kind
    self.deadline = deadline
    self.sensitive = sensitive
  }
}

/// How a step ended.
public struct StepReply: Sendable, Hashable {
  public enum Outcome: String, Sendable { case done, failed, unknown }
  public var step: String
  public var outcome: Outcome
  public var value: Value
  public init(step: String, outcome: Outcome, value: Value) {
    self.step = step
    self.outcome = outcome
    self.value = value
  }
}

/// Other objects of the tenant that a decision rests on: those of `kind` for which every match holds.
public struct Need: Sendable, Hashable {
  /// A field whose value is one of `among`; a null among them means: not set.
  public struct Match: Sendable, Hashable {
    public enum Side: Sendable, Hashable { case uid, spec, status }
    public var side: Side
    public var field: String
    public var among: [Value]
    public init(_ side: Side, _ field: String = "", among: [Value]) {
      self.side = side
      self.field = field
      self.among = among
    }
  }
  /// Most objects that an answer holds.
  public static let limit = 1000
  public var name: String
  public var kind: String
  public var matches: [Match]
  public init(_ name: String, kind: String, matches: [Match]) {
    self.name = name
    self.kind = kind
    self.matches = matches
  }
}

/// A bound that the commit of a decision must keep: at most so many objects of `kind` whose observed `field` has this value.
/// When it does not hold, nothing is committed and the object is decided again from fresh facts.
public struct StatusLimit: Sendable, Hashable {
  public var kind: String
  public var field: String
  public var value: Value
  public var atMost: Int
  public init(kind: String, field: String, value: Value, atMost: Int) {
    self.kind = kind
    self.field = field
    self.value = value
    self.atMost = atMost
  }
}

/// A sum over records that a decision rests on: it must be this once the decision's own records are there. When it is not, nothing
/// is committed and the object is decided again from fresh facts.
public struct SumLimit: Sendable, Hashable {
  public var kind: String
  public var name: String
  /// In the order of the total's `by`.
  public var by: [Value]
  public var value: Value
  public init(kind: String, name: String, by: [Value], value: Value) {
    self.kind = kind
    self.name = name
    self.by = by
    self.value = value
  }
}

/// What a controller wants: recorded first, then done.
public struct Decision: Sendable {
  /// The new status: `conditions` and the kind's observed fields. Committed before any step is taken.
  public var status: Value
  /// Done in order after the commit, up to the first that is not `done` (the rest are dropped); then the object is observed
  /// and decided again.
  public var steps: [Step]
  /// Look again after this long, even if nothing changes. Nil: only when something changes.
  public var lookAgain: Duration?
  /// Facts for the story of the object (`plumb events`): reason, message; `warning` marks trouble.
  public var events: [(reason: String, message: String, warning: Bool)]
  /// Records to append in the same commit: kind and row.
  public var records: [(kind: String, row: ObjectMap)]
  /// Objects of other kinds to create, update (by uid) or delete in the same commit, through the same planner as any write.
  public var writes: [ControllerWrite]
  /// The object is gone from the world: forget it. Read only when `deleting`.
  public var finished: Bool
  /// Checked together with the commit, so that two decisions at once cannot both take the last place.
  public var limits: [StatusLimit] = []
  public var sums: [SumLimit] = []
  /// Other objects of the tenant whose controllers should look, in the same commit.
  public var wakes: [Wake] = []
  /// What is not as it was made, though nobody asked for a change: a sentence each. Whether the steps are taken is then for the
  /// kind's, the set's or the object's `onDrift` to say.
  public var drift: [String] = []
  /// The status where drift is only reported, and so nothing of the decision is done; null: the one before.
  public var held: Value = .null

  public init(
    status: Value, steps: [Step] = [], lookAgain: Duration? = nil,
    events: [(reason: String, message: String, warning: Bool)] = [],
    records: [(kind: String, row: ObjectMap)] = [], writes: [ControllerWrite] = [], finished: Bool = false,
    limits: [StatusLimit] = []
  ) {
    self.status = status
    self.steps = steps
    self.lookAgain = lookAgain
    self.events = events
    self.records = records
    self.writes = writes
    self.finished = finished
    self.limits = limits
  }
}

/// An object to look at, after a while: many wishes for one object are one look, at the earliest of their times.
public struct Wake: Sendable, Hashable {
  public var kind: String
  public var uid: UID
  public var after: Duration
  public init(kind: String, uid: UID, after: Duration) {
    self.kind = kind
    self.uid = uid
    self.after = after
  }
}

public enum ControllerWrite: Sendable {
  case create(kind: String, name: String?, spec: ObjectMap)
  case update(kind: String, uid: UID, spec: ObjectMap)
  /// What happened outside counts, whoever states otherwise: fields of manifests are taken over.
  case overrule(kind: String, uid: UID, spec: ObjectMap)
  case delete(kind: String, uid: UID)
}

/// Swift for one kind. Stateless and pure; registered by the kind's `controller:` name.
public protocol KindController: Sendable {
  var kind: String { get }
  /// The service asked for `world` before each decision, and with what; nil: none is asked.
  func observation(_ input: ReconcileInput) -> (service: String, operation: String, arguments: Value)?
  /// Other objects to read before `decide`. Asked again with `needed` filled until each name is answered, at most three times.
  func needs(_ input: ReconcileInput) -> [Need]
  func decide(_ input: ReconcileInput) -> Decision
  /// What it does happens on one host, which goes on with it: another host sees nothing of it.
  var isBoundToHost: Bool { get }
}

extension KindController {
  public func observation(_ input: ReconcileInput) -> (service: String, operation: String, arguments: Value)? { nil }
  public func needs(_ input: ReconcileInput) -> [Need] { [] }
  public var isBoundToHost: Bool { false }
}
