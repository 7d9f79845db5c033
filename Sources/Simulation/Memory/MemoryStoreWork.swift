// MemoryStore: work, leases, records.
import Core
import Foundation
import Kinds
import Ports

extension MemoryStore {
  public func renew(replica: UID, until: Timestamp, catalogDigest: String, wantsWork: Bool) async throws -> [Fence] {
    alone { state in
      let now = clock.now()
      state.replicas[replica] = (until, wantsWork)
      func alive(_ id: UID) -> Bool { state.replicas[id].map { $0.works && $0.expires > now } ?? false }
      let workers = max(1, state.replicas.keys.filter(alive).count)
      let share = wantsWork ? (ShardCount.total + workers - 1) / workers : 0
      var mine = state.shards.indices.filter { state.shards[$0].holder == replica }
      while mine.count > share { state.shards[mine.removeLast()].holder = nil }
      for id in state.shards.indices where mine.count < share {
        if let holder = state.shards[id].holder, holder == replica || alive(holder) { continue }
        state.shards[id] = (replica, state.shards[id].epoch + 1)
        mine.append(id)
      }
      return mine.sorted().map { Fence(shard: $0, holder: replica, epoch: state.shards[$0].epoch) }
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

  // MARK: Records

  public func append(records: [RecordRow]) async throws {
    for row in records where catalog.kind(row.kind)?.storage != .record {
      throw Problem(
        .failure, code: "unknown_kind", "\(row.kind) is no record kind of the catalog that the store was opened with.")
    }
    alone { appendRecords(records, &$0) }
  }

  /// A row that is there (same uid, or a key that another holds) is kept as it is.
  func appendRecords(_ rows: [RecordRow], _ state: inout MemoryState) {
    let now = clock.now()
    for var row in rows {
      guard let kind = catalog.kind(row.kind) else { continue }
      var keys: [(MemoryState.RecordKey, Timestamp?)] = []
      for (number, rule) in kind.unique.enumerated() where !rule.fields.isEmpty && rule.condition == nil {
        let values = rule.fields.map { row.fields[$0] ?? .null }
        if values.contains(where: \.isNull) { continue }
        let key = MemoryState.RecordKey(tenant: row.tenant, kind: row.kind, rule: number, value: JSON.canonical(.list(values)))
        keys.append((key, (rule.duration ?? kind.lifecycle.keep).map { row.at + $0 }))
      }
      let free = keys.allSatisfy { key, _ in
        state.recordKeys[key].map { $0.uid == row.uid || ($0.until.map { $0 <= now } ?? false) } ?? true
      }
      guard free,
        !(state.records[row.kind] ?? []).contains(where: { $0.tenant == row.tenant && $0.uid == row.uid && $0.at == row.at })
      else { continue }
      for (key, until) in keys { state.recordKeys[key] = (row.uid, until) }
      row.fields = Self.stored(row.fields, kind)
      state.records[row.kind, default: []].append(row)
    }
  }

  /// What typed columns keep of a row.
  private static func stored(_ fields: ObjectMap, _ kind: KindSpec) -> ObjectMap {
    var kept = ObjectMap()
    for field in kind.fields where field.computed == nil {
      guard let value = fields[field.name], !value.isNull else { continue }
      switch (field.type, value) {
      case (.integer, .int), (.boolean, .bool), (.map, _), (.list, _), (.object, _), (.any, _), (.blob, _):
        kept.append(field.name, value)
      case (.number, _): if let number = value.double { kept.append(field.name, .double(number)) }
      case (.timestamp, .string(let text)): if let time = Timestamp(text) { kept.append(field.name, .string(time.description)) }
      case (.integer, _), (.boolean, _), (.timestamp, _): break
      default: kept.append(field.name, .string(value.string ?? JSON.text(value)))
      }
    }
    return kept
  }

  private func matches(_ state: MemoryState, _ query: RecordQuery) -> [RecordRow] {
    let kind = catalog.kind(query.kind)
    return (state.records[query.kind] ?? []).filter { row in
      guard row.tenant == query.tenant, query.from.map({ row.at >= $0 }) ?? true, query.to.map({ row.at < $0 }) ?? true else {
        return false
      }
      let predicate = MemoryPredicate { path in
        switch path {
        case .uid: return .uid(row.uid)
        case .created, .updated: return .time(row.at)
        case .spec(let steps):
          let value = Value.object(row.fields).at(path: steps)
          switch steps.first.flatMap({ kind?.field($0)?.type }) {
          case .integer, .number: return .number(value)
          case .timestamp: return .time(value.string.flatMap { Timestamp($0) })
          case let type: return .json(value, steps.count == 1 ? type : nil)
          }
        default: return .json(.null, nil)
        }
      }
      return predicate.holds(query.predicate)
    }
  }

  public func records(_ query: RecordQuery) async throws -> RecordPage {
    alone { state in
      let all = matches(state, query).sorted {
        query.ascending ? ($0.at, $0.uid) < ($1.at, $1.uid) : ($0.at, $0.uid) > ($1.at, $1.uid)
      }
      return RecordPage(
        rows: Array(all.dropFirst(max(0, query.offset)).prefix(max(0, query.limit))), total: query.wantsTotal ? all.count : nil)
    }
  }

  public func aggregate(_ query: RecordQuery, sum field: String?, by: String?) async throws -> [(
    group: String, count: Int, sum: Double
  )] {
    alone { state in
      var groups: [String: (count: Int, sum: Double)] = [:]
      for row in matches(state, query) {
        let value = by.map { row.fields[$0] ?? .null } ?? .null
        let group = value.isNull ? "" : value.string ?? JSON.text(value)
        let amount =
          field.flatMap { row.fields[$0] }.flatMap { MemoryPredicate.number($0) }.map { NSDecimalNumber(decimal: $0).doubleValue }
          ?? 0
        groups[group, default: (0, 0)].count += 1
        groups[group, default: (0, 0)].sum += amount
      }
      return groups.sorted { MemoryOrder.compare(bytes: $0.key, $1.key) == .orderedAscending }.map {
        (group: $0.key, count: $0.value.count, sum: $0.value.sum)
      }
    }
  }
}
