// What is decided of each object of a round, once all that it rests on has been read. Reads only what the decisions call for.
import Core
import Kinds
import Planning
import Ports

extension Round {
  mutating func decide() async throws {
    let waiting = try await dependents()
    for at in open {
      guard let subject = subjects[at] else { continue }
      guard let known = subject.known else {
        made(at, piece(subject.hand))
        continue
      }
      let (object, kind) = (known.object, known.kind)
      if let holders = waiting[object.place] {
        decided(at, Reconciler.wait(for: holders, object, reconciler.engine.clock.now()))
      } else if let controller = subject.controller(reconciler) {
        guard let input = subject.input else { continue }
        guard hands[at].rounds < Reconciler.maxRounds else {
          made(at, piece(subject.hand, next: input.now + Reconciler.pause))
          continue
        }
        let decision = reconciler.expire(object, kind, input.now) ?? controller.decide(input)
        decided(at, reconciler.tooLarge(decision, object, input.now) ?? decision)
      } else {
        made(at, restored(subject.hand, object, kind))
      }
    }
    try await settleDrift()
    for at in open {
      guard let subject = subjects[at], let decision = subject.decision, let known = subject.known else { continue }
      do { made(at, try piece(subject.hand, decision, known)) } catch { end(at, .failed(error)) }
    }
  }

  private mutating func made(_ at: Int, _ piece: RoundPiece) {
    subjects[at]?.piece = piece
  }

  private mutating func decided(_ at: Int, _ decision: Decision) {
    subjects[at]?.decision = decision
  }

  /// What those that go must wait for, where there is something.
  private func dependents() async throws -> [ObjectPlace: [StoredObject]] {
    let now = reconciler.engine.clock.now()
    var going: [UID: [Subject.Known]] = [:]
    for at in open {
      guard let known = subjects[at]?.known, let since = known.object.deleting, now < since + Reconciler.longestDeletionWait
      else {
        continue
      }
      going[known.object.tenant, default: []].append(known)
    }
    var waiting: [ObjectPlace: [StoredObject]] = [:]
    for (tenant, subjects) in going.sorted(by: { $0.key < $1.key }) {
      let rows = try await reconciler.store.referrers(
        tenant: tenant, of: subjects.map(\.object.uid), each: Reconciler.mostDependents)
      let holders = Dictionary(grouping: rows, by: \.target).mapValues { $0.map(\.object) }
      for known in subjects {
        let targets = Reconciler.targets(known.object, known.kind)
        let left = (holders[known.object.uid] ?? []).filter { $0.uid != known.object.uid && !targets.contains($0.uid) }
        if !left.isEmpty { waiting[known.object.place] = left }
      }
    }
    return waiting
  }

  /// Drift is laid over the decisions that met some.
  private mutating func settleDrift() async throws {
    let met = open.filter { at in
      subjects[at]?.decision?.drift.isEmpty == false && subjects[at]?.known.map { Reconciler.driftCounts($0.object) } == true
    }
    if met.isEmpty { return }
    let policies = try await reconciler.driftPolicies(met.compactMap { subjects[$0]?.known }.map { ($0.object, $0.kind) })
    for at in met {
      guard let decision = subjects[at]?.decision, let known = subjects[at]?.known, let input = subjects[at]?.input else {
        continue
      }
      decided(
        at,
        reconciler.settleDrift(decision, known.object, known.kind, policies[known.object.uid] ?? .correct, input.now))
    }
  }

  // MARK: Pieces

  /// Nothing but: this item is finished.
  private func piece(_ hand: InHand, next: Timestamp? = nil) -> RoundPiece {
    var commit = Commit(origin: Reconciler.origin(hand.item.kind))
    commit.fence = hand.fence
    commit.finished = [FinishedWork(item: hand.item, next: next, attempts: 0)]
    return RoundPiece(hand: hand, commit: commit, end: .done)
  }

  /// A kind without a controller is as it should be once it is stored.
  private func restored(_ hand: InHand, _ object: StoredObject, _ kind: KindSpec) -> RoundPiece {
    var piece = piece(hand)
    guard kind.storage == .resource else { return piece }
    if object.deleting != nil {
      piece.commit.writes = [ObjectWrite(.remove, object, expected: object.version)]
      piece.commit.work = waiters(for: object, kind)
    } else {
      reconciler.restoreStatus(object, &piece.commit)
    }
    return piece
  }

  private func piece(_ hand: InHand, _ decision: Decision, _ known: Subject.Known) throws -> RoundPiece {
    var (hand, decision) = (hand, decision)
    hand.rounds += 1
    hand.sight = nil
    if hand.rounds == Reconciler.maxRounds, !decision.steps.isEmpty {
      decision.steps = []
      decision.lookAgain = Reconciler.pause
    }
    let object = known.object
    let rows = try decision.steps.map { try reconciler.runner.intent($0, metadata: object.metadata) }
    var piece = RoundPiece(
      hand: hand, commit: Commit(origin: Reconciler.origin(object.kind)),
      end: rows.isEmpty ? .done : .errand(hand, .take(rows, object.metadata, again: false)))
    reconciler.fill(&piece, decision, known, rows, waiters: waiters(for: object, known.kind))
    return piece
  }

  /// Objects that go and waited for this one: its removal is their turn.
  private func waiters(for object: StoredObject, _ kind: KindSpec) -> [WorkRequest] {
    guard object.deleting != nil else { return [] }
    return Reconciler.targets(object, kind).sorted().compactMap { related[$0] }.filter { $0.deleting != nil && !$0.deleted }.map {
      WorkRequest(tenant: $0.tenant, uid: $0.uid, kind: $0.kind)
    }
  }
}
