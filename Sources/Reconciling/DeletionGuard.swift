// Deletions that look like a mistake stop and ask: many at once, protected objects, objects that others depend on.
import Core
import Planning
import Ports

/// Who deletes, in which matter, and the token of an earlier refusal.
public struct DeletionQuestion: Sendable {
  /// `apply/SET`, `delete`, `rollback/SET`: a token of one matter is none of another.
  public var scope: String
  public var tenant: UID
  public var actor: String
  public var token: String?
  /// Objects of the set, where there is one.
  public var total: Int?
  public init(scope: String, tenant: UID, actor: String, token: String?, total: Int? = nil) {
    self.scope = scope
    self.tenant = tenant
    self.actor = actor
    self.token = token
    self.total = total
  }
}

struct DeletionGuard: Sendable {
  /// Up to this many deletions go without asking, and up to `freeOfSet` when they are more than half of a set.
  static let free = 10
  static let freeOfSet = 5
  /// What a plan refuses, and a token permits.
  static let askable: Set<String> = ["protected", "restricted"]

  let tokens: ConfirmTokens

  /// Why somebody must agree first; empty when nobody need.
  static func reasons(_ plan: Plan, _ question: DeletionQuestion) -> [Problem] {
    var reasons = plan.problems.filter { askable.contains($0.code) } + plan.takesAlong
    let count = deleted(plan).count
    let ofSet = question.total.map { count > freeOfSet && count * 2 > $0 } ?? false
    if count > free || ofSet {
      let whole = question.total.map { " of the \($0) objects of the set" } ?? " objects"
      reasons.append(
        Problem(.refused, code: "many_deletions", "This would delete \(count)\(whole).", details: ["count": .int(count)]))
    }
    return reasons
  }

  static func deleted(_ plan: Plan) -> [UID] {
    plan.items.compactMap { $0.action == .delete ? $0.uid : $0.action == .replace ? $0.replaces : nil }
  }

  func claim(_ plan: Plan, _ question: DeletionQuestion) -> Value {
    tokens.claim(actor: question.actor, objects: Self.deleted(plan))
  }

  /// Returns when the question's token permits this plan; else throws the question, with a new token.
  func agree(_ plan: Plan, _ question: DeletionQuestion, reasons: [Problem]) async throws {
    let claim = claim(plan, question)
    if let token = question.token {
      if try await tokens.spend(token, tenant: question.tenant, scope: question.scope, claim: claim) { return }
      throw Problems(
        Problem(
          .refused, code: "confirm_token",
          "The confirm token is not valid: it was used, is over five minutes old, or was for other deletions.",
          fix: "Repeat without it to get a new one."))
    }
    let fresh = try await tokens.issue(tenant: question.tenant, scope: question.scope, claim: claim)
    throw Problems(Self.question(reasons, token: fresh, count: Self.deleted(plan).count))
  }

  private static func question(_ reasons: [Problem], token: String?, count: Int) -> Problem {
    var problem = reasons[0]
    problem.category = .refused
    problem.message = reasons.map(\.message).joined(separator: " ")
    for reason in reasons.dropFirst() { for (key, value) in reason.details { problem.details[key] = value } }
    if reasons.count > 1 { problem.object = nil }
    problem.details["deletions"] = .int(count)
    if let token {
      problem.details["confirm_token"] = .string(token)
      let what = count == 1 ? "it goes" : "\(count) objects go"
      problem.fix = "If that is meant (\(what)), repeat with --confirm \(token) within five minutes."
    }
    return problem
  }
}
