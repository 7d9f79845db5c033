// The planner: wishes and facts in, one complete decision out. Pure: no I/O, no clock, no chance of its own.
import Core
import Expressions
import Kinds
import Ports

public enum Planner {
  /// At most this many objects may be touched by one plan.
  public static let maxObjects = 200_000

  /// Decides, or names what must be read first. The same arguments give the same answer.
  /// - Parameter prune: objects that left a set and should go, with the reason.
  public static func plan(
    _ intents: [Intent], prune: [(tenant: UID, uid: UID)] = [], snapshot: Snapshot, context: PlanningContext
  ) -> PlanningStep {
    var run = PlannerRun(intents: intents, snapshot: snapshot, context: context)
    run.findTargets()
    for gone in prune { run.prune(tenant: gone.tenant, uid: gone.uid) }
    guard run.needs.isEmpty else { return .needs(run.sortedNeeds) }
    run.merge()
    guard run.needs.isEmpty else { return .needs(run.sortedNeeds) }
    run.repoint()
    run.deleteDependents()
    run.makeChildren()
    run.tellPlatform()
    run.checkCycles()
    run.checkRules()
    run.checkUnique()
    run.checkLimits()
    run.checkEntitlements()
    if run.needs.isEmpty { run.checkPolicies() }
    guard run.needs.isEmpty else { return .needs(run.sortedNeeds) }
    return .done(run.finish())
  }
}

/// The working state of one plan. Its steps stand in files of their own.
struct PlannerRun {
  let intents: [Intent]
  let snapshot: Snapshot
  let context: PlanningContext
  var needs: Set<Fact> = []
  var drafts: [Draft] = []
  var draftByUID: [UID: Int] = [:]
  var draftByKey: [ObjectKey: Int] = [:]
  var targets: [Int: UID] = [:]
  var minted: [UID: [String: String]] = [:]
  var problems: [Problem] = []
  /// Changes that go into git instead.
  var proposed: [ProposedChange] = []
  /// See `Plan.takesAlong`.
  var takesAlong: [Problem] = []
  /// Policies that warn and are broken.
  var warnings: [Problem] = []
  /// Observed state of a new object that nothing outside has to follow.
  let storedStatus: Value
  var records: [RecordRow] = []
  var pins: [Pin] = []
  var sequenceUse: [String: Int] = [:]
  /// Deletions that take their dependents along.
  var forced: Set<UID> = []
  /// For sentences about effects that go through references.
  var effectLookup: PlanLookup?

  init(intents: [Intent], snapshot: Snapshot, context: PlanningContext) {
    self.intents = intents
    self.snapshot = snapshot
    self.context = context
    let ready = Condition("Ready", .yes, reason: "Stored", message: "Nothing outside has to change.", since: context.now)
    storedStatus = ["conditions": [ready.value]]
  }

  var sortedNeeds: [Fact] { Array(needs) }

  /// Where objects of a kind live that a tenant's caller speaks of.
  static func home(of kind: KindSpec, tenant: UID) -> UID {
    kind.scope == .platform || kind.scope == .shared ? .rootTenant : tenant
  }

  mutating func add(_ draft: Draft) {
    draftByUID[draft.object.uid] = drafts.count
    if draft.fate != .delete {
      draftByKey[ObjectKey(tenant: draft.object.tenant, kind: draft.object.kind, name: draft.object.name)] = drafts.count
    }
    if let intent = draft.intent { targets[intent] = draft.object.uid }
    drafts.append(draft)
  }

  /// The object as it will be, or as it is. Nil when it is unknown or will be gone.
  func object(_ uid: UID) -> StoredObject? {
    if let at = draftByUID[uid] { return drafts[at].fate == .delete ? nil : drafts[at].object }
    return snapshot.byUID[uid] ?? nil
  }
}

/// References for rules: first what this plan writes, then what was read.
struct PlanLookup: ObjectLookup {
  let objects: [UID: StoredObject]
  func object(_ uid: UID) -> StoredObject? { objects[uid] }
}
