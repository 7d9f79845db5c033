// MemoryStore: records, their numbers and their sums.
import Core
import Foundation
import Kinds
import Ports

extension MemoryStore {
  public func append(records: [RecordRow]) async throws {
    for row in records where catalog.kind(row.kind)?.storage != .record {
      throw Problem(
        .failure, code: "unknown_kind", "\(row.kind) is no record kind of the catalog that the store was opened with.")
    }
    try alone { state in
      let faults = recordFaults(records, state)
      if !faults.taken.isEmpty { throw CommitFailure.taken(faults.taken) }
      if !faults.exceeded.isEmpty { throw CommitFailure.exceeded(faults.exceeded) }
      appendRecords(records, &state)
    }
    let woken = Wakes.requests(records, catalog: catalog)
    if !woken.isEmpty { try await wake(woken) }
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
      number(&row, kind, &state)
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
