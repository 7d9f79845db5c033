// Step 3: deletions and what they do to the objects that refer here.
import Core
import Kinds
import Ports

extension PlannerRun {
  mutating func delete(tenant: UID, uid: UID, reason: String?, intent: Int?, force: Bool) {
    if let at = draftByUID[uid] {
      // Stated and pruned at once, or reached twice: the deletion stands unless somebody states the object.
      if drafts[at].fate != .delete, intent != nil { drafts[at].fate = .delete }
      return
    }
    guard let known = snapshot.byUID[uid] else {
      needs.insert(.uid(tenant: tenant, uid))
      return
    }
    guard let object = known, !object.deleted, let kind = context.catalog.kind(object.kind) else { return }
    let force = force || context.confirmed
    if object.protected && !context.confirmed || isProtected(object, kind) {
      problems.append(
        Problem(
          .refused, code: object.protected ? "protected" : "protected_by_kind", "\(object.label) is protected.",
          place: intent.flatMap { intents[$0].place },
          object: object.label,
          fix: object.protected ? "Set metadata.protect to false first." : nil))
      return
    }
    add(Draft(fate: .delete, kind: kind, object: object, existing: object, intent: intent, reason: reason))
    if snapshot.referrers[uid] == nil { needs.insert(.referrers(tenant: object.tenant, uid)) }
    if force { forced.insert(uid) }
  }

  /// What left a set: it goes, unless another set states it too. Then this one only lets go of its fields.
  mutating func prune(tenant: UID, uid: UID) {
    guard let known = snapshot.byUID[uid] else {
      needs.insert(.uid(tenant: tenant, uid))
      return
    }
    let other = known?.owners.values.flatMap { [$0] + $0.also }.map(\.manager).filter { manager in
      if case .set = manager { manager != context.origin.manager } else { false }
    }.min { $0.description < $1.description }
    guard let object = known, let other, draftByUID[uid] == nil, !object.deleted, object.deleting == nil,
      let kind = context.catalog.kind(object.kind)
    else { return delete(tenant: tenant, uid: uid, reason: "left the set", intent: nil, force: false) }
    var draft = Draft(
      fate: .keep, kind: kind, object: object, existing: object, intent: nil, reason: "left the set, and stays with \(other)")
    let merged = OwnershipMerge.merge(
      [:], onto: object, kind: kind, intent: Intent(.apply, .uid(tenant: tenant, kind: kind.name, uid)), context: context)
    draft.object.spec = merged.spec
    draft.object.owners = merged.owners
    fillIn(&draft, Intent(.apply, .uid(tenant: tenant, kind: kind.name, uid)))
    if draft.specChanged { draft.object.generation += 1 }
    if draft.specChanged || draft.object.owners != object.owners {
      draft.fate = .update
      draft.metadataChanged = true
    }
    add(draft)
  }

  private func isProtected(_ object: StoredObject, _ kind: KindSpec) -> Bool {
    guard let program = kind.lifecycle.protect else { return false }
    let view = ObjectView(object: object, kind: kind, lookup: nil, catalog: context.catalog)
    if case .success(.bool(true)) = program.evaluate(ObjectScope(current: view, old: view, names: [:], now: context.now)) {
      return true
    }
    return false
  }

  /// Cascades, clears and refusals, until nothing more follows.
  mutating func deleteDependents() {
    var at = 0
    while at < drafts.count {
      defer { at += 1 }
      guard drafts[at].fate == .delete else { continue }
      let gone = drafts[at].object
      guard let referrers = snapshot.referrers[gone.uid] else {
        needs.insert(.referrers(tenant: gone.tenant, gone.uid))
        continue
      }
      if let heir = drafts[at].replacedBy {
        for (_, referrer) in referrers where !referrer.deleted { follow(referrer, from: gone, to: heir) }
        continue
      }
      var dependents: [StoredObject] = []
      var along: [StoredObject] = []
      for (fieldPath, referrer) in referrers where !referrer.deleted {
        if let other = draftByUID[referrer.uid] {
          let draft = drafts[other]
          if draft.fate == .delete { continue }
          let stillRefers = draft.kind.references(in: draft.object.spec).contains { $0.value.string == gone.uid.description }
          if !stillRefers { continue }
        }
        guard let kind = context.catalog.kind(referrer.kind) else { continue }
        let top = String(fieldPath.prefix { $0 != "." })
        let reference =
          kind.field(top)?.reference ?? kind.field(top)?.of?.reference ?? nestedReference(kind.field(top), to: gone.kind)
        switch (reference?.onDelete ?? .restrict, forced.contains(gone.uid)) {
        case (.cascade, _), (.restrict, true), (.confirm, true):
          if forced.contains(gone.uid) {
            forced.insert(referrer.uid)
          } else if kind.storage == .resource {
            along.append(referrer)
          }
          if snapshotKnows(referrer) {
            delete(
              tenant: referrer.tenant, uid: referrer.uid, reason: "goes with \(gone.label)", intent: nil,
              force: forced.contains(gone.uid))
          }
        case (.clear, _): clear(top, of: referrer, kind, gone)
        case (.restrict, false), (.confirm, false): dependents.append(referrer)
        }
      }
      if !dependents.isEmpty { problems.append(hasDependents(gone, dependents, drafts[at].intent)) }
      if !along.isEmpty { takesAlong.append(takes(gone, along, drafts[at].intent)) }
    }
  }

  private mutating func snapshotKnows(_ object: StoredObject) -> Bool {
    if snapshot.byUID[object.uid] != nil { return true }
    needs.insert(.uid(tenant: object.tenant, object.uid))
    return false
  }

  private func nestedReference(_ field: FieldSpec?, to kind: String) -> FieldSpec.Reference? {
    guard let field else { return nil }
    for member in field.fields + (field.of?.fields ?? []) {
      if let reference = member.reference, reference.kind == kind { return reference }
      if let deeper = nestedReference(member, to: kind) { return deeper }
    }
    return nil
  }

  private mutating func clear(_ field: String, of referrer: StoredObject, _ kind: KindSpec, _ gone: StoredObject) {
    var draft: Draft
    if let at = draftByUID[referrer.uid] {
      draft = drafts[at]
    } else {
      draft = Draft(fate: .update, kind: kind, object: referrer, existing: referrer, intent: nil, reason: "\(gone.label) goes")
      draft.object.generation += 1
    }
    if case .list(let items)? = draft.object.spec[field] {
      draft.object.spec[field] = .list(items.filter { $0.string != gone.uid.description })
    } else {
      draft.object.spec[field] = nil
      draft.object.owners[field] = nil
    }
    if let at = draftByUID[referrer.uid] { drafts[at] = draft } else { add(draft) }
  }

  private func hasDependents(_ gone: StoredObject, _ dependents: [StoredObject], _ intent: Int?) -> Problem {
    let (words, listed) = Self.counted(dependents)
    return Problem(
      .conflict, code: "restricted", "\(gone.label) is still used by \(words).",
      place: intent.flatMap { intents[$0].place }, object: gone.label, fix: "Remove those first.",
      details: ["dependencies": listed])
  }

  private func takes(_ gone: StoredObject, _ dependents: [StoredObject], _ intent: Int?) -> Problem {
    let (words, listed) = Self.counted(dependents)
    return Problem(
      .refused, code: "dependents", "\(gone.label) takes \(words) along.", place: intent.flatMap { intents[$0].place },
      object: gone.label, details: ["dependencies": listed])
  }

  /// `2 App (web, shop) and 1 Note (n)`, and the same for programs.
  private static func counted(_ dependents: [StoredObject]) -> (words: String, listed: Value) {
    var counts: [(kind: String, names: [String])] = []
    for one in dependents {
      if let at = counts.firstIndex(where: { $0.kind == one.kind }) {
        counts[at].names.append(one.name)
      } else {
        counts.append((one.kind, [one.name]))
      }
    }
    let listed: [Value] = counts.map {
      ["type": .string($0.kind), "count": .int($0.names.count), "label": .string($0.names.prefix(3).joined(separator: ", "))]
    }
    let words = counts.map {
      "\($0.names.count) \($0.kind) (\($0.names.prefix(3).joined(separator: ", "))\($0.names.count > 3 ? ", …" : ""))"
    }
    return (words.joined(separator: " and "), .list(listed))
  }
}
