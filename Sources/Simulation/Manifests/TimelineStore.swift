// The store of a simulation of manifests: tells the timeline what is committed, and checks fences and promises.
import Core
import Foundation
import Kinds
import Ports

final class TimelineStore: ForwardingStore, @unchecked Sendable {
  private let lock = NSLock()
  private let memory: MemoryStore
  private let timeline: SimulationTimeline
  private var epochs: [Int: Int] = [:]
  private var readiness: [UID: String] = [:]
  private var found: [String] = []
  /// Names of objects, those that are gone included.
  private var labels: [UID: String] = [:]

  init(_ memory: MemoryStore, timeline: SimulationTimeline) {
    self.memory = memory
    self.timeline = timeline
    super.init(memory)
  }

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
    do { result = try await inner.commit(commit) } catch CommitFailure.fenced {
      timeline.add(.write, "store", "refuses a write of a worker that lost its lease")
      throw CommitFailure.fenced
    }
    tell(commit)
    for fence in commit.fences {
      guard let epoch = lock.withLock({ epochs[fence.shard] }), epoch > fence.epoch else { continue }
      lock.withLock { found.append("a worker wrote under epoch \(fence.epoch) of shard \(fence.shard) while \(epoch) held") }
    }
    return result
  }

  private func tell(_ commit: Commit) {
    lock.withLock { for write in commit.writes { labels[write.object.uid] = write.object.label } }
    let names = Dictionary(grouping: commit.writes) { Self.verb($0.operation) }
    for (verb, writes) in names.sorted(by: { $0.key < $1.key }) {
      let shown = writes.prefix(8).map(\.object.label).joined(separator: ", ")
      timeline.add(.write, "store", "\(verb) \(shown)\(writes.count > 8 ? " and \(writes.count - 8) more" : "")")
    }
    for status in commit.statuses where status.announce {
      guard
        let condition = (status.status["conditions"].list ?? []).compactMap({ Condition($0) }).first(where: { $0.type == "Ready" }
        )
      else { continue }
      let text =
        condition.truth == .yes
        ? "is ready" : "is not ready: \(condition.reason)\(condition.message.isEmpty ? "" : ", " + condition.message)"
      let label = lock.withLock { () -> String? in
        guard readiness.updateValue(text, forKey: status.uid) != text else { return nil }
        return labels[status.uid] ?? status.kind
      }
      if let label { timeline.add(.status, "store", "\(label) \(text)") }
    }
  }

  private static func verb(_ operation: ObjectWrite.Operation) -> String {
    switch operation {
    case .create: "creates"
    case .update: "updates"
    case .startDelete: "begins to delete"
    case .softDelete, .remove: "deletes"
    case .restore: "restores"
    }
  }
}
