// One round of a page of objects: journal what was done, read, look, ask, decide, commit. Each of them ends in its own way.
import Core
import Kinds
import Ports

struct Round {
  let reconciler: Reconciler
  var hands: [InHand]
  /// By position in the page; nil while it is open.
  private var ends: [RoundEnd?]
  /// Objects that are still to be decided, by position.
  var subjects: [Int: Subject] = [:]
  /// Objects that `subjects` refer to.
  var related: [UID: StoredObject] = [:]
  private var shown: [UID: Value] = [:]

  init(_ reconciler: Reconciler, _ hands: [InHand]) {
    self.reconciler = reconciler
    self.hands = hands
    ends = Array(repeating: nil, count: hands.count)
  }

  mutating func run(ending: Bool) async -> [RoundEnd] {
    await journal()
    if !ending, !open.isEmpty {
      do {
        try await read()
        try await relate()
        await look()
        try await ask()
        try await decide()
      } catch {
        // Nothing was written: all that is still open fails together.
        for at in open { ends[at] = .failed(error) }
      }
      await commit()
    }
    return ends.map { $0 ?? .done }
  }

  var open: [Int] { ends.indices.filter { ends[$0] == nil } }

  mutating func end(_ at: Int, _ end: RoundEnd) {
    ends[at] = end
    subjects[at] = nil
  }

  // MARK: Journal

  /// Replies are journaled before anything rests on them: together, and each by itself where that fails.
  private mutating func journal() async {
    let replied = open.filter { !hands[$0].replied.isEmpty }
    guard !replied.isEmpty else { return }
    if replied.count > 1, (try? await journal(replied)) != nil { return }
    for at in replied {
      do { try await journal([at]) } catch { end(at, .failed(error)) }
    }
  }

  private mutating func journal(_ positions: [Int]) async throws {
    var commit = Commit(origin: Reconciler.origin(hands[positions[0]].item.kind))
    for at in positions {
      commit.effects += hands[at].replied
      if !commit.fences.contains(hands[at].fence) { commit.fences.append(hands[at].fence) }
    }
    _ = try await reconciler.store.commit(commit)
    for at in positions { hands[at].replied = [] }
  }

  // MARK: Reading

  /// What is gone needs nothing more; what has lost replies settles them first.
  private mutating func read() async throws {
    let found = try await reconciler.store.subjects(open.map { hands[$0].place })
    let objects = Dictionary(found.objects.map { ($0.place, $0) }, uniquingKeysWith: { first, _ in first })
    let effects = Dictionary(grouping: found.effects) { ObjectPlace(tenant: $0.tenant, uid: $0.uid) }
    for at in open {
      let hand = hands[at]
      guard let object = objects[hand.place], !object.deleted, let kind = reconciler.engine.catalog.kind(object.kind) else {
        subjects[at] = Subject(hand: hand, known: nil)
        continue
      }
      let rows = effects[hand.place] ?? []
      let lost = rows.filter { $0.state == .intended }
      if !lost.isEmpty, reconciler.controllers[object.kind] != nil {
        end(at, .errand(hand, .take(lost, object.metadata, again: true)))
        continue
      }
      subjects[at] = Subject(hand: hand, known: .init(object: object, kind: kind, replies: rows.filter { !$0.consumed }))
    }
  }

  /// The objects that these refer to, and what is opened of them.
  private mutating func relate() async throws {
    var targets: Set<UID> = []
    for subject in subjects.values {
      if let known = subject.known { targets.formUnion(Reconciler.targets(known.object, known.kind)) }
    }
    if !targets.isEmpty {
      for object in try await reconciler.store.objects(tenant: nil, uids: targets.sorted()) { related[object.uid] = object }
    }
    for at in open {
      guard let known = subjects[at]?.known, reconciler.controllers[known.object.kind] != nil else { continue }
      // What cannot be opened of one object is no fault of the others.
      do {
        let made = try input(known)
        subjects[at]?.input = made
      } catch { end(at, .failed(error)) }
    }
  }

  private mutating func input(_ known: Subject.Known) throws -> ReconcileInput {
    let object = known.object
    var input = ReconcileInput(
      spec: try reconciler.opening.open(object.spec, kind: known.kind), metadata: object.metadata,
      deleting: object.deleting != nil,
      status: Reconciler.withoutDrift(object.status),
      replies: known.replies.map { row in
        StepReply(
          step: row.step.name, outcome: row.state == .done ? .done : row.state == .unknown ? .unknown : .failed, value: row.reply)
      }, now: reconciler.engine.clock.now())
    for uid in Reconciler.targets(object, known.kind) {
      guard let other = related[uid] else { continue }
      let value = try shown[uid] ?? reconciler.shown(other)
      shown[uid] = value
      input.related[uid] = value
    }
    return input
  }

  // MARK: Looking

  /// Services that answer at once are asked here, each once for all; the others are an errand.
  private mutating func look() async {
    var near: [String: [(at: Int, look: Look)]] = [:]
    for at in open {
      guard let known = subjects[at]?.known, let input = subjects[at]?.input,
        let controller = subjects[at]?.controller(reconciler),
        let ask = controller.observation(input), let service = reconciler.services[ask.service]
      else { continue }
      let look = Look(service: ask.service, operation: ask.operation, arguments: ask.arguments)
      if service.answersAtOnce {
        near[ask.service, default: []].append((at, look))
      } else if let sight = hands[at].sight, sight.look == look, sight.generation == known.object.generation {
        subjects[at]?.input?.world = sight.world
      } else if hands[at].looks < Reconciler.maxRounds {
        end(at, .errand(hands[at], .look(look, known.object.metadata)))
      }
    }
    for name in near.keys.sorted() {
      guard let service = reconciler.services[name], let asked = near[name] else { continue }
      let worlds = await service.observe(
        asked.compactMap { ask in
          (subjects[ask.at]?.known).map { ($0.object.metadata, ask.look.operation, ask.look.arguments) }
        })
      for (ask, world) in zip(asked, worlds) { subjects[ask.at]?.input?.world = world ?? .null }
    }
  }

  // MARK: Asking

  /// Other objects that controllers name before they decide.
  private mutating func ask() async throws {
    for _ in 0..<Reconciler.maxNeedRounds {
      var asked: [(at: Int, need: Need, tenant: UID)] = []
      for at in open {
        guard let input = subjects[at]?.input, let controller = subjects[at]?.controller(reconciler) else { continue }
        for need in controller.needs(input) where input.needed[need.name] == nil {
          asked.append((at, need, reconciler.engine.home(need.kind, input.metadata.tenant)))
        }
      }
      if asked.isEmpty { return }
      let answers = try await NeedsQuestion.answers(asked.map { ($0.need, $0.tenant) }, reconciler.store)
      for (ask, objects) in zip(asked, answers) {
        do {
          var list: [Value] = []
          for object in objects {
            let value = try shown[object.uid] ?? reconciler.shown(object)
            shown[object.uid] = value
            list.append(value)
          }
          subjects[ask.at]?.input?.needed[ask.need.name] = list
        } catch { end(ask.at, .failed(error)) }
      }
    }
  }

  // MARK: Committing

  /// All decisions of a kind in one transaction; where that cannot be, each by itself.
  private mutating func commit() async {
    let pieces = open.compactMap { at in subjects[at]?.piece.map { (at: at, piece: $0) } }
    for (kind, group) in Dictionary(grouping: pieces, by: { hands[$0.at].item.kind }).sorted(by: { $0.key < $1.key }) {
      let group = group.sorted { $0.at < $1.at }
      if group.count > 1, (try? await reconciler.commit(group.map(\.piece), of: kind)) != nil {
        for (at, piece) in group { end(at, piece.end) }
        continue
      }
      for (at, piece) in group {
        do {
          try await reconciler.commit([piece], of: kind)
          end(at, piece.end)
        } catch CommitFailure.fenced {
          end(at, .failed(CommitFailure.fenced))
        } catch is CommitFailure {
          end(at, .again(piece.hand))
        } catch let problems as Problems where problems.list.contains(where: { $0.code == Reconciler.limitCode }) {
          end(at, .again(piece.hand))
        } catch {
          end(at, .failed(error))
        }
      }
    }
  }
}

/// One object of a round, and what is known of it so far.
struct Subject {
  struct Known {
    let object: StoredObject
    let kind: KindSpec
    /// Steps whose replies no decision has read.
    let replies: [EffectRow]
  }
  let hand: InHand
  /// Nil: it is gone.
  let known: Known?
  /// For kinds with a controller.
  var input: ReconcileInput?
  var decision: Decision?
  /// What is to be committed.
  var piece: RoundPiece?

  func controller(_ reconciler: Reconciler) -> (any KindController)? { known.flatMap { reconciler.controllers[$0.object.kind] } }
}
