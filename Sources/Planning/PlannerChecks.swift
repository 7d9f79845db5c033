// Step 4: what binds several objects: cycles, rules, unique keys, plan limits.
import Core
import Expressions
import Kinds
import Ports

extension PlannerRun {
  /// Objects of one set that refer to each other in a circle could never become ready.
  mutating func checkCycles() {
    let live = drafts.indices.filter { drafts[$0].fate != .delete && drafts[$0].fate != .record }
    var position: [UID: Int] = [:]
    for (at, draft) in live.enumerated() { position[drafts[draft].object.uid] = at }
    var edges: [[Int]] = []
    edges.reserveCapacity(live.count)
    for at in live {
      var mine: [ObjectReference] = []
      var targets: [Int] = []
      for (path, _, value) in drafts[at].kind.references(in: drafts[at].object.spec) {
        guard let uid = value.string.flatMap({ UID($0) }) else { continue }
        mine.append(ObjectReference(field: path.filter { Int($0) == nil }.joined(separator: "."), target: uid))
        if let target = position[uid] { targets.append(target) }
      }
      drafts[at].references = Array(Set(mine)).sorted { ($0.field, $0.target) < ($1.field, $1.target) }
      edges.append(targets)
    }
    for cycle in DependencyOrder.cycles(count: live.count, edges: edges) {
      let names = cycle.map { drafts[live[$0]].object.label }
      let first = drafts[live[cycle[0]]]
      problems.append(
        Problem(
          .invalid, code: "cycle", "These refer to each other in a circle: \((names + [names[0]]).joined(separator: " -> ")).",
          place: first.intent.flatMap { intents[$0].place }, object: names[0], fix: "Remove one of the references."))
    }
    checkTrees()
  }

  /// `tree` fields: walking up must end.
  private mutating func checkTrees() {
    // Kinds are looked at before drafts, which cost more to hand out.
    for at in drafts.indices where drafts[at].kind.hasTree && (drafts[at].fate == .create || drafts[at].fate == .update) {
      let draft = drafts[at]
      for field in draft.kind.fields where field.reference?.tree ?? false {
        var seen: Set<UID> = [draft.object.uid]
        var next = draft.object.spec[field.name]?.string.flatMap { UID($0) }
        while let uid = next {
          if !seen.insert(uid).inserted {
            problems.append(
              Problem(
                .invalid, code: "cycle", "\(field.name) leads back to \(draft.object.label) itself.",
                place: draft.intent.flatMap { place(intents[$0], [field.name]) },
                pointer: "/spec/\(field.name)", object: draft.object.label))
            break
          }
          if draftByUID[uid] == nil, snapshot.byUID[uid] == nil {
            needs.insert(.uid(tenant: draft.object.tenant, uid))
            break
          }
          next = object(uid)?.spec[field.name]?.string.flatMap { UID($0) }
        }
      }
    }
  }

  mutating func checkRules() {
    var follows: [String: [RuleReach]] = [:]
    for at in drafts.indices where !drafts[at].kind.rules.isEmpty && follows[drafts[at].kind.name] == nil {
      let kind = drafts[at].kind
      follows[kind.name] = kind.rules.map { RuleReach($0, kind) }
    }
    let reaches = follows.values.contains { $0.contains { $0.when || $0.require } }
    if reaches { needReferenced() }
    let shared = reaches ? lookup : nil
    for at in drafts.indices
    where !drafts[at].kind.rules.isEmpty
      && (drafts[at].fate == .create || drafts[at].fate == .update || drafts[at].fate == .restore || drafts[at].fate == .record)
    {
      let draft = drafts[at]
      let current = ObjectView(object: draft.object, kind: draft.kind, lookup: nil, catalog: context.catalog)
      let following = ObjectView(object: draft.object, kind: draft.kind, lookup: shared, catalog: context.catalog)
      // On creation `old` is the default object: empty.
      var empty = draft.object
      empty.spec = ObjectMap()
      let before = draft.existing ?? empty
      let old = ObjectView(object: before, kind: draft.kind, lookup: nil, catalog: context.catalog)
      let lets = findLets(draft, current)
      for (rule, reach) in zip(draft.kind.rules, follows[draft.kind.name] ?? []) {
        func scope(_ goes: Bool) -> ObjectScope {
          ObjectScope(current: goes ? following : current, old: old, names: lets, now: context.now)
        }
        if let when = rule.when {
          guard case .success(.bool(true)) = when.evaluate(scope(reach.when)) else { continue }
        }
        let outcome = rule.require.evaluate(scope(reach.require))
        if case .success(.bool(true)) = outcome { continue }
        var message = rule.message
        if case .failure(let failure) = outcome, !needs.isEmpty || failure.description.isEmpty {
          continue
        } else if case .failure(let failure) = outcome {
          message += " (\(failure))"
        }
        // The kind writes a pointer below the spec.
        let field = rule.field.map { String($0.drop { $0 == "/" }) }
        problems.append(
          Problem(
            Self.category(of: rule, draft.kind), code: rule.code, message,
            place: draft.intent.flatMap { at in field.map { place(intents[at], [$0]) } ?? intents[at].place },
            pointer: field.map { "/spec/\($0)" }, object: draft.object.label))
      }
    }
  }

  /// What a broken rule means for the caller. Its code says so; else a rule that reads nothing but the object itself is about what was
  /// asked, and any other about the state that things are in.
  static func category(of rule: KindSpec.Rule, _ kind: KindSpec) -> Problem.Category {
    switch rule.code {
    case "invalid": return .invalid
    case "conflict", "state", "in_flight": return .conflict
    case "denied", "protected": return .denied
    case let code where code.hasSuffix("_exists") || code.hasPrefix("already_"): return .conflict
    case let code where code.hasPrefix("system_"): return .denied
    default: break
    }
    let isAboutItself = (rule.require.paths + (rule.when?.paths ?? [])).allSatisfy { path in
      path.first == "self" && (path.count <= 2 || kind.field(path[1])?.reference == nil)
    }
    return isAboutItself ? .invalid : .conflict
  }

  /// Objects that rules reach through references must have been read.
  private mutating func needReferenced() {
    for draft in drafts where draft.fate != .delete && !draft.kind.rules.isEmpty {
      for (_, _, value) in draft.kind.references(in: draft.object.spec) {
        guard let uid = value.string.flatMap({ UID($0) }), draftByUID[uid] == nil, snapshot.byUID[uid] == nil else { continue }
        needs.insert(.uid(tenant: draft.object.tenant, uid))
      }
    }
  }

  private mutating func findLets(_ draft: Draft, _ current: ObjectView) -> [String: CELValue] {
    var names: [String: CELValue] = [:]
    for item in draft.kind.lets {
      guard let kind = context.catalog.kind(item.kind) else { continue }
      let scope = ObjectScope(current: nil, old: nil, names: ["self": .object(current)], now: context.now)
      guard let predicate = PredicateBuilder.build(item.predicate, kind: kind, scope: scope) else { continue }
      let need = Fact.find(tenant: Self.home(of: kind, tenant: draft.object.tenant), kind: kind.name, predicate)
      guard let found = snapshot.found[need] else {
        needs.insert(need)
        continue
      }
      if item.count {
        names[item.name] = .int(found.count)
      } else {
        names[item.name] =
          found.first.map { .object(ObjectView(object: $0, kind: kind, lookup: nil, catalog: context.catalog)) } ?? .null
        for one in found.prefix(1) { pins.append(.version(tenant: one.tenant, uid: one.uid, one.version)) }
      }
    }
    return names
  }

  mutating func checkUnique() {
    var taken: [Fact: String] = [:]
    for at in drafts.indices where drafts[at].fate != .delete {
      let draft = drafts[at]
      var keys: [UniqueKey] = []
      for (rule, unique) in draft.kind.unique.enumerated() {
        if let condition = unique.condition {
          let scope = ObjectScope(current: view(draft), old: nil, names: [:], now: context.now)
          guard case .success(.bool(true)) = condition.evaluate(scope) else { continue }
        }
        let values = unique.fields.map { uniqueValue(draft.object.spec[$0], of: draft.kind.field($0)) }
        // Absent optional keys do not collide.
        if !unique.fields.isEmpty, values.contains(.null), values.allSatisfy({ $0 == .null }) || unique.fields.count == 1 {
          continue
        }
        let key = UniqueKey(
          rule: rule, value: JSON.canonical(.list(values)), global: unique.global, until: unique.duration.map { context.now + $0 }
        )
        keys.append(key)
        var asked = key
        asked.until = nil
        let need = Fact.holder(tenant: unique.global ? .rootTenant : draft.object.tenant, kind: draft.kind.name, asked)
        if let other = taken[need] {
          problems.append(uniqueProblem(draft, unique, by: other))
          continue
        }
        taken[need] = draft.object.label
        // The identity was looked up by name; runs and further keys are asked for.
        let changed =
          draft.existing.map { existing in unique.fields.contains { !sameValue(existing.spec[$0], draft.object.spec[$0]) } }
          ?? true
        guard changed || draft.fate == .restore else { continue }
        if unique.fields.contains(where: { wasMinted($0, draft) }) { continue }
        if unique.fields.contains(where: { namesNewObject(draft.object.spec[$0]) }) { continue }
        if rule == 0, draft.kind.identityField == unique.fields.first, unique.condition == nil, !unique.global,
          draft.kind.storage != .record
        {
          continue
        }
        guard let holder = snapshot.holders[need] else {
          needs.insert(need)
          continue
        }
        if let holder, draftByUID[holder] == nil {
          problems.append(uniqueProblem(draft, unique, by: object(holder)?.label, uid: holder))
        }
      }
      drafts[at].uniqueKeys = keys
    }
  }

  /// A key with an object in it that this plan creates is held by nobody yet.
  private func namesNewObject(_ value: Value?) -> Bool {
    guard let uid = value?.string.flatMap({ UID($0) }), let at = draftByUID[uid] else { return false }
    return drafts[at].existing == nil
  }

  private func uniqueValue(_ value: Value?, of field: FieldSpec?) -> Value {
    guard let value else { return .null }
    if let hash = value["$hash"].string { return .string(hash) }
    if let digest = value["$digest"].string { return .string(digest) }
    if field?.format == "email" || field?.format == "hostname" || field?.format == "domain", let text = value.string {
      return .string(text.lowercased())
    }
    return value
  }

  private func uniqueProblem(_ draft: Draft, _ unique: KindSpec.Unique, by other: String?, uid: UID? = nil) -> Problem {
    let fields = unique.fields.joined(separator: ", ")
    let message =
      unique.message
      ?? (unique.fields.isEmpty
        ? "There is one \(draft.kind.name) already."
        : "Another \(draft.kind.name) has this \(fields) already\(other.map { ": \($0)" } ?? "").")
    var details: ObjectMap = [:]
    if let uid { details["uid"] = .string(uid.description) }
    return Problem(
      .conflict, code: unique.code, message, place: draft.intent.flatMap { place(intents[$0], Array(unique.fields.prefix(1))) },
      pointer: unique.fields.first.map { "/spec/\($0)" }, object: draft.object.label, details: details)
  }

  /// A plan's limits bind at plan time, and again under lock by a pin.
  mutating func checkLimits() {
    var created: [UID: [String: Int]] = [:]
    for at in drafts.indices
    where drafts[at].fate != .keep && drafts[at].fate != .update && drafts[at].object.tenant != .rootTenant {
      let draft = drafts[at]
      guard draft.kind.storage == .resource || draft.kind.storage == .data else { continue }
      let step = draft.fate == .create || draft.fate == .restore ? 1 : draft.fate == .delete ? -1 : 0
      if step != 0, draft.object.tenant != .rootTenant {
        created[draft.object.tenant, default: [:]][draft.kind.name, default: 0] += step
      }
    }
    for (tenant, kinds) in created.sorted(by: { $0.key < $1.key }) where kinds.values.contains(where: { $0 > 0 }) {
      guard let limits = snapshot.limits[tenant] else {
        needs.insert(.limits(tenant: tenant))
        continue
      }
      guard let limits else { continue }
      for (kind, more) in kinds.sorted(by: { $0.key < $1.key }) where more > 0 {
        guard let most = limits.most[kind] else { continue }
        let need = Fact.count(tenant: tenant, kind: kind)
        guard let present = snapshot.counts[need] else {
          needs.insert(need)
          continue
        }
        let first = drafts.first { $0.fate == .create && $0.kind.name == kind && $0.object.tenant == tenant }
        let problem = Problem(
          .refused, code: "limit_exceeded",
          "Plan \(limits.plan) allows \(most) \(kind) objects; the tenant has \(present) and this adds \(more).",
          place: first?.intent.flatMap { intents[$0].place }, object: first?.object.label,
          fix: "Remove some, or subscribe to a larger plan.",
          details: ["plan": .string(limits.plan), "limit": .int(most), "count": .int(present)])
        if present + more > most {
          problems.append(problem)
        } else {
          pins.append(.atMost(tenant: tenant, kind: kind, .always, most, problem: problem))
        }
      }
    }
  }
}

/// Whether a rule's programs go through references.
private struct RuleReach {
  let when: Bool
  let require: Bool

  init(_ rule: KindSpec.Rule, _ kind: KindSpec) {
    let references = kind.fields.filter { $0.reference != nil }.map(\.name)
    when = references.contains { rule.when?.follows($0) ?? false }
    require = references.contains { rule.require.follows($0) }
  }
}
