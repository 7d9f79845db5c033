// MemoryStore: reads of objects, history and the feed.
import Core
import Foundation
import Kinds
import Ports

extension MemoryStore {
  public func objects(named keys: [ObjectKey]) async throws -> [StoredObject] {
    let wanted = Set(keys)
    return alone { state in
      state.objects.values.filter { !$0.deleted && wanted.contains(ObjectKey(tenant: $0.tenant, kind: $0.kind, name: $0.name)) }
        .sorted { $0.uid < $1.uid }
    }
  }

  public func objects(tenant: UID?, uids: [UID]) async throws -> [StoredObject] {
    alone { state in
      Set(uids).sorted().compactMap { state.objects[$0] }.filter { tenant == nil || $0.tenant == tenant }
    }
  }

  public func list(_ query: ObjectQuery) async throws -> ObjectPage {
    if let after = query.after, after.values.count != query.sort.count {
      throw Problem(
        .invalid, code: "bad_cursor", "The cursor does not fit the order of this list.", fix: "Start from the first page.")
    }
    return alone { state in
      let all = matches(state, query)
      let keys = query.sort
      func orders(_ object: StoredObject) -> [MemoryOrder] { keys.map { MemoryOrder(field(object, $0.path)) } }
      func precedes(_ a: [MemoryOrder], _ aUID: UID, _ b: [MemoryOrder], _ bUID: UID) -> Bool {
        for n in keys.indices {
          let order = MemoryOrder.compare(a[n], b[n])
          if order != .orderedSame { return (order == .orderedAscending) != keys[n].descending }
        }
        return aUID < bUID
      }
      var sorted = all.map { (object: $0, orders: orders($0)) }.sorted {
        precedes($0.orders, $0.object.uid, $1.orders, $1.object.uid)
      }
      if let after = query.after, let sample = all.first {
        let start = zip(keys, after.values).map { MemoryOrder($1, like: field(sample, $0.path)) }
        sorted.removeAll { !precedes(start, after.uid, $0.orders, $0.object.uid) }
      }
      let page = sorted.dropFirst(max(0, query.offset)).prefix(max(0, query.limit)).map(\.object)
      return ObjectPage(
        objects: Array(page), total: query.wantsTotal ? all.count : nil, position: state.heads[query.tenant]?.position ?? 0)
    }
  }

  public func count(_ queries: [ObjectQuery]) async throws -> [Int] {
    alone { state in queries.map { matches(state, $0).count } }
  }

  func matches(_ state: MemoryState, _ query: ObjectQuery) -> [StoredObject] {
    state.objects.values.filter { object in
      (query.everywhere || object.tenant == query.tenant) && object.kind == query.kind
        && (query.includeDeleted || !object.deleted)
        && MemoryPredicate { self.field(object, $0) }.holds(query.predicate)
    }
  }

  func field(_ object: StoredObject, _ path: FieldPath) -> MemoryField {
    switch path {
    case .uid: .uid(object.uid)
    case .name: .text(object.name)
    case .created: .time(object.created)
    case .updated: .time(object.updated)
    case .version: .number(.int(object.version))
    case .label(let key): .text(object.labels[key])
    case .spec(let steps): .json(Value.object(object.spec).at(path: steps), type(steps, object.kind))
    case .status(let steps): .json(object.status.at(path: steps), type(steps, object.kind))
    }
  }

  private func type(_ steps: [String], _ kind: String) -> FieldSpec.FieldType? {
    guard let first = steps.first, var field = catalog.kind(kind)?.field(first) else { return nil }
    for step in steps.dropFirst() {
      if field.type == .map || field.type == .list, let of = field.of {
        field = of
      } else if let member = field.fields.first(where: { $0.name == step }) {
        field = member
      } else {
        return nil
      }
    }
    return field.type == .any ? nil : field.type
  }

  public func referrers(tenant: UID, of uids: [UID], limit: Int) async throws -> [(
    target: UID, field: String, object: StoredObject
  )] {
    let targets = Set(uids)
    return alone { state in
      let found = state.references.flatMap { uid, references in
        references.filter { targets.contains($0.target) }.compactMap { reference in
          state.objects[uid].flatMap { $0.deleted ? nil : (target: reference.target, field: reference.field, object: $0) }
        }
      }
      return Array(
        found.sorted { ($0.target, $0.object.uid, $0.field) < ($1.target, $1.object.uid, $1.field) }.prefix(max(0, limit)))
    }
  }

  public func holders(tenant: UID, kind: String, keys: [UniqueKey]) async throws -> [UniqueKey: UID] {
    alone { state in
      var found: [UniqueKey: UID] = [:]
      let isRecord = catalog.kind(kind)?.storage == .record
      for key in keys {
        if isRecord {
          let held = state.recordKeys[.init(tenant: tenant, kind: kind, rule: key.rule, value: key.value)]
          if let held, held.until.map({ $0 > clock.now() }) ?? true { found[key] = held.uid }
          continue
        }
        let place = MemoryState.Key(
          scope: key.global ? MemoryState.everywhere : tenant, kind: kind, rule: key.rule, value: key.value)
        if let held = state.keys[place], !held.isOver(clock.now()) { found[key] = held.uid }
      }
      return found
    }
  }

  public func inventory(owner: UID, set: String) async throws -> (rows: [InventoryRow], catalogDigest: String?) {
    alone { state in
      let found = state.sets[MemoryState.Name(tenant: owner, name: set)]
      let rows = (found?.rows.values.sorted { $0.uid < $1.uid } ?? []).map { row -> InventoryRow in
        var row = row
        let live = state.objects[row.uid].flatMap { $0.deleted || $0.deleting != nil ? nil : $0 }
        row.current = live?.version
        row.renamed = live.flatMap { $0.name == row.name ? nil : $0.name }
        return row
      }
      return (rows: rows, catalogDigest: found?.digest)
    }
  }

  public func sets(owner: UID) async throws -> [(name: String, count: Int, updated: Timestamp)] {
    alone { state in
      state.sets.filter { $0.key.tenant == owner }.map {
        (name: $0.key.name, count: $0.value.rows.count, updated: $0.value.updated)
      }
      .sorted { MemoryOrder.compare(bytes: $0.name, $1.name) == .orderedAscending }
    }
  }

  public func history(tenant: UID, uid: UID, before version: Int?, limit: Int) async throws -> [HistoryEntry] {
    alone { state in
      let past = (state.history[uid] ?? []).filter { $0.tenant == tenant && $0.entry.version < (version ?? .max) }
      return past.map(\.entry).sorted { $0.version > $1.version }.prefix(max(0, limit)).map { $0 }
    }
  }

  public func objects(tenant: UID, kind: String, at moment: Timestamp, limit: Int) async throws -> [StoredObject] {
    alone { state in
      let found = state.history.sorted { $0.key < $1.key }.compactMap { uid, past -> StoredObject? in
        let then = past.filter { $0.tenant == tenant && $0.entry.kind == kind && $0.entry.at <= moment }
        guard let last = then.max(by: { $0.entry.version < $1.entry.version }), !["d", "s"].contains(last.entry.operation) else {
          return nil
        }
        let entry = last.entry
        return StoredObject(
          tenant: tenant, uid: uid, kind: kind, name: entry.name, rev: last.rev, version: entry.version,
          generation: entry.generation,
          spec: entry.spec, owners: entry.owners, labels: entry.labels, protected: last.protected, created: last.created,
          updated: entry.at,
          deleting: entry.operation == "x" ? entry.at : nil)
      }
      return Array(found.prefix(max(0, limit)))
    }
  }

  public func past(_ query: PastQuery) async throws -> [PastObject] {
    alone { state in
      let found = state.history.sorted { $0.key < $1.key }.compactMap { uid, past -> PastObject? in
        if let after = query.after, uid <= after { return nil }
        if let uids = query.uids, !uids.contains(uid) { return nil }
        let then = past.filter {
          $0.tenant == query.tenant && $0.entry.at <= query.at && (query.kind ?? $0.entry.kind) == $0.entry.kind
        }
        guard let last = then.max(by: { $0.entry.version < $1.entry.version }) else { return nil }
        let entry = last.entry
        if let name = query.name, entry.name != name { return nil }
        if let since = query.changedAfter, entry.at <= since { return nil }
        let object = StoredObject(
          tenant: query.tenant, uid: uid, kind: entry.kind, name: entry.name, rev: last.rev, version: entry.version,
          generation: entry.generation, spec: entry.spec, owners: entry.owners, labels: entry.labels, protected: last.protected,
          created: last.created, updated: entry.at, deleting: entry.operation == "x" ? entry.at : nil)
        if let manager = query.manager, !object.isStated(by: manager) { return nil }
        return PastObject(object: object, operation: entry.operation, origin: entry.origin)
      }
      return Array(found.prefix(max(0, query.limit)))
    }
  }

  public func sets(holding uids: [UID]) async throws -> [(owner: UID, set: String, uid: UID)] {
    alone { state in
      state.sets.flatMap { name, set in
        uids.filter { set.rows[$0] != nil }.map { (owner: name.tenant, set: name.name, uid: $0) }
      }.sorted { ($0.owner, $0.set, $0.uid) < ($1.owner, $1.set, $1.uid) }
    }
  }

  public func values(tenant: UID, prefix: String, limit: Int) async throws -> [(key: String, value: Value)] {
    alone { state in
      let now = clock.now()
      let keys = state.values.keys.filter { $0.tenant == tenant && $0.name.hasPrefix(prefix) }.map(\.name).sorted()
      return keys.prefix(max(0, limit)).compactMap { key in state.liveValue(tenant, key, now).map { (key: key, value: $0) } }
    }
  }

  public func story(tenant: UID, uid: UID?, limit: Int) async throws -> [StoryEvent] {
    alone { state in
      state.story.reversed().filter { $0.tenant == tenant && (uid == nil || $0.uid == uid) }.prefix(max(0, limit)).map { $0 }
    }
  }

  public func changes(tenant: UID, after position: Int, limit: Int) async throws -> ChangePage {
    alone { state in
      guard let head = state.heads[tenant] else { return position <= 0 ? .changes([], upTo: 0) : .resync(from: 0) }
      let floor = (head.changes.first?.position ?? head.position + 1) - 1
      if position < floor || position > head.position { return .resync(from: head.position) }
      let page = Array(head.changes.dropFirst(position - floor).prefix(max(1, limit)))
      return .changes(page, upTo: page.count == max(1, limit) ? page[page.count - 1].position : head.position)
    }
  }

  public func position(tenant: UID) async throws -> Int { alone { $0.heads[tenant]?.position ?? 0 } }

  public func effects(of places: [ObjectPlace], unconsumedOnly: Bool) async throws -> [EffectRow] {
    alone { state in
      places.flatMap { place in
        (state.effects[place.uid] ?? []).filter { $0.tenant == place.tenant && !($0.consumed && unconsumedOnly) }
      }
    }
  }
}
