// Reads what views and programs need beside a page of objects: one grouped statement a reference level, inverse or output.
import Core
import Expressions
import Kinds
import Ports

struct Prefetch {
  /// Objects of an inverse or related output that are read for a whole page.
  static let groupLimit = 10_000
  /// Parents that are asked one by one when a grouped read was cut off.
  private static let remainderLimit = 100

  let reader: ObjectReader
  let ids: IDCodec
  /// What the request gives to predicates of related outputs.
  let names: [String: CELValue]

  func load(_ objects: [StoredObject], kind: KindSpec, needs: Needs, depth: Int = 0) async throws -> PageData {
    if needs.isEmpty || objects.isEmpty || depth > NeedsBuilder.depthLimit { return .empty }
    let (targets, references) = try await self.references(objects, kind, needs, depth)
    var inverses: [String: [UID: [StoredObject]]] = [:]
    var counts: [String: [UID: Int]] = [:]
    for (name, use) in needs.inverses {
      guard let inverse = kind.inverses.first(where: { $0.name == name }), let other = ids.catalog.kind(inverse.kind) else {
        continue
      }
      switch use {
      case .count: counts[name] = try await count(objects, other, inverse.field)
      case .objects:
        inverses[name] = try await group(objects, other, inverse.field, rest: .always, sort: [], limit: Self.groupLimit)
      }
    }
    var related: [Int: PageData.Related] = [:]
    for plan in needs.related { related[plan.number] = try await self.related(plan, objects, kind, depth) }
    var totals: [Int: [UID: Value]] = [:]
    for plan in needs.totals { totals[plan.number] = try await self.totals(plan, objects, kind) }
    return PageData(
      objects: targets, references: references, inverses: inverses, inverseCounts: counts, related: related, totals: totals)
  }

  private func references(
    _ objects: [StoredObject], _ kind: KindSpec, _ needs: Needs, _ depth: Int
  ) async throws -> ([UID: StoredObject], [String: PageData]) {
    var wanted: Set<UID> = []
    var kinds: Set<String> = []
    var byField: [String: (kind: KindSpec, uids: Set<UID>)] = [:]
    for name in needs.references.keys {
      guard let field = kind.field(name), let reference = field.reference ?? field.of?.reference,
        let target = ids.catalog.kind(reference.kind)
      else { continue }
      var uids: Set<UID> = []
      for object in objects { uids.formUnion(Self.uids(Builtins.stored(field, of: object, kind: kind))) }
      byField[name] = (target, uids)
      wanted.formUnion(uids)
      kinds.insert(target.name)
    }
    let found = try await reader.objects(wanted, kinds: kinds)
    var pages: [String: PageData] = [:]
    for (name, inner) in needs.references where !inner.isEmpty {
      guard let entry = byField[name] else { continue }
      let own = entry.uids.sorted().compactMap { found[$0] }
      pages[name] = try await load(own, kind: entry.kind, needs: inner, depth: depth + 1)
    }
    return (found, pages)
  }

  private static func uids(_ value: Value) -> [UID] {
    switch value {
    case .string(let text): UID(text).map { [$0] } ?? []
    case .list(let items): items.compactMap { $0.string.flatMap { UID($0) } }
    default: []
    }
  }

  private func path(_ field: String, _ kind: KindSpec) -> FieldPath {
    kind.field(field)?.isObserved == true ? .status([field]) : .spec([field])
  }

  private func count(_ objects: [StoredObject], _ kind: KindSpec, _ field: String) async throws -> [UID: Int] {
    let counts = try await reader.count(kind, objects.map { .compare(path(field, kind), .equal, .string($0.uid.description)) })
    return Dictionary(zip(objects.map(\.uid), counts)) { first, _ in first }
  }

  /// Objects of `kind` by the one that `field` names.
  private func group(
    _ parents: [StoredObject], _ kind: KindSpec, _ field: String, rest: Predicate, sort: [(path: FieldPath, descending: Bool)],
    limit: Int
  ) async throws -> [UID: [StoredObject]] {
    let path = path(field, kind)
    let values = Set(parents.map(\.uid)).sorted().map { Value.string($0.description) }
    let among = values.count == 1 ? Predicate.compare(path, .equal, values[0]) : .among(path, values)
    let most = parents.count == 1 ? limit : Self.groupLimit
    let page = try await reader.list(kind, PredicatePlan.all([among, rest]), sort: sort, limit: most)
    var groups: [UID: [StoredObject]] = [:]
    for object in page.objects {
      guard let spec = kind.field(field), let parent = Self.uids(Builtins.stored(spec, of: object, kind: kind)).first else {
        continue
      }
      if groups[parent]?.count ?? 0 < limit { groups[parent, default: []].append(object) }
    }
    // Cut off: the parents that may miss some are asked alone, so that what is shown is never wrong.
    if parents.count > 1, page.objects.count >= most {
      for parent in parents.filter({ groups[$0.uid]?.count ?? 0 < limit }).prefix(Self.remainderLimit) {
        let own = Predicate.compare(path, .equal, .string(parent.uid.description))
        groups[parent.uid] = try await reader.list(kind, PredicatePlan.all([own, rest]), sort: sort, limit: limit).objects
      }
    }
    return groups
  }

  private func totals(_ plan: TotalPlan, _ objects: [StoredObject], _ kind: KindSpec) async throws -> [UID: Value] {
    let keys = objects.map { object -> [Value] in
      let shown = ObjectValue(object, kind: kind, needs: Needs(), page: .empty, ids: ids)
      var names = names
      names["self"] = .object(shown)
      let scope = RouteScope(names, object: shown)
      return zip(plan.by, plan.total.by).map { program, field in
        let value = (try? program?.evaluate(scope).get()) ?? .null
        return StoredValue.of(value, field: plan.kind.field(field), ids: ids)
      }
    }
    let sums = try await reader.totals(plan.kind, plan.total.name, keys)
    return Dictionary(zip(objects.map(\.uid), sums)) { first, _ in first }
  }

  /// Objects that stand within the tenants shown. Only who acts in the root tenant looks into others.
  private func inside(_ plan: RelatedPlan, _ tenants: [StoredObject], _ scope: (StoredObject) -> RouteScope, _ depth: Int)
    async throws
    -> PageData.Related
  {
    var data = PageData.Related()
    let mine = tenants.filter { $0.kind == "Tenant" && (reader.tenant == .rootTenant || reader.tenant == $0.uid) }
    let queries = mine.map {
      ObjectQuery(
        tenant: $0.uid, kind: plan.kind.name, predicate: plan.whole.predicate(scope($0), ids: ids),
        sort: SortPaths.paths(plan.spec.sort, kind: plan.kind), limit: plan.spec.limit, wantsOwners: false)
    }
    if plan.spec.count {
      data.counts = Dictionary(zip(mine.map(\.uid), try await reader.store.count(queries))) { first, _ in first }
      return data
    }
    for query in queries.prefix(Self.remainderLimit) { data.objects[query.tenant] = try await reader.store.list(query).objects }
    if let view = plan.view {
      data.page = try await load(data.objects.values.flatMap { $0 }, kind: plan.kind, needs: view.needs, depth: depth + 1)
    }
    return data
  }

  private func related(_ plan: RelatedPlan, _ objects: [StoredObject], _ kind: KindSpec, _ depth: Int) async throws
    -> PageData.Related
  {
    var data = PageData.Related()
    let sort = SortPaths.paths(plan.spec.sort, kind: plan.kind)
    func scope(_ object: StoredObject) -> RouteScope {
      var names = names
      names["self"] = .object(ObjectValue(object, kind: kind, needs: Needs(), page: .empty, ids: ids))
      return RouteScope(names)
    }
    if plan.spec.inside { return try await inside(plan, objects, scope, depth) }
    if plan.spec.count {
      if let field = plan.parentField, plan.rest.predicate(RouteScope(names), ids: ids) == .always {
        data.counts = try await count(objects, plan.kind, field)
        return data
      }
      let counts = try await reader.count(plan.kind, objects.map { plan.whole.predicate(scope($0), ids: ids) })
      data.counts = Dictionary(zip(objects.map(\.uid), counts)) { first, _ in first }
      return data
    }
    if let field = plan.parentField {
      let rest = plan.rest.predicate(RouteScope(names), ids: ids)
      data.objects = try await group(objects, plan.kind, field, rest: rest, sort: sort, limit: plan.spec.limit)
    } else {
      // Without a field that ties them to their parent, each parent is asked for.
      for object in objects.prefix(Self.remainderLimit) {
        let predicate = plan.whole.predicate(scope(object), ids: ids)
        data.objects[object.uid] = try await reader.list(plan.kind, predicate, sort: sort, limit: plan.spec.limit).objects
      }
    }
    if let view = plan.view {
      data.page = try await load(data.objects.values.flatMap { $0 }, kind: plan.kind, needs: view.needs, depth: depth + 1)
    }
    return data
  }
}
