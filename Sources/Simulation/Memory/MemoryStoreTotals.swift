// MemoryStore: sums over records, computed from the rows each time, and what would break them.
import Core
import Foundation
import Kinds
import Ports

extension MemoryStore {
  private struct Sum: Hashable {
    var tenant: UID
    var kind: String
    var name: String
    var key: String
  }

  public func totals(tenant: UID, kind: String, name: String, keys: [[Value]]) async throws -> [Value] {
    guard let spec = catalog.kind(kind), let total = spec.totals.first(where: { $0.name == name }) else {
      throw Problem(.failure, code: "unknown_total", "\(kind) has no total \(name).")
    }
    let isWhole = spec.field(total.sum)?.type == .integer
    return alone { state in
      let sums = self.sums(state, spec)
      return keys.map { key in
        let text = Self.text(sums[Sum(tenant: tenant, kind: kind, name: name, key: JSON.canonical(.list(key)))] ?? 0)
        return isWhole ? .int(Int(text) ?? 0) : .string(text)
      }
    }
  }

  /// What a sum is once these rows are there too.
  func total(
    _ tenant: UID, _ kind: String, _ name: String, _ by: [Value], after rows: [RecordRow], _ state: MemoryState
  ) -> String {
    guard let spec = catalog.kind(kind) else { return "0" }
    var after = state
    appendRecords(rows, &after)
    return Self.text(sums(after, spec)[Sum(tenant: tenant, kind: kind, name: name, key: JSON.canonical(.list(by)))] ?? 0)
  }

  private func sums(_ state: MemoryState, _ kind: KindSpec) -> [Sum: Decimal] {
    var sums: [Sum: Decimal] = [:]
    for row in state.records[kind.name] ?? [] {
      for total in kind.totals {
        guard let amount = row.fields[total.sum].flatMap({ MemoryPredicate.number($0) }) else { continue }
        let key = JSON.canonical(.list(total.by.map { row.fields[$0] ?? .null }))
        sums[Sum(tenant: row.tenant, kind: kind.name, name: total.name, key: key), default: 0] += amount
      }
    }
    return sums
  }

  private static func text(_ number: Decimal) -> String { DecimalText.canonical(.string("\(number)")) ?? "\(number)" }

  /// Keys that rows which must be new do not get, and sums that would leave their bounds.
  func recordFaults(_ rows: [RecordRow], _ state: MemoryState) -> (
    taken: [(uid: UID, rule: Int, by: UID, kind: String)], exceeded: [Problem]
  ) {
    let kinds = Set(rows.map(\.kind)).sorted().compactMap { catalog.kind($0) }
    guard rows.contains(where: \.mustBeNew) || kinds.contains(where: { !$0.totals.isEmpty }) else { return ([], []) }
    var after = state
    appendRecords(rows, &after)
    var taken: [(uid: UID, rule: Int, by: UID, kind: String)] = []
    for row in rows where row.mustBeNew {
      for (number, rule) in (catalog.kind(row.kind)?.unique ?? []).enumerated() where rule.condition == nil {
        let values = rule.fields.map { row.fields[$0] ?? .null }
        let key = MemoryState.RecordKey(tenant: row.tenant, kind: row.kind, rule: number, value: JSON.canonical(.list(values)))
        if !values.contains(where: \.isNull), let holder = after.recordKeys[key]?.uid, holder != row.uid {
          taken.append((uid: row.uid, rule: number, by: holder, kind: row.kind))
        }
      }
    }
    var exceeded: [Problem] = []
    for kind in kinds where !kind.totals.isEmpty {
      let before = sums(state, kind)
      for (sum, value) in sums(after, kind).sorted(by: { $0.key.key < $1.key.key }) where value != before[sum] ?? 0 {
        let total = kind.totals.first { $0.name == sum.name }
        let delta = Self.text(value - (before[sum] ?? 0))
        if let problem = total?.problem(kind: kind.name, value: Self.text(value), delta: delta) { exceeded.append(problem) }
      }
    }
    return (taken, exceeded)
  }

  /// The next numbers without gaps.
  func number(_ row: inout RecordRow, _ kind: KindSpec, _ state: inout MemoryState) {
    for field in kind.fields {
      guard case .gapless(let prefix, let width)? = field.generate?.source else { continue }
      let name = MemoryState.Name(tenant: row.tenant, name: "gapless/\(kind.name).\(field.name)")
      let next = state.sequences[name] ?? 1
      state.sequences[name] = next + 1
      let digits = String(next)
      row.fields[field.name] = .string(prefix + String(repeating: "0", count: max(0, width - digits.count)) + digits)
    }
  }
}
