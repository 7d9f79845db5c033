// Last step: drafts become the plan that people read and the commit that does it.
import Core
import Expressions
import Kinds
import Ports

extension PlannerRun {
  mutating func finish() -> Plan {
    var commit = Commit(origin: context.origin)
    var items: [PlanItem] = []
    var results: [UID: StoredObject] = [:]
    items.reserveCapacity(drafts.count)
    let going = deletions()
    if drafts.contains(where: { needsLookup($0.kind) }) { effectLookup = lookup }
    for draft in drafts.filter({ $0.fate != .delete }) + going.order.map({ drafts[$0] }) {
      results[draft.object.uid] = draft.object
      if draft.replacedBy == nil, draft.kind.name != Self.tenantEvent { items.append(item(draft)) }
      guard problems.isEmpty else { continue }
      if draft.fate != .keep, draft.fate != .record {
        for spec in [draft.object.spec, draft.existing?.spec ?? [:]] {
          commit.work += Wakes.requests(draft.kind, fields: spec, tenant: draft.object.tenant, catalog: context.catalog)
        }
      }
      commit.records += auditRows(draft)
      switch draft.fate {
      case .keep:
        // What was decided from this object must still hold when others are written with it.
        break
      case .record:
        commit.records.append(
          RecordRow(
            tenant: draft.object.tenant, uid: draft.object.uid, kind: draft.kind.name, at: context.now, fields: draft.object.spec,
            mustBeNew: draft.intent != nil))
      case .create, .update, .restore:
        let operation: ObjectWrite.Operation = draft.fate == .create ? .create : draft.fate == .restore ? .restore : .update
        var object = draft.object
        object.updated = context.now
        let status = immediateStatus(draft)
        if let status {
          object.status = status
          object.observedGeneration = object.generation
        }
        results[object.uid] = object
        commit.writes.append(
          ObjectWrite(
            operation, object, expected: draft.existing?.version, uniqueKeys: draft.uniqueKeys, references: draft.references,
            events: events(draft)))
        pinReferences(draft, &commit)
        if let status {
          commit.statuses.append(
            StatusWrite(
              tenant: object.tenant, uid: object.uid, kind: object.kind, generation: object.generation, status: status,
              announce: false))
        } else if needsController(draft.kind) {
          commit.work.append(WorkRequest(tenant: object.tenant, uid: object.uid, kind: object.kind))
        }
      case .delete:
        var object = draft.object
        let operation: ObjectWrite.Operation =
          going.slow.contains(object.uid) ? .startDelete : draft.kind.lifecycle.soft ? .softDelete : .remove
        if draft.replacedBy != nil, operation != .remove { object.name = Self.formerName(object) }
        object.deleting = context.now
        object.deleted = operation == .softDelete
        object.updated = context.now
        results[object.uid] = object
        var write = ObjectWrite(operation, object, expected: draft.existing?.version, events: events(draft))
        write.freesKeys = draft.replacedBy != nil
        commit.writes.append(write)
        commit.pins.append(.unreferenced(tenant: object.tenant, uid: object.uid))
        if operation == .startDelete {
          commit.work.append(WorkRequest(tenant: object.tenant, uid: object.uid, kind: object.kind))
        }
      }
    }
    commit.pins.append(contentsOf: pins)
    var plan = Plan(items: items, commit: commit, results: results, minted: minted, problems: problems, targets: targets)
    plan.warnings = warnings
    plan.takesAlong = takesAlong
    plan.proposed = proposed
    return plan
  }

  private func needsController(_ kind: KindSpec) -> Bool { kind.controller != nil || kind.storage == .run }

  /// A kind without a controller is as it should be once it is stored.
  private func immediateStatus(_ draft: Draft) -> Value? {
    guard !needsController(draft.kind), draft.kind.storage == .resource else { return nil }
    guard draft.specChanged || draft.object.status.isNull else { return draft.object.status }
    if draft.existing == nil { return storedStatus }
    let ready = Condition("Ready", .yes, reason: "Stored", message: "Nothing outside has to change.", since: context.now)
      .keepingSince(from: draft.object.conditions)
    return ["conditions": [ready.value]]
  }

  private func pinReferences(_ draft: Draft, _ commit: inout Commit) {
    for reference in draft.references where draftByUID[reference.target] == nil {
      let owner = (snapshot.byUID[reference.target] ?? nil)?.tenant ?? draft.object.tenant
      commit.pins.append(.exists(tenant: owner, uid: reference.target))
    }
  }

  /// The event that every kind has, and those its spec names.
  func events(_ draft: Draft) -> [String] {
    if draft.kind.name == Self.tenantEvent {
      return draft.fate == .create ? [draft.object.spec["event"]?.string].compactMap { $0 } : []
    }
    let noun = draft.kind.noun
    var names: [String]
    switch draft.fate {
    case .create, .restore: names = ["\(noun).created"]
    case .update: names = ["\(noun).updated"]
    case .delete: names = ["\(noun).deleted"]
    case .keep, .record: return []
    }
    guard !draft.kind.events.isEmpty else { return names }
    let current =
      draft.fate == .delete ? nil : ObjectView(object: draft.object, kind: draft.kind, lookup: nil, catalog: context.catalog)
    let old = draft.existing.map { ObjectView(object: $0, kind: draft.kind, lookup: nil, catalog: context.catalog) }
    let scope = EventScope(current: current, old: old, now: context.now)
    for event in draft.kind.events where !event.observed && !names.contains(event.name) {
      if case .success(.bool(true)) = event.when.evaluate(scope) { names.append(event.name) }
    }
    return names
  }

  private func item(_ draft: Draft) -> PlanItem {
    let action: PlanItem.Action
    var changes: [PlanItem.FieldChange] = []
    switch draft.fate {
    case .keep: action = .unchanged
    case .create where draft.replaces != nil:
      action = .replace
      changes = SpecDiff.changes(draft.replaces?.spec ?? [:], draft.object.spec, draft.kind)
    case .record, .create:
      action = .create
      changes = FieldLeaves.of(draft.object.spec, draft.kind).map { SpecDiff.change($0.path, .null, $0.value, draft.kind) }
    case .restore: action = .restore
    case .delete: action = .delete
    case .update:
      changes = SpecDiff.changes(draft.existing?.spec ?? [:], draft.object.spec, draft.kind) + metadataDiff(draft)
      // Who states a value that another manages already is remembered, which is nothing to tell.
      let newManager = draft.object.owners.contains {
        $0.value.manager == context.origin.manager && draft.existing?.owners[$0.key]?.manager != context.origin.manager
      }
      let renamed = draft.existing.map { $0.name != draft.object.name } ?? false
      action = renamed ? .rename : !changes.isEmpty ? .update : newManager ? .adopt : .unchanged
    }
    var item = PlanItem(
      action: action, tenant: draft.object.tenant, uid: draft.object.uid, kind: draft.kind.name, name: draft.object.name,
      changes: changes,
      reason: draft.reason, place: draft.intent.flatMap { intents[$0].place }, intent: draft.intent)
    item.forcedBy = draft.forcedBy
    item.replaces = draft.replaces?.uid
    if action == .rename { item.formerName = draft.existing?.name }
    if action != .unchanged, action != .adopt { item.effects = effects(draft) }
    return item
  }

  private func metadataDiff(_ draft: Draft) -> [PlanItem.FieldChange] {
    guard let existing = draft.existing else { return [] }
    var changes: [PlanItem.FieldChange] = []
    if existing.labels != draft.object.labels {
      changes.append(
        .init(path: "metadata.labels", before: SpecDiff.labels(existing.labels), after: SpecDiff.labels(draft.object.labels)))
    }
    if draft.existing?.name != draft.object.name {
      changes.append(.init(path: "metadata.name", before: .string(existing.name), after: .string(draft.object.name)))
    }
    if let intent = draft.intent, intents[intent].handover != nil {
      for path in Set(existing.owners.keys).union(draft.object.owners.keys).sorted() {
        let (before, after) = (existing.owners[path]?.manager, draft.object.owners[path]?.manager)
        if before == after { continue }
        changes.append(
          .init(path: "metadata.manager.\(path)", before: Value(before?.description), after: Value(after?.description)))
      }
    }
    if existing.protected != draft.object.protected {
      changes.append(.init(path: "metadata.protect", before: .bool(existing.protected), after: .bool(draft.object.protected)))
    }
    return changes
  }
}

/// Events see null where an object is not there: before creation, after deletion.
struct EventScope: CELScope {
  let current: ObjectView?
  let old: ObjectView?
  let now: Timestamp

  func lookup(_ name: String) -> CELValue? {
    switch name {
    case "self": current.map { .object($0) } ?? .null
    case "old": old.map { .object($0) } ?? .null
    case "now": CELValue(timestamp: now)
    default: (current ?? old)?.member(name)
    }
  }
}
