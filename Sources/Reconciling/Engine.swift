// The engine's front door: every change of desired state goes through `write` or `apply`, and takes the same path.
import Core
import Kinds
import Planning
import Ports

/// Options of a write.
public struct WriteOptions: Sendable {
  /// Plan only; nothing is committed.
  public var dryRun: Bool
  public init(dryRun: Bool = false) { self.dryRun = dryRun }
}

/// What a write did.
public struct WriteOutcome: Sendable {
  public var plan: Plan
  /// Feed position by tenant after the commit; empty for a dry run or when nothing changed.
  public var positions: [UID: Int]
  public init(plan: Plan, positions: [UID: Int]) {
    self.plan = plan
    self.positions = positions
  }
  /// The object that intent number `index` was about, as it is now. Nil when it was removed.
  public func object(_ index: Int) -> StoredObject? { plan.targets[index].flatMap { plan.results[$0] } }
}

/// What the views may ask of the engine.
public protocol WritePort: Sendable {
  /// Plans the intents together and commits them in one transaction; plans again when something moved (at most `Engine.maxAttempts` times).
  /// `guards` runs on every attempt with the target objects as read (index by intent), so that a decision rests on locked facts.
  /// Throws Problems.
  func write(
    _ intents: [Intent], origin: Origin, options: WriteOptions, attaching: Attachments,
    guards: (@Sendable ([Int: StoredObject]) throws -> [Intent])?
  ) async throws -> WriteOutcome
}

extension WritePort {
  public func write(
    _ intents: [Intent], origin: Origin, options: WriteOptions, guards: (@Sendable ([Int: StoredObject]) throws -> [Intent])?
  ) async throws -> WriteOutcome {
    try await write(intents, origin: origin, options: options, attaching: Attachments(), guards: guards)
  }
}

/// Plans against what is stored, commits, and plans again when the ground moved.
public final class Engine: WritePort, Sendable {
  /// How often a write is planned again before it gives up with a conflict.
  public static let maxAttempts = 8
  /// How often one plan may ask for more facts. Each round reads at least one new fact.
  public static let maxRounds = 120

  public let catalog: KindCatalog
  public let store: any StorePort
  public let clock: any Clock
  let minting: any Minting
  let cleanup: Set<String>
  let policies = PolicyPrograms()
  let intake: SecretIntake
  let opening: SecretOpening
  let loader: SnapshotLoader
  let guardian: DeletionGuard
  /// Called with each commit's result before anyone is answered: caches are told here.
  let committed: @Sendable (CommitResult) -> Void

  public init(
    catalog: KindCatalog, store: any StorePort, clock: any Clock, sealing: any SecretSealing, minting: any Minting,
    cleanup: Set<String>, committed: @escaping @Sendable (CommitResult) -> Void = { _ in }
  ) {
    self.catalog = catalog
    self.store = store
    self.clock = clock
    self.minting = minting
    self.cleanup = cleanup
    self.committed = committed
    intake = SecretIntake(catalog: catalog, sealing: sealing, minting: minting, reads: store)
    opening = SecretOpening(sealing: sealing)
    loader = SnapshotLoader(store: store, catalog: catalog)
    guardian = DeletionGuard(
      tokens: ConfirmTokens(
        store: store, clock: clock, mint: { minting.token(prefix: $0, length: $1) }, digest: { sealing.hash($0) }))
  }

  public func write(
    _ intents: [Intent], origin: Origin, options: WriteOptions = WriteOptions(),
    attaching: Attachments = Attachments(), guards: (@Sendable ([Int: StoredObject]) throws -> [Intent])? = nil
  ) async throws -> WriteOutcome {
    try await commit(
      intents, origin: origin, dryRun: options.dryRun, guards: guards, extend: { commit, _ in attaching.add(to: &commit) })
  }

  /// The shared path of all writes.
  /// - Parameters:
  ///   - prune: objects that left a set.
  ///   - extend: adds to the commit what is not desired state: inventory, observed state, journal.
  ///   - prepared: secrets are in their stored form already.
  ///   - attempts: 1: throws the `CommitFailure` to whoever decides again.
  ///   - deletions: who is asked before much is deleted; nil: nobody.
  func commit(
    _ intents: [Intent], prune: [(tenant: UID, uid: UID)] = [], origin: Origin, dryRun: Bool, prepared: Bool = false,
    deletions: DeletionQuestion? = nil, attempts: Int = Engine.maxAttempts,
    guards: (@Sendable ([Int: StoredObject]) throws -> [Intent])? = nil,
    check: (@Sendable (Plan) async throws -> Void)? = nil, extend: (@Sendable (inout Commit, Plan) -> Void)? = nil
  ) async throws -> WriteOutcome {
    let ready = prepared ? intents : try await intake.prepare(intents)
    var last: CommitFailure?
    var agreed: Value?
    for _ in 0..<attempts {
      var snapshot = Snapshot()
      var all = ready
      if let guards {
        let further = try guards(try await targets(ready, &snapshot))
        all += try await intake.prepare(further)
      }
      var plan = try await self.plan(all, prune: prune, origin: origin, snapshot: &snapshot, confirmed: agreed != nil)
      var back: WriteBack?
      if origin.manager == .api, WriteBack.concerns(plan) {
        let found = try await WriteBack.read(plan, engine: self)
        (plan, all) = try await found.settle(plan, all, prune: prune, origin: origin, engine: self, snapshot: &snapshot)
        back = found
      }
      if let question = deletions {
        let reasons = agreed == nil ? DeletionGuard.reasons(plan, question) : []
        if !reasons.isEmpty {
          let others = plan.problems.filter { !DeletionGuard.askable.contains($0.code) }
          guard others.isEmpty else { throw Problems(others) }
          plan = try await self.plan(
            all, prune: prune, origin: origin, writeBack: back?.modes ?? [:], snapshot: &snapshot, confirmed: true)
          guard plan.problems.isEmpty else { throw Problems(plan.problems) }
          if dryRun {
            plan.asks = reasons
          } else {
            try await guardian.agree(plan, question, reasons: reasons)
            agreed = guardian.claim(plan, question)
          }
        } else if let agreed, guardian.claim(plan, question) != agreed {
          throw Problems(
            Problem(.refused, code: "confirm_token", "What would be deleted changed meanwhile.", fix: "Repeat without the token.")
          )
        }
      }
      try await check?(plan)
      guard plan.problems.isEmpty else { throw Problems(plan.problems) }
      RequestNotes.current?.warn(plan.warnings)
      if dryRun { return WriteOutcome(plan: plan, positions: [:]) }
      extend?(&plan.commit, plan)
      back?.wake(&plan.commit, now: clock.now())
      if plan.commit.isEmpty { return WriteOutcome(plan: plan, positions: [:]) }
      do {
        let result = try await store.commit(plan.commit)
        committed(result)
        for (uid, version) in result.versions { plan.results[uid]?.version = version }
        RequestNotes.current?.propose(WriteBack.proposals(in: plan))
        return WriteOutcome(plan: plan, positions: result.positions)
      } catch CommitFailure.exceeded(let problems) {
        throw Problems(problems)
      } catch CommitFailure.fenced {
        throw CommitFailure.fenced
      } catch let failure as CommitFailure {
        if attempts == 1 { throw failure }
        last = failure
      }
    }
    throw Problem(
      .conflict, code: "busy", "The objects kept changing while this was planned (\(Self.describe(last))).", fix: "Try again.")
  }

  /// Plans until the planner has read all it needs.
  func plan(
    _ intents: [Intent], prune: [(tenant: UID, uid: UID)], origin: Origin, writeBack: [Manager: WriteBackMode] = [:],
    snapshot: inout Snapshot, confirmed: Bool = false
  ) async throws -> Plan {
    var context = PlanningContext(
      catalog: catalog, now: clock.now(), origin: origin, minting: minting, cleanup: cleanup, policies: policies)
    context.writeBack = writeBack
    context.confirmed = confirmed
    var last: [Fact] = []
    for _ in 0..<Self.maxRounds {
      switch Planner.plan(intents, prune: prune, snapshot: snapshot, context: context) {
      case .needs(let needs):
        last = needs
        try await loader.load(needs, into: &snapshot)
      case .done(let plan): return plan
      }
    }
    throw Problem(
      .failure, code: "planning",
      "The plan needs more facts than can be read in \(Self.maxRounds) rounds, such as \(last.prefix(3)).")
  }

  /// The stored objects that the intents are about.
  private func targets(_ intents: [Intent], _ snapshot: inout Snapshot) async throws -> [Int: StoredObject] {
    var needs: [Fact] = []
    for intent in intents {
      switch intent.target {
      case .key(let key): needs.append(.key(ObjectKey(tenant: home(key.kind, key.tenant), kind: key.kind, name: key.name)))
      case .uid(let tenant, let kind, let uid): needs.append(.uid(tenant: home(kind, tenant), uid))
      case .new: break
      }
    }
    if !needs.isEmpty { try await loader.load(needs, into: &snapshot) }
    var found: [Int: StoredObject] = [:]
    for (index, intent) in intents.enumerated() {
      switch intent.target {
      case .key(let key):
        found[index] = snapshot.byKey[ObjectKey(tenant: home(key.kind, key.tenant), kind: key.kind, name: key.name)] ?? nil
      case .uid(_, _, let uid): found[index] = snapshot.byUID[uid] ?? nil
      case .new: break
      }
    }
    return found
  }

  /// The tenant in whose rows a kind's objects stand.
  public func home(_ kind: String, _ tenant: UID) -> UID {
    guard let spec = catalog.kind(kind), spec.scope == .platform || spec.scope == .shared else { return tenant }
    return .rootTenant
  }

  static func describe(_ failure: CommitFailure?) -> String {
    switch failure {
    case .moved(let uids): "\(uids.count) moved"
    case .taken: "a unique key was taken"
    case .missing: "a referenced object went away"
    case .referenced: "something refers to a deleted object"
    default: "unknown"
    }
  }
}

extension Commit {
  /// Nothing that the store would write.
  var isEmpty: Bool {
    writes.isEmpty && statuses.isEmpty && inventory.isEmpty && records.isEmpty && story.isEmpty && effects.isEmpty && work.isEmpty
      && finished.isEmpty && series.isEmpty && tallies.isEmpty
  }
}
