// MemoryStore: series, tallies and groups.
import Core
import Foundation
import Kinds
import Ports

/// Series and tallies by owner.
struct MemorySeries {
  struct Place: Hashable {
    var at: Timestamp
    var channel: Int
  }
  var points: [UID: [Place: SeriesPoint]] = [:]
  var tallies: [UID: TallyWrite] = [:]
  var tenants: [UID: UID] = [:]

  mutating func take(_ commit: Commit) {
    for write in commit.series {
      tenants[write.owner] = write.tenant
      if write.replaces { points[write.owner] = [:] }
      for point in write.points { points[write.owner, default: [:]][Place(at: point.at, channel: point.channel)] = point }
    }
    for tally in commit.tallies { tallies[tally.owner] = tally }
    for write in commit.writes where write.operation == .remove {
      points[write.object.uid] = nil
      tallies[write.object.uid] = nil
    }
  }
}

extension MemoryStore {
  public func series(tenant: UID, owners: [UID]) async throws -> [UID: [SeriesPoint]] {
    alone { state in
      var found: [UID: [SeriesPoint]] = [:]
      for owner in owners where state.series.tenants[owner] == tenant {
        let points = (state.series.points[owner] ?? [:]).values.sorted { ($0.at, $0.channel) < ($1.at, $1.channel) }
        if !points.isEmpty { found[owner] = points }
      }
      return found
    }
  }

  public func tallies(tenant: UID, group: UID, lastHours hours: Int?) async throws -> [TallyRow] {
    alone { state in
      struct Key: Hashable {
        var part: UID
        var hour: Timestamp
      }
      var sums: [Key: Double] = [:]
      for tally in state.series.tallies.values.sorted(by: { $0.owner < $1.owner })
      where tally.tenant == tenant && tally.group == group {
        for (hour, amount) in tally.amounts { sums[Key(part: tally.part, hour: hour), default: 0] += amount }
      }
      let latest = sums.keys.map(\.hour).max()
      let kept = sums.filter { key, _ in
        guard let hours, let latest else { return true }
        return key.hour.microseconds > latest.microseconds - hours * 3_600_000_000
      }
      return kept.map { TallyRow(part: $0.key.part, hour: $0.key.hour, amount: $0.value) }
        .sorted { ($0.hour, $0.part) < ($1.hour, $1.part) }
    }
  }

  public func groups(_ query: GroupQuery) async throws -> GroupPage {
    alone { state in
      var groups: [[String?]: [StoredObject]] = [:]
      for object in matches(state, query.objects) {
        groups[query.by.map { Self.text(field(object, $0)) }, default: []].append(object)
      }
      if query.by.isEmpty, groups.isEmpty { groups[[]] = [] }
      var rows = groups.map { key, objects in
        GroupRow(key: key, count: objects.count, figures: query.figures.map { figure($0, objects) })
      }
      rows.sort { a, b in
        for (order, descending) in query.sort {
          let (x, y) = (Self.value(a, order), Self.value(b, order))
          if x == y { continue }
          if x.isNull || y.isNull { return y.isNull }
          return Self.precedes(x, y) != descending
        }
        return a.key.map { $0 ?? "\u{10FFFF}" }.lexicographicallyPrecedes(b.key.map { $0 ?? "\u{10FFFF}" })
      }
      return GroupPage(rows: Array(rows.dropFirst(max(0, query.offset)).prefix(max(0, query.limit))), total: rows.count)
    }
  }

  private static func text(_ field: MemoryField) -> String? {
    switch field {
    case .uid(let uid): uid.description
    case .text(let text): text
    case .number(let value), .json(let value, _): value.isNull ? nil : value.string ?? JSON.text(value)
    case .time(let time): time.map { "\($0)" }
    }
  }

  private func figure(_ figure: GroupQuery.Figure, _ objects: [StoredObject]) -> Value {
    let path: FieldPath =
      switch figure {
      case .least(let path), .greatest(let path), .sum(let path): path
      }
    var values: [Value] = []
    for object in objects {
      switch field(object, path) {
      case .time(let time): if let time { values.append(.string("\(time)")) }
      case .number(let value), .json(let value, _):
        if let number = value.double { values.append(.double(number)) } else if !value.isNull { values.append(value) }
      default: break
      }
    }
    switch figure {
    case .least: return values.min(by: Self.precedes) ?? .null
    case .greatest: return values.max(by: Self.precedes) ?? .null
    case .sum: return values.isEmpty ? .null : .double(values.reduce(0) { $0 + ($1.double ?? 0) })
    }
  }

  private static func value(_ row: GroupRow, _ order: GroupQuery.Order) -> Value {
    switch order {
    case .key(let at): Value(row.key[at])
    case .count: .int(row.count)
    case .figure(let at): row.figures[at]
    }
  }

  private static func precedes(_ a: Value, _ b: Value) -> Bool {
    if let x = a.double, let y = b.double { return x < y }
    if let x = a.string.flatMap({ Timestamp($0) }), let y = b.string.flatMap({ Timestamp($0) }) { return x < y }
    return (a.string ?? "") < (b.string ?? "")
  }
}
