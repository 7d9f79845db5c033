// Secure deletion: while dependents must be confirmed, a delete answers with their counts and a token that is good once.
import Core
import Kinds
import Ports
import Reconciling

struct Dependents {
  /// Dependents that one deletion may take along.
  private static let limit = 10_000
  private static let scope = "rest"

  let context: RequestContext
  let kind: KindSpec

  struct Confirmation {
    var force = false
    /// Objects that go along because their field says so.
    var taken: [StoredObject] = []
  }

  private struct Group {
    var kind: KindSpec
    var count: Int
  }

  /// Throws the family's dependency problem when a confirmation is needed and missing.
  func confirm(_ object: StoredObject) async throws -> Confirmation {
    let referrers = context.services.catalog.referrers(of: kind.name).filter { isConfirmed($0.field) }
    if referrers.isEmpty { return Confirmation() }
    let (groups, objects) = try await count(object, referrers)
    if groups.isEmpty { return Confirmation() }
    guard let confirm = context.route.family.spec.confirm else { return Confirmation(taken: objects) }
    if context.query[confirm.forceParameter] == "true", let token = context.query[confirm.tokenParameter],
      try await tokens.spend(token, tenant: object.tenant, scope: Self.scope, claim: claim(object))
    {
      return Confirmation(force: true)
    }
    throw try await refusal(object, groups, confirm)
  }

  private func isConfirmed(_ field: FieldSpec) -> Bool {
    kind.lifecycle.confirm || (field.reference ?? field.of?.reference)?.onDelete == .confirm
  }

  private func count(
    _ object: StoredObject, _ referrers: [(kind: KindSpec, field: FieldSpec)]
  ) async throws -> (groups: [Group], objects: [StoredObject]) {
    var groups: [Group] = []
    var objects: [StoredObject] = []
    for (other, field) in referrers {
      let path: FieldPath = field.isObserved ? .status([field.name]) : .spec([field.name])
      let value = Value.string(object.uid.description)
      let predicate: Predicate = field.type == .list ? .holds(path, value) : .compare(path, .equal, value)
      let found: Int
      if other.storage == .record {
        found = try await context.reader.count(other, [predicate]).first ?? 0
      } else {
        let page = try await context.reader.list(other, predicate, limit: Self.limit)
        objects += page.objects
        found = page.objects.count
      }
      if found == 0 { continue }
      if let at = groups.firstIndex(where: { $0.kind.name == other.name }) {
        groups[at].count += found
      } else {
        groups.append(Group(kind: other, count: found))
      }
    }
    return (groups, objects)
  }

  private func refusal(_ object: StoredObject, _ groups: [Group], _ confirm: FamilySpec.Confirm) async throws -> Problem {
    let token = try await tokens.issue(
      tenant: object.tenant, scope: Self.scope, claim: claim(object), prefix: "ct_", lifetime: confirm.lifetime)
    let listed: [Value] = groups.map { group in
      let words = Spelling.words(group.kind.name)
      let label = group.count == 1 ? words : Plural.of(words)
      return ["type": .string(Spelling.snake(group.kind.name)), "count": .int(group.count), "label": .string(label)]
    }
    let told = groups.map {
      "\($0.count) \($0.count == 1 ? Spelling.words($0.kind.name) : Plural.of(Spelling.words($0.kind.name)))"
    }
    var details: ObjectMap = ["dependencies": .list(listed)]
    if let token { details["confirm_token"] = .string(token) }
    return Problem(
      .conflict, code: confirm.code, "This \(Spelling.words(kind.name)) still has \(told.joined(separator: " and ")).",
      fix: "Repeat with \(confirm.forceParameter)=true and \(confirm.tokenParameter) to delete them too.", details: details)
  }

  /// The engine's guard, with the family's words.
  private var tokens: ConfirmTokens {
    let sealing = context.services.sealing
    return ConfirmTokens(
      store: context.services.store, clock: context.services.clock, mint: { sealing.randomToken(prefix: $0, length: $1) },
      digest: { sealing.hash($0) })
  }

  private func claim(_ object: StoredObject) -> Value { tokens.claim(actor: context.caller?.actor ?? "", objects: [object.uid]) }
}

/// English plurals of kind names, for messages.
enum Plural {
  static func of(_ word: String) -> String {
    guard let last = word.last else { return word }
    if last == "y", let before = word.dropLast().last, !"aeiou".contains(before) { return word.dropLast() + "ies" }
    return word + ("sx".contains(last) || word.hasSuffix("ch") || word.hasSuffix("sh") ? "es" : "s")
  }
}
