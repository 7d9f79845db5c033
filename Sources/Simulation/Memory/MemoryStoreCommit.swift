// MemoryStore: commits, checked whole before anything is written.
import Core
import Kinds
import Ports

extension MemoryStore {
  public func commit(_ commit: Commit) async throws -> CommitResult {
    var commit = commit
    commit.work += Wakes.requests(commit.records, catalog: catalog)
    return try committing(commit)
  }

  private func committing(_ commit: Commit) throws -> CommitResult {
    let outcome = try alone { state -> (result: CommitResult, changed: [UID]) in
      try check(commit, state)
      return apply(commit, &state)
    }
    announce(tenants: outcome.changed, shards: Set(commit.work.map { ShardCount.of($0.uid) }).sorted())
    return outcome.result
  }

  // MARK: Checks

  private func check(_ commit: Commit, _ state: MemoryState) throws {
    for fence in commit.fences {
      let shard = state.shards[fence.shard]
      guard shard.holder == fence.holder, shard.epoch == fence.epoch else { throw CommitFailure.fenced }
    }
    var seen = Set<UID>()
    for write in commit.writes where !seen.insert(write.object.uid).inserted {
      throw Problem(.failure, code: "written_twice", "One commit writes \(write.object.label) twice.", object: write.object.label)
    }
    let after = self.after(commit, state)
    func live(_ tenant: UID, _ uid: UID) -> StoredObject? {
      (after[uid] ?? state.objects[uid]).flatMap { $0.tenant == tenant && !$0.deleted ? $0 : nil }
    }

    var moved: [UID] = []
    for write in commit.writes {
      let present = state.objects[write.object.uid].flatMap { $0.tenant == write.object.tenant ? $0 : nil }
      if write.operation == .create {
        if state.objects[write.object.uid] != nil { moved.append(write.object.uid) }
      } else if present == nil || write.expected != nil && write.expected != present?.version {
        moved.append(write.object.uid)
      }
    }
    var missing: [UID] = []
    var going: Set<UID> = []
    for write in commit.writes where [.startDelete, .softDelete, .remove].contains(write.operation) {
      going.insert(write.object.uid)
    }
    var referenced: [UID] = []
    var exceeded: [Problem] = []
    for pin in commit.pins {
      switch pin {
      case .version(let tenant, let uid, let version):
        let own = seen.contains(uid)
        guard let object = own ? state.objects[uid] : live(tenant, uid), object.version == version else {
          moved.append(uid)
          continue
        }
      case .exists(let tenant, let uid): if live(tenant, uid).map({ $0.deleting != nil }) ?? true { missing.append(uid) }
      case .unreferenced(_, let uid):
        let references = self.references(after: commit, state)
        referenced += references.filter { holder, targets in
          holder != uid && !going.contains(holder) && targets.contains { $0.target == uid }
            && (after[holder] ?? state.objects[holder]).map { !$0.deleted } ?? false
        }.map(\.key)
      case .atMost(let tenant, let kind, let predicate, let most, let problem):
        let all = Set(state.objects.keys).union(after.keys)
        let count = all.reduce(0) { count, uid in
          guard let object = live(tenant, uid), object.kind == kind,
            MemoryPredicate(field: { self.field(object, $0) }).holds(predicate)
          else { return count }
          return count + 1
        }
        if count > most { exceeded.append(problem) }
      case .members(let tenant, let kind, let versions):
        let present = state.objects.values.filter {
          $0.tenant == tenant && $0.kind == kind && !$0.deleted && !seen.contains($0.uid)
        }
        let found = Dictionary(present.map { ($0.uid, $0.version) }, uniquingKeysWith: { first, _ in first })
        moved += Set(found.keys).union(versions.keys).filter { !seen.contains($0) && found[$0] != versions[$0] }
      case .total(let tenant, let kind, let name, let by, let value, let problem):
        let sum = total(tenant, kind, name, by, after: commit.records, state)
        if DecimalText.canonical(value) != sum { exceeded.append(problem) }
      }
    }
    if !moved.isEmpty { throw CommitFailure.moved(Set(moved).sorted()) }
    let records = recordFaults(commit.records, state)
    exceeded += records.exceeded
    let taken = self.taken(commit, state) + records.taken
    if !taken.isEmpty { throw CommitFailure.taken(taken) }
    if !missing.isEmpty { throw CommitFailure.missing(Set(missing).sorted()) }
    if !referenced.isEmpty { throw CommitFailure.referenced(Set(referenced).sorted()) }
    if !exceeded.isEmpty { throw CommitFailure.exceeded(exceeded) }
  }

  /// Written and observed objects as they will be; removed ones are marked deleted.
  private func after(_ commit: Commit, _ state: MemoryState) -> [UID: StoredObject] {
    var after: [UID: StoredObject] = [:]
    for write in commit.writes {
      var object = write.object
      switch write.operation {
      case .startDelete: object.deleting = object.deleting ?? clock.now()
      case .softDelete:
        object.deleting = object.deleting ?? clock.now()
        object.deleted = true
      case .remove: object.deleted = true
      case .restore:
        object.deleting = nil
        object.deleted = false
      case .create: object.deleted = false
      case .update: break
      }
      object.status = state.objects[object.uid]?.status ?? .null
      object.observedGeneration = state.objects[object.uid]?.observedGeneration ?? 0
      after[object.uid] = object
    }
    for status in commit.statuses {
      guard var object = after[status.uid] ?? state.objects[status.uid] else { continue }
      object.status = status.status
      after[status.uid] = object
    }
    return after
  }

  private static func sets(_ operation: ObjectWrite.Operation) -> Bool { [.create, .update, .restore].contains(operation) }

  private func references(after commit: Commit, _ state: MemoryState) -> [UID: Set<ObjectReference>] {
    var references = state.references
    for write in commit.writes {
      if Self.sets(write.operation) { references[write.object.uid] = Set(write.references) }
      if write.operation == .softDelete || write.operation == .remove { references[write.object.uid] = nil }
    }
    return references
  }

  private func key(_ key: UniqueKey, _ object: StoredObject) -> MemoryState.Key {
    MemoryState.Key(
      scope: key.global ? MemoryState.everywhere : object.tenant, kind: object.kind, rule: key.rule, value: key.value)
  }

  private func taken(_ commit: Commit, _ state: MemoryState) -> [(uid: UID, rule: Int, by: UID, kind: String)] {
    // Who lets go of all keys, or takes a new set of them.
    let written = Set(commit.writes.filter { $0.operation != .startDelete || $0.freesKeys }.map(\.object.uid))
    var claimed: [MemoryState.Key: UID] = [:]
    var taken: [(uid: UID, rule: Int, by: UID, kind: String)] = []
    for write in commit.writes where Self.sets(write.operation) {
      for unique in write.uniqueKeys {
        let key = self.key(unique, write.object)
        var holder = claimed.updateValue(write.object.uid, forKey: key)
        if holder == nil, let held = state.keys[key], !held.isOver(clock.now()), !written.contains(held.uid) { holder = held.uid }
        if let holder { taken.append((uid: write.object.uid, rule: unique.rule, by: holder, kind: write.object.kind)) }
      }
    }
    return taken
  }

  // MARK: Writing

  private func apply(_ commit: Commit, _ state: inout MemoryState) -> (result: CommitResult, changed: [UID]) {
    let now = clock.now()
    let after = self.after(commit, state)
    let references = self.references(after: commit, state)
    let gone = Set(commit.writes.filter { $0.operation == .remove }.map(\.object.uid))
    let statuses = commit.statuses.filter { (state.objects[$0.uid] != nil || after[$0.uid] != nil) && !gone.contains($0.uid) }
    var versions: [UID: Int] = [:]
    for write in commit.writes {
      let last =
        write.operation == .create
        ? state.history[write.object.uid]?.last?.entry.version : state.objects[write.object.uid]?.version
      versions[write.object.uid] = max(last ?? 0, write.operation == .create ? write.object.version : 0) + 1
    }
    let heads = moveHeads(commit, statuses, versions, now, &state)

    state.references = references
    for write in commit.writes {
      let uid = write.object.uid
      if write.operation != .startDelete || write.freesKeys { state.keys = state.keys.filter { $0.value.uid != uid } }
      guard var object = after[uid] else { continue }
      object.version = versions[uid] ?? 1
      object.created = state.objects[uid]?.created ?? object.created
      object.updated = now
      let entry = HistoryEntry(
        uid: uid, kind: object.kind, name: object.name, version: object.version, generation: object.generation,
        operation: write.operation.rawValue, at: heads.at, origin: commit.origin, spec: object.spec, owners: object.owners,
        labels: object.labels)
      state.history[uid, default: []].append(
        .init(tenant: object.tenant, entry: entry, rev: object.rev, protected: object.protected, created: object.created))
      state.objects[uid] = write.operation == .remove ? nil : object
      if write.operation == .remove {
        state.effects[uid] = nil
        state.lastUsed[uid] = nil
      }
    }
    for write in commit.writes where Self.sets(write.operation) {
      for unique in write.uniqueKeys {
        state.keys[key(unique, write.object)] = .init(tenant: write.object.tenant, uid: write.object.uid, until: unique.until)
      }
    }
    for status in statuses {
      guard var object = state.objects[status.uid] else { continue }
      object.status = status.status
      object.observedGeneration = max(status.generation, object.observedGeneration)
      state.objects[status.uid] = object
    }
    applySide(commit, versions, now, &state)
    return (CommitResult(positions: heads.positions, at: heads.at, versions: versions), heads.changed)
  }

  private func applySide(_ commit: Commit, _ versions: [UID: Int], _ now: Timestamp, _ state: inout MemoryState) {
    for change in commit.inventory {
      var set = state.sets[.init(tenant: change.owner, name: change.set)] ?? .init(digest: "", updated: now)
      set.digest = change.catalogDigest
      set.updated = now
      for uid in change.removed { set.rows[uid] = nil }
      for var row in change.put {
        row.version = versions[row.uid] ?? row.version
        set.rows[row.uid] = row
      }
      state.sets[.init(tenant: change.owner, name: change.set)] = set
    }
    for effect in commit.effects {
      var rows = state.effects[effect.uid] ?? []
      if let at = rows.firstIndex(where: { $0.generation == effect.generation && $0.step.name == effect.step.name }) {
        rows[at].state = effect.state
        rows[at].reply = effect.reply
        rows[at].consumed = effect.consumed
      } else {
        rows.append(effect)
      }
      state.effects[effect.uid] = rows
    }
    state.story += commit.story
    appendRecords(commit.records, &state)
    state.series.take(commit)
    for finished in commit.finished {
      guard var item = state.work[finished.item.uid], item.dirty == finished.item.dirty else { continue }
      item.due = finished.next ?? item.due
      item.attempts = finished.attempts
      state.work[finished.item.uid] = finished.next == nil ? nil : item
    }
    var merged: [UID: WorkRequest] = [:]
    for request in commit.work {
      if let other = merged[request.uid], (other.due ?? now) <= (request.due ?? now) { continue }
      merged[request.uid] = request
    }
    for (_, request) in merged.sorted(by: { $0.key < $1.key }) { state.request(request, now: now) }
  }

  private func moveHeads(
    _ commit: Commit, _ statuses: [StatusWrite], _ versions: [UID: Int], _ now: Timestamp, _ state: inout MemoryState
  ) -> (positions: [UID: Int], at: Timestamp, changed: [UID]) {
    var changes = commit.writes.map { write in
      Change(
        tenant: write.object.tenant, position: 0, uid: write.object.uid, kind: write.object.kind, name: write.object.name,
        operation: write.operation.rawValue, events: write.events, version: versions[write.object.uid] ?? 1, at: now,
        actor: commit.origin.actor)
    }
    for status in statuses where status.announce && versions[status.uid] == nil {
      guard let object = state.objects[status.uid] else { continue }
      changes.append(
        Change(
          tenant: status.tenant, position: 0, uid: status.uid, kind: status.kind, name: object.name, operation: "o",
          events: status.events, version: object.version, at: now, actor: commit.origin.actor))
    }
    var tenants = Set(changes.map(\.tenant))
    let changed = tenants.sorted()
    for pin in commit.pins {
      switch pin {
      case .version(let tenant, _, _), .exists(let tenant, _), .atMost(let tenant, _, _, _, _), .unreferenced(let tenant, _):
        tenants.insert(tenant)
      case .total, .members: break
      }
    }
    let at = tenants.reduce(now) { max($0, state.heads[$1].map { Timestamp(microseconds: $0.at.microseconds + 1) } ?? $0) }
    for tenant in tenants { state.heads[tenant, default: .init()].at = at }
    for var change in changes {
      var head = state.heads.removeValue(forKey: change.tenant) ?? .init()
      head.position += 1
      change.position = head.position
      change.at = at
      head.changes.append(change)
      if head.changes.count > 2 * MemoryState.keptChanges { head.changes.removeFirst(MemoryState.keptChanges) }
      state.heads[change.tenant] = head
    }
    let positions = Dictionary(tenants.map { ($0, state.heads[$0]?.position ?? 0) }, uniquingKeysWith: { first, _ in first })
    return (positions, at, changed)
  }
}
