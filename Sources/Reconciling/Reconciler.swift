// One object brought to where it should be: observe, decide, commit, act, observe again.
import Core
import Execution
import Kinds
import Planning
import Ports

public struct Reconciler: Sendable {
  /// Decisions of one item in a row; then it is queued again, so that others have their turn.
  public static let maxRounds = 24
  /// How often a controller may name further needs before it decides.
  static let maxNeedRounds = 3
  /// A status larger than this is a fault of its controller.
  static let maxStatusBytes = 256 * 1024

  let engine: Engine
  let services: Services
  let runner: StepRunner
  let controllers: [String: any KindController]
  let opening: SecretOpening
  /// Told when an object became ready or ceased to be, so that those who refer to it look again.
  let readinessMoved: @Sendable (StoredObject) -> Void
  public let drift: DriftTally

  public init(
    engine: Engine, services: Services, runner: StepRunner, controllers: [any KindController], sealing: any SecretSealing,
    readinessMoved: @escaping @Sendable (StoredObject) -> Void, drift: DriftTally = DriftTally()
  ) {
    self.drift = drift
    self.engine = engine
    self.services = services
    self.runner = runner
    self.controllers = Dictionary(controllers.map { ($0.kind, $0) }, uniquingKeysWith: { first, _ in first })
    opening = SecretOpening(sealing: sealing)
    self.readinessMoved = readinessMoved
  }

  var store: any StorePort { engine.store }

  /// Works on one item until nothing is left to do at once. Throws `CommitFailure.fenced` when the shard is another's now.
  /// - Parameter holds: whether the lease still runs; no step begins after its end, though the database cannot be asked.
  public func reconcile(_ item: WorkItem, fence: Fence, holds: @escaping @Sendable () -> Bool = { true }) async throws {
    for round in 1...Self.maxRounds {
      guard let object = try await store.objects(tenant: item.tenant, uids: [item.uid]).first, !object.deleted,
        let kind = engine.catalog.kind(object.kind)
      else { return try await finish(item, fence) }
      if let waiting = try await waitForDependents(object, kind, engine.clock.now()) {
        return try await commit(waiting, object, kind, [], [], item, fence)
      }
      guard let controller = controllers[object.kind] else { return try await restoreStatus(object, kind, item, fence) }
      let replies = try await replies(object, fence, holds)
      var input = try await input(object, kind, controller, replies)
      var decision = expire(object, kind, input.now) ?? controller.decide(input)
      if let failed = tooLarge(decision, object, input.now) { decision = failed }
      decision = try await settleDrift(decision, object, kind, input.now)
      if round == Self.maxRounds, !decision.steps.isEmpty {
        decision.steps = []
        decision.lookAgain = .milliseconds(100)
      }
      input.replies = []
      do {
        let rows = try decision.steps.map { try runner.intent($0, metadata: object.metadata) }
        try await commit(decision, object, kind, rows, replies, item, fence)
        if decision.steps.isEmpty { return }
        try await act(rows, object, fence, holds)
      } catch CommitFailure.fenced { throw CommitFailure.fenced } catch is CommitFailure { continue } catch let problems
        as Problems where problems.list.contains(where: { $0.code == Self.limitCode })
      {
        continue
      }
    }
    try await finish(item, fence, next: engine.clock.now() + .milliseconds(100))
  }

  static let limitCode = "status_limit"

  // MARK: Reading

  /// Replies that no decision has read yet; intents whose reply was lost are resolved first.
  private func replies(_ object: StoredObject, _ fence: Fence, _ holds: @Sendable () -> Bool) async throws -> [EffectRow] {
    var rows = try await store.effects(tenant: object.tenant, uid: object.uid, unconsumedOnly: true)
    var resolved: [EffectRow] = []
    for at in rows.indices where rows[at].state == .intended {
      guard holds() else { throw CommitFailure.fenced }
      let row = rows[at]
      rows[at] = await StepFence.$current.withValue(fence) { await runner.resume(row, metadata: object.metadata) }
      resolved.append(rows[at])
      // What follows a step that did not succeed was decided for a world that is not there.
      if rows[at].state != .done {
        for later in rows.indices where later > at && rows[later].state == .intended {
          rows[later].state = .failed
          rows[later].consumed = true
          resolved.append(rows[later])
        }
        break
      }
    }
    if !resolved.isEmpty {
      var commit = Commit(origin: origin(object))
      commit.effects = resolved
      commit.fence = fence
      _ = try await store.commit(commit)
    }
    return rows.filter { $0.state != .intended && !$0.consumed }
  }

  private func input(
    _ object: StoredObject, _ kind: KindSpec, _ controller: any KindController, _ replies: [EffectRow]
  ) async throws -> ReconcileInput {
    var input = ReconcileInput(
      spec: try opening.open(object.spec, kind: kind), metadata: object.metadata, deleting: object.deleting != nil,
      status: Self.withoutDrift(object.status),
      replies: replies.map { row in
        StepReply(
          step: row.step.name, outcome: row.state == .done ? .done : row.state == .unknown ? .unknown : .failed, value: row.reply)
      }, now: engine.clock.now())
    let targets = kind.references(in: object.spec).compactMap { $0.value.string.flatMap { UID($0) } }
    if !targets.isEmpty {
      for other in try await store.objects(tenant: nil, uids: Array(Set(targets)).sorted()) {
        input.related[other.uid] = try shown(other)
      }
    }
    if let ask = controller.observation(input), let service = services[ask.service] {
      input.world = (try? await service.observe(object.metadata, operation: ask.operation, arguments: ask.arguments)) ?? .null
    }
    for _ in 0..<Self.maxNeedRounds {
      let open = controller.needs(input).filter { input.needed[$0.name] == nil }
      if open.isEmpty { break }
      for need in open { input.needed[need.name] = try await answer(need, object.tenant) }
    }
    return input
  }

  private func answer(_ need: Need, _ tenant: UID) async throws -> [Value] {
    let parts = need.matches.map { match -> Predicate in
      let path: FieldPath =
        switch match.side {
        case .uid: .uid
        case .spec: match.field == "name" ? .name : .spec([match.field])
        case .status: .status([match.field])
        }
      let values = match.among.filter { !$0.isNull }
      let among = Predicate.among(path, values)
      return values.count == match.among.count ? among : .any([.isNull(path), among])
    }
    let query = ObjectQuery(tenant: engine.home(need.kind, tenant), kind: need.kind, predicate: .all(parts), limit: Need.limit)
    return try await store.list(query).objects.map { try shown($0) }
  }

  private func shown(_ object: StoredObject) throws -> Value {
    let spec = try engine.catalog.kind(object.kind).map { try opening.open(object.spec, kind: $0) } ?? object.spec
    return [
      "uid": .string(object.uid.description), "name": .string(object.name), "kind": .string(object.kind),
      "labels": .object(ObjectMap(object.labels.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })),
      "spec": .object(spec),
      "status": object.status, "ready": .bool(object.isReady), "deleting": .bool(object.deleting != nil),
    ]
  }

  // MARK: Writing

  private func commit(
    _ decision: Decision, _ object: StoredObject, _ kind: KindSpec, _ rows: [EffectRow], _ replies: [EffectRow], _ item: WorkItem,
    _ fence: Fence
  ) async throws {
    let now = engine.clock.now()
    let origin = origin(object)
    let status = Self.keepingSince(decision.status, object)
    let next = Self.nextLook(decision, object, kind).map { now + $0 }
    var pins: [Pin] = []
    for limit in decision.limits {
      pins.append(
        .atMost(
          tenant: object.tenant, kind: limit.kind, .compare(.status([limit.field]), .equal, limit.value), limit.atMost,
          problem: Problem(.conflict, code: Self.limitCode, "The last place was taken.")))
    }
    for sum in decision.sums {
      pins.append(
        .total(
          tenant: engine.home(sum.kind, object.tenant), kind: sum.kind, name: sum.name, by: sum.by, is: sum.value,
          problem: Problem(.conflict, code: Self.limitCode, "The sum moved.")))
    }
    let gone = decision.finished && object.deleting != nil
    let waiting = gone ? try await waiters(for: object, kind) : []
    let statusMoved = status != object.status || object.observedGeneration != object.generation
    let consumed = replies.map { row -> EffectRow in
      var row = row
      row.consumed = true
      return row
    }
    let extras = (pins: pins, consumed: consumed)
    let outcome = try await engine.commit(
      Self.intents(decision.writes, object.tenant), origin: origin, dryRun: false,
      extend: { commit, _ in
        commit.fence = fence
        commit.pins += extras.pins
        commit.effects += extras.consumed + rows
        if gone {
          commit.work += waiting
          commit.writes.append(ObjectWrite(.remove, object, expected: object.version))
        } else if statusMoved {
          commit.statuses.append(
            StatusWrite(
              tenant: object.tenant, uid: object.uid, kind: object.kind, generation: object.generation, status: status))
          if kind.storage == .run, Self.isFinished(status), !Self.isFinished(object.status) {
            Self.releaseKeys(of: object, kind, &commit)
          }
        }
        commit.story += decision.events.map {
          StoryEvent(
            tenant: object.tenant, uid: object.uid, kind: object.kind, name: object.name, at: now, reason: $0.reason,
            message: $0.message,
            warning: $0.warning)
        }
        commit.records += decision.records.map {
          RecordRow(
            tenant: engine.home($0.kind, object.tenant), uid: engine.minting.uid(at: now), kind: $0.kind, at: now, fields: $0.row)
        }
        commit.work += decision.wakes.map {
          WorkRequest(tenant: object.tenant, uid: $0.uid, kind: $0.kind, due: now + $0.after)
        }
        if rows.isEmpty { commit.finished = [FinishedWork(item: item, next: gone ? nil : next, attempts: 0)] }
      })
    _ = outcome
    var after = object
    after.status = status
    after.observedGeneration = object.generation
    if gone || after.isReady != object.isReady || statusMoved && kind.storage == .run && Self.isFinished(status) {
      readinessMoved(after)
    }
  }

  /// The steps of one decision in order, up to the first that is not done; replies are journaled at once.
  private func act(_ rows: [EffectRow], _ object: StoredObject, _ fence: Fence, _ holds: @Sendable () -> Bool) async throws {
    var done: [EffectRow] = []
    var stopped = false
    for row in rows {
      if stopped {
        var dropped = row
        dropped.state = .failed
        dropped.consumed = true
        dropped.reply = ["error": ["code": "dropped", "message": "An earlier step was not done."]]
        done.append(dropped)
        continue
      }
      guard holds() else { throw CommitFailure.fenced }
      let replied = await StepFence.$current.withValue(fence) { await runner.perform(row, metadata: object.metadata) }
      done.append(replied)
      stopped = replied.state != .done
    }
    var commit = Commit(origin: origin(object))
    commit.effects = done
    commit.fence = fence
    _ = try await store.commit(commit)
  }

  private func finish(_ item: WorkItem, _ fence: Fence, next: Timestamp? = nil) async throws {
    var commit = Commit(origin: Origin(manager: .controller(item.kind), actor: "controller:\(item.kind)", action: "reconcile"))
    commit.finished = [FinishedWork(item: item, next: next, attempts: 0)]
    commit.fence = fence
    _ = try await store.commit(commit)
  }

  func origin(_ object: StoredObject) -> Origin {
    Origin(manager: .controller(object.kind), actor: "controller:\(object.kind)", action: "reconcile")
  }

  static func intents(_ writes: [ControllerWrite], _ tenant: UID) -> [Intent] {
    writes.map { write in
      switch write {
      case .create(let kind, let name, let spec):
        Intent(
          .create, name.map { .key(ObjectKey(tenant: tenant, kind: kind, name: $0)) } ?? .new(tenant: tenant, kind: kind),
          fields: spec,
          writer: .controller)
      case .update(let kind, let uid, let spec):
        Intent(.patch, .uid(tenant: tenant, kind: kind, uid), fields: spec, writer: .controller)
      case .delete(let kind, let uid): Intent(.delete, .uid(tenant: tenant, kind: kind, uid), writer: .controller)
      }
    }
  }
}
