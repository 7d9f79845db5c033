// The contract: sums over records, rows that must be new, numbers without gaps.
import Core
import Kinds
import Ports
import XCTest

enum Entries {
  static func row(
    _ account: String, _ amount: Int?, _ reference: String? = nil, bucket: String = "main", cost: String? = nil,
    tenant: UID = Fixture.tenant, mustBeNew: Bool = false, uid: UID? = nil
  ) -> RecordRow {
    var fields: ObjectMap = ["account": .string(account), "bucket": .string(bucket)]
    if let amount { fields["amount"] = .int(amount) }
    if let reference { fields["reference"] = .string(reference) }
    if let cost { fields["cost"] = .string(cost) }
    return RecordRow(
      tenant: tenant, uid: uid ?? Fixture.uid(), kind: "Entry", at: SystemClock().now(), fields: fields, mustBeNew: mustBeNew)
  }

  static func commit(_ rows: [RecordRow], pins: [Pin] = []) -> Commit {
    var commit = Commit(origin: Fixture.origin)
    commit.records = rows
    commit.pins = pins
    return commit
  }
}

extension StorePort {
  func balance(_ account: String, bucket: String = "main", tenant: UID = Fixture.tenant) async throws -> Value? {
    try await totals(tenant: tenant, kind: "Entry", name: "balance", keys: [[.string(account), .string(bucket)]]).first
  }

  func numbers() async throws -> [String] {
    try await records(RecordQuery(tenant: Fixture.tenant, kind: "Entry", ascending: true, limit: 1000)).rows.compactMap {
      $0.fields["number"]?.string
    }
  }

  /// The code of what was refused; nil when it was not.
  func refusal(_ commit: Commit) async throws -> String? {
    do {
      _ = try await self.commit(commit)
      return nil
    } catch CommitFailure.exceeded(let problems) {
      return problems.map(\.code).joined(separator: " ")
    } catch CommitFailure.taken(let taken) {
      return "taken \(taken.map { "\($0.rule)" }.joined(separator: " "))"
    }
  }
}

extension StoreContract {
  static let totals: [StoreCase] = [
    StoreCase(name: "totals: sums by key, bounds, and nothing of a refused commit stays") { store in
      let first = [
        Entries.row("a", 10), Entries.row("a", 5, bucket: "gift"), Entries.row("b", 7, cost: "1.25"), Entries.row("a", nil),
      ]
      _ = try await store.commit(Entries.commit(first))
      try await store.append(records: [Entries.row("a", -4, cost: "998.5"), Entries.row("a", 100, tenant: Fixture.other)])
      let sums = try await store.totals(
        tenant: Fixture.tenant, kind: "Entry", name: "balance",
        keys: [["a", "main"], ["a", "gift"], ["b", "main"], ["none", "main"]])
      XCTAssertEqual(sums, [6, 5, 7, 0])
      let spent = try await store.totals(tenant: Fixture.tenant, kind: "Entry", name: "spent", keys: [[]])
      XCTAssertEqual(spent, ["999.75"])
      let refused = [
        try await store.refusal(Entries.commit([Entries.row("b", 1), Entries.row("a", -7)])),
        try await store.refusal(Entries.commit([Entries.row("b", 1, cost: "0.26")])),
        try await store.refusal(Entries.commit([Entries.row("a", -6, cost: "0.25")])),
      ]
      XCTAssertEqual(refused, ["overdrawn", "too_much", nil])
      do {
        try await store.append(records: [Entries.row("a", -1)])
        XCTFail("overdrawn")
      } catch CommitFailure.exceeded(let problems) { XCTAssertEqual(problems.map(\.code), ["overdrawn"]) }
      let after = [
        try await store.balance("a"), try await store.balance("b"), try await store.balance("a", tenant: Fixture.other),
      ]
      XCTAssertEqual(after, [0, 7, 100])
    },
    StoreCase(name: "totals: a row sent twice counts once") { store in
      let row = Entries.row("a", 10, "r1")
      _ = try await store.commit(Entries.commit([row]))
      _ = try await store.commit(
        Entries.commit([row, Entries.row("a", 10, "r1"), Entries.row("a", 3, "r2"), Entries.row("a", 9, "r2")]))
      try await store.append(records: [row, Entries.row("a", 1, "r2")])
      let balance = try await store.balance("a")
      XCTAssertEqual(balance, 13)
      let numbers = try await store.numbers()
      XCTAssertEqual(numbers, ["E-0001", "E-0002"])
    },
    StoreCase(name: "records that must be new") { store in
      _ = try await store.commit(Entries.commit([Entries.row("a", 10, "r1", mustBeNew: true)]))
      let refused = [
        try await store.refusal(Entries.commit([Entries.row("a", 10, "r1", mustBeNew: true)])),
        try await store.refusal(
          Entries.commit([Entries.row("a", 1, "x", mustBeNew: true), Entries.row("a", 1, "x", mustBeNew: true)])),
        try await store.refusal(Entries.commit([Entries.row("b", 10, "r1", mustBeNew: true)])),
      ]
      XCTAssertEqual(refused, ["taken 0", "taken 0", nil])
      let key = UniqueKey(rule: 0, value: JSON.canonical(["a", "r1"]), global: false)
      let free = UniqueKey(rule: 0, value: JSON.canonical(["a", "r9"]), global: false)
      let holders = try await store.holders(tenant: Fixture.tenant, kind: "Entry", keys: [key, free])
      XCTAssertNotNil(holders[key])
      XCTAssertNil(holders[free])
      let balance = try await store.balance("a")
      XCTAssertEqual(balance, 10)
    },
    StoreCase(name: "a sum that a decision rests on") { store in
      _ = try await store.commit(Entries.commit([Entries.row("a", 10)]))
      func pin(_ value: Value) -> Pin {
        .total(
          tenant: Fixture.tenant, kind: "Entry", name: "balance", by: ["a", "main"], is: value,
          problem: Problem(.conflict, code: "moved", "It moved."))
      }
      let refused = [
        try await store.refusal(Entries.commit([Entries.row("a", -10), Entries.row("a", 4)], pins: [pin(4)])),
        try await store.refusal(Entries.commit([Entries.row("a", -10), Entries.row("a", 14)], pins: [pin(14)])),
        try await store.refusal(Entries.commit([Entries.row("a", 1)], pins: [pin(5)])),
      ]
      XCTAssertEqual(refused, [nil, "moved", nil])
    },
    StoreCase(name: "numbers have no gaps, whatever is refused") { store in
      for n in 0..<6 {
        let overdrawn = n % 2 == 1
        _ = try await store.refusal(Entries.commit([Entries.row("a", overdrawn ? -1000 : 1), Entries.row("b", 1)]))
      }
      let numbers = try await store.numbers()
      XCTAssertEqual(numbers.sorted(), (1...6).map { "E-000\($0)" })
    },
    StoreCase(name: "totals equal the sums of the records, for any history") { store in
      var random = RandomGenerator(SeededRandom(seed: 2026))
      var model: [String: Int] = [:]
      var references: Set<String> = []
      for _ in 0..<120 {
        let rows = (0..<Int.random(in: 1...4, using: &random)).map { _ in
          Entries.row(
            ["a", "b"].randomElement(using: &random)!, Int.random(in: -20...25, using: &random),
            Bool.random(using: &random) ? "r\(Int.random(in: 0...40, using: &random))" : nil)
        }
        var next = model
        var taken = references
        for row in rows {
          let account = row.fields["account"]!.string!
          if let reference = row.fields["reference"]?.string, !taken.insert("\(account) \(reference)").inserted { continue }
          next[account, default: 0] += row.fields["amount"]!.int!
        }
        let fits = next.allSatisfy { $0.value >= 0 || $0.value >= model[$0.key] ?? 0 }
        let refused = try await store.refusal(Entries.commit(rows))
        XCTAssertEqual(refused == nil, fits, "\(rows.map(\.fields)) on \(model)")
        if fits { (model, references) = (next, taken) }
      }
      for account in ["a", "b"] {
        let balance = try await store.balance(account)
        let rows = try await store.aggregate(
          RecordQuery(tenant: Fixture.tenant, kind: "Entry", predicate: .compare(.spec(["account"]), .equal, .string(account))),
          sum: "amount", by: nil)
        XCTAssertEqual(balance, .int(model[account] ?? 0))
        XCTAssertEqual(rows.first?.sum ?? 0, Double(model[account] ?? 0))
      }
    },
  ]
}
