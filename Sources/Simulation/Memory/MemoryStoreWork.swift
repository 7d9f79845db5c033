// MemoryStore: work and leases.
import Core
import Foundation
import Kinds
import Ports

extension MemoryStore {
  public func renew(
    replica: UID, until: Timestamp, catalogDigest: String, wantsWork: Bool, keeping busy: Set<Int>
  ) async throws -> Renewal {
    alone { state in
      let now = clock.now()
      state.replicas[replica] = (until, wantsWork)
      func alive(_ id: UID) -> Bool { state.replicas[id].map { $0.works && $0.expires > now } ?? false }
      let workers = max(1, state.replicas.keys.filter(alive).count)
      let share = wantsWork ? (ShardCount.total + workers - 1) / workers : 0
      var mine = state.shards.indices.filter { state.shards[$0].holder == replica }
      for id in mine.reversed() where mine.count > share && !busy.contains(id) {
        state.shards[id].holder = nil
        mine.removeAll { $0 == id }
      }
      let surplus = max(0, mine.count - share)
      for id in state.shards.indices where mine.count < share {
        if let holder = state.shards[id].holder, holder == replica || alive(holder) { continue }
        state.shards[id] = (replica, state.shards[id].epoch + 1)
        mine.append(id)
      }
      return Renewal(
        fences: mine.sorted().map { Fence(shard: $0, holder: replica, epoch: state.shards[$0].epoch) }, surplus: surplus)
    }
  }

  public func release(replica: UID) async throws {
    alone { state in
      for id in state.shards.indices where state.shards[id].holder == replica { state.shards[id].holder = nil }
      state.replicas[replica] = nil
    }
  }

  public func due(fences: [Fence], limit: Int) async throws -> [WorkItem] {
    let shards = Set(fences.map(\.shard))
    return alone { state in
      let now = clock.now()
      var queues: [UID: [WorkItem]] = [:]
      for item in state.work.values where shards.contains(item.shard) && item.due <= now {
        queues[item.tenant, default: []].append(item)
      }
      for tenant in queues.keys { queues[tenant]?.sort { ($0.due, $0.uid) < ($1.due, $1.uid) } }
      let order = queues.keys.sorted { ($0 <= state.lastTenant ? 1 : 0, $0) < ($1 <= state.lastTenant ? 1 : 0, $1) }
      var fair: [WorkItem] = []
      var round = 0
      let wanted = min(max(1, limit), queues.values.reduce(0) { $0 + $1.count })
      while fair.count < wanted {
        for tenant in order where fair.count < wanted {
          if let queue = queues[tenant], round < queue.count { fair.append(queue[round]) }
        }
        round += 1
      }
      if let first = fair.first, let last = fair.last {
        state.lastTenant = order.count >= fair.count ? last.tenant : first.tenant
      }
      return fair
    }
  }

  public func nextDue(fences: [Fence]) async throws -> Timestamp? {
    let shards = Set(fences.map(\.shard))
    return alone { state in state.work.values.filter { shards.contains($0.shard) }.map(\.due).min() }
  }

  public func wake(_ requests: [WorkRequest]) async throws {
    alone { state in for request in requests { state.request(request, now: clock.now()) } }
    announce(tenants: [], shards: Set(requests.map { ShardCount.of($0.uid) }).sorted())
  }
}
