// `credits.spend`: credits of a tenant are used up, the plan's first, then the bought ones; once for each reference.
import Core
import Kinds
import Ports

/// `with`: `amount`, `reference`, and if they are given `note` and `tenant` (the call's tenant without it). Any family's route may name it.
/// Refuses with `insufficient_credits`, and with `reference_used` where the reference stands for another amount.
struct SpendCreditsHandler: OperationHandler {
  let name = "credits.spend"
  private static let kind = "CreditEntry"
  /// Somebody else spent or booked between reading and writing: looked at again so often.
  private static let mostAttempts = 8

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    guard let amount = call.with["amount"]?.int, amount > 0, let reference = call.with["reference"]?.string, !reference.isEmpty
    else {
      throw Problem(.invalid, code: "invalid", "Credits are spent with a positive amount and a reference.")
    }
    let tenant = call.with["tenant"]?.string.flatMap { UID($0) } ?? call.tenant
    let spending = CreditSpending(tenant: tenant, amount: amount, reference: reference)
    var last: Problems?
    for _ in 0..<Self.mostAttempts {
      let balances = try await balances(tenant, ports)
      if let before = try spending.booked(try await rows(spending, ports)) {
        return reply(before, balances, repeated: true)
      }
      guard let split = spending.split(balances) else { throw spending.insufficient(balances) }
      do {
        _ = try await ports.writes.write(
          spending.entries(split, actor: call.caller?.actor, note: call.with["note"]?.string).map {
            Intent(.create, .new(tenant: .rootTenant, kind: Self.kind), fields: $0)
          })
        let after = (subscription: balances.subscription - split.subscription, purchased: balances.purchased - split.purchased)
        return reply(split, after, repeated: false)
      } catch let problems as Problems
        where problems.list.allSatisfy({ ["duplicate_reference", "insufficient_credits"].contains($0.code) })
      {
        last = problems
      }
    }
    throw last ?? Problems(spending.insufficient((0, 0)))
  }

  private func balances(_ tenant: UID, _ ports: OperationPorts) async throws -> CreditSpending.Parts {
    let keys: [[Value]] = ["subscription", "purchased"].map { [.string(tenant.description), .string($0)] }
    let totals = try await ports.reads.totals(tenant: .rootTenant, kind: Self.kind, name: "balance", keys: keys)
    return (totals.first?.int ?? 0, totals.last?.int ?? 0)
  }

  private func rows(_ spending: CreditSpending, _ ports: OperationPorts) async throws -> [ObjectMap] {
    let mine = Predicate.all([
      .compare(.spec(["tenant"]), .equal, .string(spending.tenant.description)),
      .among(.spec(["reference"]), spending.references.map(Value.string)),
    ])
    return try await ports.reads.records(
      RecordQuery(tenant: .rootTenant, kind: Self.kind, predicate: mine, limit: spending.references.count)
    ).rows.map(\.fields)
  }

  private func reply(_ split: CreditSpending.Parts, _ left: CreditSpending.Parts, repeated: Bool) -> OperationReply {
    .value([
      "fromSubscription": .int(split.subscription), "fromPurchased": .int(split.purchased),
      "subscriptionCredits": .int(left.subscription), "purchasedCredits": .int(left.purchased), "repeated": .bool(repeated),
    ])
  }
}

/// What one spending does to the two buckets. Pure.
struct CreditSpending {
  typealias Parts = (subscription: Int, purchased: Int)
  let tenant: UID
  let amount: Int
  let reference: String

  /// The first line always bears the first of them, so that a second spending meets it whatever the buckets hold by then.
  var references: [String] { ["usage/\(reference)", "usage-rest/\(reference)"] }

  /// Nil when there is not enough.
  func split(_ balances: Parts) -> Parts? {
    guard balances.subscription + balances.purchased >= amount else { return nil }
    let first = min(amount, max(0, balances.subscription))
    return (first, amount - first)
  }

  func entries(_ split: Parts, actor: String?, note: String?) -> [ObjectMap] {
    let parts = [("subscription", split.subscription), ("purchased", split.purchased)].filter { $0.1 > 0 }
    return zip(parts, references).map { part, reference in
      var row: ObjectMap = [
        "tenant": .string(tenant.description), "bucket": .string(part.0), "amount": .int(-part.1), "reason": "usage",
        "reference": .string(reference),
      ]
      if let actor { row["actor"] = .string(actor) }
      if let note, !note.isEmpty { row["note"] = .string(note) }
      return row
    }
  }

  /// What was spent under this reference before; nil when nothing was. Throws `reference_used`.
  func booked(_ rows: [ObjectMap]) throws -> Parts? {
    if rows.isEmpty { return nil }
    func sum(_ bucket: String) -> Int {
      rows.filter { $0["bucket"]?.string == bucket }.reduce(0) { $0 - ($1["amount"]?.int ?? 0) }
    }
    let parts = (subscription: sum("subscription"), purchased: sum("purchased"))
    guard parts.subscription + parts.purchased == amount else {
      throw Problem(
        .conflict, code: "reference_used",
        "This reference was spent already, on \(parts.subscription + parts.purchased) credits.",
        pointer: "/reference", fix: "Use another reference for another spending.")
    }
    return parts
  }

  func insufficient(_ balances: Parts) -> Problem {
    Problem(
      .refused, code: "insufficient_credits",
      "There are not enough credits: \(amount) are needed, \(balances.subscription + balances.purchased) are left.",
      fix: "Buy credits, or choose a plan with more of them.",
      details: ["subscriptionCredits": .int(balances.subscription), "purchasedCredits": .int(balances.purchased)])
  }
}
