// The store with a watchman: what is committed is checked against what may be, at the moment it happens.
import Core
import Foundation
import Kinds
import Ports

/// Stands between the wires and the store. Knows the fences that were given out, so that it notices a store that does not heed them.
final class WatchedStore: ForwardingStore, @unchecked Sendable {
  private let lock = NSLock()
  private let world: ProcessWorld
  private let executor: SimExecutor
  private let log: SimLog
  private var epochs: [Int: Int] = [:]
  private var found: [String] = []

  init(_ inner: any StorePort, world: ProcessWorld, executor: SimExecutor, log: SimLog) {
    self.world = world
    self.executor = executor
    self.log = log
    super.init(inner)
  }

  /// What should not have happened.
  var violations: [String] { lock.withLock { found } }

  override func renew(
    replica: UID, until: Timestamp, catalogDigest: String, wantsWork: Bool, keeping busy: Set<Int>
  ) async throws -> Renewal {
    let renewal = try await inner.renew(
      replica: replica, until: until, catalogDigest: catalogDigest, wantsWork: wantsWork, keeping: busy)
    lock.withLock { for fence in renewal.fences { epochs[fence.shard] = max(epochs[fence.shard] ?? 0, fence.epoch) } }
    return renewal
  }

  override func commit(_ commit: Commit) async throws -> CommitResult {
    let result: CommitResult
    do {
      result = try await inner.commit(commit)
    } catch {
      log.add("refused \(Self.summary(commit)): \(error)")
      throw error
    }
    for position in result.positions.values.sorted() { executor.note(UInt64(position)) }
    log.add("commit \(Self.summary(commit))")
    for fence in commit.fences {
      guard let epoch = lock.withLock({ epochs[fence.shard] }), epoch > fence.epoch else { continue }
      note("a worker wrote under epoch \(fence.epoch) of shard \(fence.shard) while \(epoch) held: \(Self.summary(commit))")
    }
    for status in commit.statuses where status.kind == "App" { check(status) }
    return result
  }

  /// A status may say that an app runs only if what it names was started.
  private func check(_ write: StatusWrite) {
    let ready = (write.status["conditions"].list ?? []).compactMap { Condition($0) }.contains {
      $0.type == "Ready" && $0.truth == .yes
    }
    guard ready, write.status["phase"].string == "Running", let revision = write.status["revision"].string else { return }
    for copy in write.status["copies"].list ?? [] {
      guard let index = copy["index"].int, !world.wasStarted(write.uid, index: index, revision: revision) else { continue }
      note("the status of \(write.uid) says that copy \(index) runs at \(revision), which was never started")
    }
  }

  private func note(_ text: String) {
    log.add("VIOLATION \(text)")
    lock.withLock { found.append(text) }
  }

  private static func summary(_ commit: Commit) -> String {
    var parts = [commit.origin.actor, commit.origin.action]
    parts += commit.writes.map { "\($0.operation.rawValue) \($0.object.label) v\(($0.expected ?? 0) + 1)" }
    parts += commit.statuses.map { "status \($0.kind) \($0.uid) g\($0.generation) \($0.status["phase"].string ?? "")" }
    parts += commit.effects.map { "\($0.step.name)=\($0.state.rawValue)\($0.consumed ? "+" : "")" }
    parts += commit.finished.map { "finished\($0.next.map { " next \($0)" } ?? "")" }
    for fence in commit.fences { parts.append("fence \(fence.shard)/\(fence.epoch)") }
    return parts.joined(separator: ", ")
  }
}
