// A store with a bug in it, put in on purpose.
import Core
import Ports

final class PlantedStore: ForwardingStore, @unchecked Sendable {
  private let bug: PlantedBug
  private let random: SeededRandom

  init(_ inner: any StorePort, bug: PlantedBug, random: SeededRandom) {
    self.bug = bug
    self.random = random
    super.init(inner)
  }

  override func commit(_ commit: Commit) async throws -> CommitResult {
    var commit = commit
    switch bug {
    case .ignoredFence: commit.fence = nil
    case .missedWake:
      if random.next() % 5 == 0 { commit.work = [] }
      commit.finished = commit.finished.map { FinishedWork(item: $0.item, next: nil, attempts: $0.attempts) }
    case .repeatedEffect, .earlyStatus: break
    }
    return try await inner.commit(commit)
  }

  override func wake(_ requests: [WorkRequest]) async throws {
    if bug != .missedWake { try await inner.wake(requests) }
  }
}
