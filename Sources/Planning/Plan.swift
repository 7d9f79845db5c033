// What would be done, and why: the answer of the planner. Applying it decides nothing more.
import Core
import Kinds
import Ports

/// One object's part of a plan.
public struct PlanItem: Sendable {
  public enum Action: String, Sendable { case create, update, delete, adopt, unchanged, restore, replace, rename }
  /// One field's change. Secrets are masked: both values are null and `secret` is true.
  public struct FieldChange: Sendable, Hashable {
    public var path: String
    public var before: Value
    public var after: Value
    public var secret: Bool
    public init(path: String, before: Value, after: Value, secret: Bool = false) {
      self.path = path
      self.before = before
      self.after = after
      self.secret = secret
    }
  }
  public var action: Action
  public var tenant: UID
  public var uid: UID
  public var kind: String
  public var name: String
  public var changes: [FieldChange]
  /// Why, where it is not the caller's own wish: `cascade from Project/shop`, `left the set`.
  public var reason: String?
  public var place: Place?
  /// The intent it answers; nil for consequences.
  public var intent: Int?
  /// What it makes the services do, in sentences.
  public var effects: [String] = []
  /// Fields whose change cannot be had but by replacing the object, and the object that goes for it.
  public var forcedBy: [String] = []
  public var replaces: UID?
  /// The name before, of what is renamed.
  public var formerName: String?
  public init(
    action: Action, tenant: UID, uid: UID, kind: String, name: String, changes: [FieldChange] = [], reason: String? = nil,
    place: Place? = nil, intent: Int? = nil
  ) {
    self.action = action
    self.tenant = tenant
    self.uid = uid
    self.kind = kind
    self.name = name
    self.changes = changes
    self.reason = reason
    self.place = place
    self.intent = intent
  }
  public var label: String { "\(kind)/\(name)" }
}

/// A complete decision: what people read (`items`), and the one transaction that does it (`commit`).
public struct Plan: Sendable {
  public var items: [PlanItem]
  public var commit: Commit
  /// Objects as they will be, by uid, for answering without another read.
  public var results: [UID: StoredObject]
  /// Secrets minted for the caller, by object and field; shown once, stored only hashed or sealed.
  public var minted: [UID: [String: String]]
  /// Nothing may be done while there is one.
  public var problems: [Problem]
  /// Changes that were asked for and that go into git instead; none of them is part of the commit.
  public var proposed: [ProposedChange] = []
  /// Policies that it breaks and that only warn.
  public var warnings: [Problem] = []
  /// Objects that go and take declared ones along, which nobody asked for: a person is asked where one can be.
  public var takesAlong: [Problem] = []
  /// What somebody must agree to first; empty when that was done.
  public var asks: [Problem] = []
  /// Intent index → object.
  public var targets: [Int: UID]

  public init(
    items: [PlanItem], commit: Commit, results: [UID: StoredObject], minted: [UID: [String: String]], problems: [Problem],
    targets: [Int: UID]
  ) {
    self.items = items
    self.commit = commit
    self.results = results
    self.minted = minted
    self.problems = problems
    self.targets = targets
  }

  public func count(_ action: PlanItem.Action) -> Int {
    var count = 0
    // By index: items are large, and a loop over them would copy each.
    for at in items.indices where items[at].action == action { count += 1 }
    return count
  }
  public var hasChanges: Bool { items.contains { $0.action != .unchanged } }
}
