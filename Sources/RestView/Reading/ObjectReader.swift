// Reads objects for one caller: each kind in the tenant where it lives, records like objects.
import Core
import Kinds
import Ports

struct ObjectReader: Sendable {
  let store: any StorePort
  let catalog: KindCatalog
  /// The tenant that the call acts in.
  let tenant: UID

  /// Where objects of a kind live that this caller speaks of.
  func home(_ kind: KindSpec) -> UID { kind.scope == .platform || kind.scope == .shared ? .rootTenant : tenant }

  /// Live objects of the caller's tenant and of the platform, by uid. One statement for each of the two.
  func objects(_ uids: Set<UID>, kinds: Set<String>) async throws -> [UID: StoredObject] {
    guard !uids.isEmpty else { return [:] }
    let sorted = uids.sorted()
    var homes: Set<UID> = []
    for name in kinds { if let kind = catalog.kind(name) { homes.insert(home(kind)) } }
    var found: [UID: StoredObject] = [:]
    for home in homes.sorted() {
      for object in try await store.objects(tenant: home, uids: sorted) where isVisible(object, from: home, kinds) {
        found[object.uid] = object
      }
    }
    return found
  }

  private func isVisible(_ object: StoredObject, from home: UID, _ kinds: Set<String>) -> Bool {
    object.tenant == home && !object.deleted && kinds.contains(object.kind)
  }

  /// One live object, or nil. Objects on their way out are still shown.
  func object(_ id: PublicID, kind: KindSpec) async throws -> StoredObject? {
    let home = home(kind)
    if kind.storage == .record {
      guard case .uid(let uid) = id else { return nil }
      let query = RecordQuery(
        tenant: home, kind: kind.name, predicate: .compare(.uid, .equal, .string(uid.description)), limit: 1)
      return try await store.records(query).rows.first.map(Self.object)
    }
    let found: [StoredObject]
    switch id {
    case .uid(let uid): found = try await store.objects(tenant: home, uids: [uid])
    case .name(let name): found = try await store.objects(named: [ObjectKey(tenant: home, kind: kind.name, name: name)])
    }
    return found.first { $0.kind == kind.name && $0.tenant == home && !$0.deleted }
  }

  /// Objects or records that satisfy a predicate.
  func list(
    _ kind: KindSpec, _ predicate: Predicate, sort: [(path: FieldPath, descending: Bool)] = [], limit: Int, offset: Int = 0,
    after: (values: [Value], uid: UID)? = nil, wantsTotal: Bool = false, wantsStatus: Bool = true
  ) async throws -> ObjectPage {
    if predicate == .never { return ObjectPage(objects: [], total: wantsTotal ? 0 : nil, position: 0) }
    let home = home(kind)
    if kind.storage == .record {
      let ascending = sort.first.map { !$0.descending } ?? false
      let query = RecordQuery(
        tenant: home, kind: kind.name, predicate: predicate, ascending: ascending, limit: limit, offset: offset,
        wantsTotal: wantsTotal)
      let page = try await store.records(query)
      return ObjectPage(objects: page.rows.map(Self.object), total: page.total, position: 0)
    }
    return try await store.list(
      ObjectQuery(
        tenant: home, kind: kind.name, predicate: predicate, sort: sort, limit: limit, offset: offset, after: after,
        wantsTotal: wantsTotal, wantsOwners: false, wantsStatus: wantsStatus))
  }

  func count(_ kind: KindSpec, _ predicates: [Predicate]) async throws -> [Int] {
    let home = home(kind)
    if kind.storage == .record {
      var counts: [Int] = []
      for predicate in predicates {
        let rows = try await store.aggregate(RecordQuery(tenant: home, kind: kind.name, predicate: predicate), sum: nil, by: nil)
        counts.append(rows.first?.count ?? 0)
      }
      return counts
    }
    return try await store.count(predicates.map { ObjectQuery(tenant: home, kind: kind.name, predicate: $0) })
  }

  func totals(_ kind: KindSpec, _ name: String, _ keys: [[Value]]) async throws -> [Value] {
    try await store.totals(tenant: home(kind), kind: kind.name, name: name, keys: keys)
  }

  /// A record as an object without history.
  static func object(_ row: RecordRow) -> StoredObject {
    StoredObject(
      tenant: row.tenant, uid: row.uid, kind: row.kind, name: row.uid.description, spec: row.fields, created: row.at,
      updated: row.at)
  }
}
