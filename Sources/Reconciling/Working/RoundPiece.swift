// A decision as a part of a commit: what it writes, what it rests on, whom it tells.
import Core
import Kinds
import Planning
import Ports

struct RoundPiece: Sendable {
  var hand: InHand
  /// Of desired state, through the planner.
  var intents: [Intent] = []
  /// All the rest.
  var commit: Commit
  /// How the round ends when this is committed.
  var end: RoundEnd
  /// The object as it is then, where others may rest on it.
  var moved: StoredObject?

  init(hand: InHand, commit: Commit, end: RoundEnd) {
    self.hand = hand
    self.commit = commit
    self.end = end
  }
}

extension Reconciler {
  /// One transaction for all of them. Throws `CommitFailure` when what one of them rests on moved: nothing was written then.
  func commit(_ pieces: [RoundPiece], of kind: String) async throws {
    let all = pieces.map(\.commit)
    _ = try await engine.commit(
      pieces.flatMap(\.intents), origin: Self.origin(kind), dryRun: false, attempts: 1,
      extend: { commit, _ in for part in all { commit.merge(part) } })
    for piece in pieces { if let moved = piece.moved { readinessMoved(moved) } }
  }

  func fill(
    _ piece: inout RoundPiece, _ decision: Decision, _ known: Subject.Known, _ rows: [EffectRow], waiters: [WorkRequest]
  ) {
    let (object, kind, item) = (known.object, known.kind, piece.hand.item)
    let now = engine.clock.now()
    let status = Self.keepingSince(decision.status, object)
    let gone = decision.finished && object.deleting != nil
    let statusMoved = status != object.status || object.observedGeneration != object.generation
    piece.intents = Self.intents(decision.writes, object.tenant)
    piece.commit.fence = piece.hand.fence
    piece.commit.pins = pins(decision, object)
    piece.commit.effects = known.replies.map { row in
      var row = row
      row.consumed = true
      return row
    }
    piece.commit.effects += rows
    if gone {
      piece.commit.work += waiters
      piece.commit.writes.append(ObjectWrite(.remove, object, expected: object.version))
    } else if statusMoved {
      piece.commit.statuses.append(
        StatusWrite(
          tenant: object.tenant, uid: object.uid, kind: object.kind, generation: object.generation, status: status,
          events: ObservedEvents.names(kind, object, status: status, catalog: engine.catalog, now: now)))
      if kind.storage == .run, Self.isFinished(status), !Self.isFinished(object.status) {
        Self.releaseKeys(of: object, kind, &piece.commit)
      }
    }
    piece.commit.story = decision.events.map {
      StoryEvent(
        tenant: object.tenant, uid: object.uid, kind: object.kind, name: object.name, at: now, reason: $0.reason,
        message: $0.message, warning: $0.warning)
    }
    piece.commit.records = decision.records.map {
      let uid = engine.minting.uid(at: now)
      return RecordRow(
        tenant: engine.home($0.kind, object.tenant), uid: engine.catalog.kind($0.kind)?.minted(uid) ?? uid, kind: $0.kind,
        at: now, fields: $0.row)
    }
    piece.commit.work += decision.wakes.map {
      WorkRequest(tenant: object.tenant, uid: $0.uid, kind: $0.kind, due: now + $0.after)
    }
    let next = Self.nextLook(decision, object, kind).map { now + $0 }
    if rows.isEmpty { piece.commit.finished = [FinishedWork(item: item, next: gone ? nil : next, attempts: 0)] }
    var after = object
    after.status = status
    after.observedGeneration = object.generation
    if gone || after.isReady != object.isReady || statusMoved && kind.storage == .run && Self.isFinished(status) {
      piece.moved = after
    }
  }

  private func pins(_ decision: Decision, _ object: StoredObject) -> [Pin] {
    decision.limits.map { limit in
      .atMost(
        tenant: object.tenant, kind: limit.kind, .compare(.status([limit.field]), .equal, limit.value), limit.atMost,
        problem: Problem(.conflict, code: Self.limitCode, "The last place was taken."))
    }
      + decision.sums.map { sum in
        .total(
          tenant: engine.home(sum.kind, object.tenant), kind: sum.kind, name: sum.name, by: sum.by, is: sum.value,
          problem: Problem(.conflict, code: Self.limitCode, "The sum moved."))
      }
  }
}
