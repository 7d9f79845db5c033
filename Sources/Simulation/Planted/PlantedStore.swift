// A store with a bug in it, put in on purpose.
import Core
import Kinds
import Ports

final class PlantedStore: ForwardingStore, @unchecked Sendable {
  /// For so long a commit of `lateCommitter` is not seen, while those after it are.
  private static let late = Duration.milliseconds(900)

  private let bug: PlantedBug
  private let random: SeededRandom
  private let clock: any Clock

  init(_ inner: any StorePort, bug: PlantedBug, random: SeededRandom, clock: any Clock) {
    self.bug = bug
    self.random = random
    self.clock = clock
    super.init(inner)
  }

  override func commit(_ commit: Commit) async throws -> CommitResult {
    var commit = commit
    switch bug {
    case .ignoredFence: commit.fences = []
    case .missedWake:
      if random.next() % 5 == 0 { commit.work = [] }
      commit.finished = commit.finished.map { FinishedWork(item: $0.item, next: nil, attempts: $0.attempts) }
    case .staleDelete: commit.pins.removeAll { if case .unreferenced = $0 { true } else { false } }
    default: break
    }
    return try await inner.commit(commit)
  }

  override func wake(_ requests: [WorkRequest]) async throws {
    if bug != .missedWake { try await inner.wake(requests) }
  }

  override func referrers(tenant: UID, of uids: [UID], limit: Int) async throws -> [(
    target: UID, field: String, object: StoredObject
  )] {
    if bug == .staleDelete { return [] }
    return try await inner.referrers(tenant: tenant, of: uids, limit: limit)
  }

  override func effects(of places: [ObjectPlace], unconsumedOnly: Bool) async throws -> [EffectRow] {
    var rows = try await inner.effects(of: places, unconsumedOnly: unconsumedOnly)
    guard bug == .repeatedOnce else { return rows }
    for at in rows.indices where rows[at].step.kind == .once { rows[at].step.kind = .idempotent }
    return rows
  }

  override func changes(tenant: UID, after position: Int, limit: Int) async throws -> ChangePage {
    let page = try await inner.changes(tenant: tenant, after: position, limit: limit)
    guard bug == .lateCommitter, case .changes(let changes, let upTo) = page else { return page }
    let seen = changes.filter { $0.position % 3 != 0 || clock.now() - $0.at > Self.late }
    return .changes(seen, upTo: upTo)
  }
}
