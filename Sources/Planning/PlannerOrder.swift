// In which order objects go, and what a change makes the services do.
import Core
import Expressions
import Kinds
import Ports

/// What becomes of drift of one object: a label of the engine's own, which `metadata.onDrift` sets.
public enum DriftLabel {
  public static let key = "plumb/on-drift"
}

extension PlannerRun {
  /// Deletions in reverse order of dependency: who refers goes before what it refers to. `slow`: those that are marked first and
  /// go later, since their controller cleans up, or since they wait for one that does.
  func deletions() -> (order: [Int], slow: Set<UID>) {
    let going = drafts.indices.filter { drafts[$0].fate == .delete }
    var position: [UID: Int] = [:]
    for (n, at) in going.enumerated() { position[drafts[at].object.uid] = n }
    let edges = going.map { at in
      drafts[at].kind.references(in: drafts[at].object.spec).compactMap { $0.value.string.flatMap { UID($0) } }
        .compactMap { position[$0] }
    }
    let order = DependencyOrder.groups(count: going.count, edges: edges).flatMap { $0 }.reversed()
    var slow: Set<UID> = []
    for n in order {
      let draft = drafts[going[n]]
      if context.cleanup.contains(draft.kind.name) { slow.insert(draft.object.uid) }
      guard slow.contains(draft.object.uid) else { continue }
      for target in edges[n] where drafts[going[target]].kind.storage == .resource && !drafts[going[target]].kind.lifecycle.soft {
        slow.insert(drafts[going[target]].object.uid)
      }
    }
    return (order.map { going[$0] }, slow)
  }

  /// Sentences of the kind's `effects` that hold for this change; where it has none, what its controller does in any case.
  func effects(_ draft: Draft) -> [String] {
    let before = draft.replaces ?? draft.existing
    let lookup = effectLookup
    let current =
      draft.fate == .delete ? nil : ObjectView(object: draft.object, kind: draft.kind, lookup: lookup, catalog: context.catalog)
    let old = before.map { ObjectView(object: $0, kind: draft.kind, lookup: lookup, catalog: context.catalog) }
    let scope = EventScope(current: current, old: old, now: context.now)
    let said = draft.kind.effects.compactMap { effect -> String? in
      if let when = effect.when { guard case .success(.bool(true)) = when.evaluate(scope) else { return nil } }
      guard case .success(.string(let text)) = effect.say.evaluate(scope), !text.isEmpty else { return nil }
      return text
    }
    if !said.isEmpty || !draft.kind.effects.isEmpty || draft.kind.controller == nil { return said }
    if draft.fate == .delete {
      return context.cleanup.contains(draft.kind.name) ? ["its controller takes it down before it goes"] : []
    }
    return draft.specChanged ? ["its controller brings the change about"] : []
  }

  func needsLookup(_ kind: KindSpec) -> Bool {
    kind.effects.contains { effect in
      kind.fields.contains { $0.reference != nil && (effect.say.follows($0.name) || effect.when?.follows($0.name) ?? false) }
    }
  }
}
