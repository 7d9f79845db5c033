// Verb list: filters, sort, page, totals.
import Core
import Expressions
import HTTPServer
import Kinds
import Ports

extension RouteExecutor {
  /// One page of a list, as it was read.
  struct ListPage {
    var objects: [StoredObject]
    var total: Int?
    var limit: Int
    var offset: Int
    var nextCursor: String?
    var position: Int?
  }

  mutating func list() async throws -> HTTPResponse {
    guard let kind = route.kind else { throw Self.missing }
    // Asked before anything is read: what is read later may be newer, never older.
    let key = CachedAnswer.key(route, kind, context.parameters, query: context.request.query, context.caller)
    let position = try await key.asyncMap { try await services.positions.current($0.tenant) }
    var problems: [Problem] = []
    var parts = filters(&problems)
    let sort = self.sort(kind, &problems)
    let window = PageWindow(context.query, spec.paging ?? family.spec.paging, paged: spec.paged, &problems)
    guard problems.isEmpty else { throw Problems(problems) }
    let bound = try await boundFields(kind).fields
    for (name, value) in bound {
      let path = SortPaths.path(name, kind: kind) ?? .spec([name])
      parts.append(kind.field(name)?.type == .list ? .holds(path, value) : .compare(path, .equal, value))
    }
    try AuthGate(services: services, route: route).permit(context.caller, target: nil)
    try await readLets(nil)
    try checkUnless(nil)
    if let predicate = route.predicate { parts.append(predicate.predicate(RouteScope(context.names), ids: context.ids)) }
    let page = try await read(kind, PredicatePlan.all(parts), sort, window)
    return try await answer(page, kind) { data in
      if let key, let position, RequestNotes.current?.isStale != true {
        services.cache.put(key, data, position: position, now: context.now)
      }
    }
  }

  func filters(_ problems: inout [Problem]) -> [Predicate] {
    var parts: [Predicate] = []
    for filter in route.filters {
      guard let value = context.query.value(filter.shape, &problems) else { continue }
      var names = context.names
      names[RequestNames.filterValue] = FieldConversion.expression(value, filter.shape)
      parts.append(filter.plan.predicate(RouteScope(names), ids: context.ids))
    }
    return parts
  }

  private func sort(_ kind: KindSpec, _ problems: inout [Problem]) -> [(path: FieldPath, descending: Bool)] {
    guard !spec.sortable.isEmpty, let text = context.query["sort"], !text.isEmpty else { return route.sort }
    let descending = text.hasPrefix("-") || context.query["order"] == "desc"
    let name = text.hasPrefix("-") ? String(text.dropFirst()) : text
    guard let field = spec.sortable[name], let path = SortPaths.path(field, kind: kind) else {
      problems.append(
        QueryReader.problem(
          "sort", "cannot sort by \"\(name.prefix(40))\"; known: \(spec.sortable.keys.sorted().joined(separator: ", "))"))
      return route.sort
    }
    return [(path, descending)]
  }

  var wantsTotal: Bool {
    family.list.has(.total) || route.names.contains("total") || family.spec.headers.contains { $0.1.contains("$total") }
  }

  private func read(
    _ kind: KindSpec, _ predicate: Predicate, _ sort: [(path: FieldPath, descending: Bool)], _ window: PageWindow
  ) async throws -> ListPage {
    var after: (values: [Value], uid: UID)?
    let usesCursor = spec.paged && (spec.paging ?? family.spec.paging).style == .cursor && kind.storage != .record
    let query = usesCursor ? "\(route.index) \(context.tenant) \(sort.map { "\($0.path)\($0.descending)" }) \(predicate)" : ""
    if usesCursor, let text = window.cursor { after = try services.cursors.read(text, query: query) }
    let more = usesCursor ? 1 : 0
    let page = try await context.reader.list(
      kind, predicate, sort: sort, limit: window.limit + more, offset: window.offset, after: after, wantsTotal: wantsTotal,
      wantsStatus: route.readsStatus || !spec.sortable.isEmpty)
    var objects = page.objects
    var next: String?
    if usesCursor, objects.count > window.limit {
      objects.removeLast(objects.count - window.limit)
      if let last = objects.last {
        next = services.cursors.write(values: sort.map { SortPaths.value($0.path, of: last) }, uid: last.uid, query: query)
      }
    }
    return ListPage(
      objects: objects.filter { $0.deleting == nil }, total: page.total, limit: window.limit, offset: window.offset,
      nextCursor: next,
      position: page.position)
  }

  func answer(_ page: ListPage, _ kind: KindSpec, status: Int? = nil, keep: ([UInt8]) -> Void) async throws -> HTTPResponse {
    var names = context.names
    let view = itemPlan ?? route.view
    let data = try await Prefetch(reader: context.reader, ids: context.ids, names: names).load(
      page.objects, kind: kind, needs: view.needs)
    var writer = ViewWriter(ids: context.ids, sealing: services.sealing, names: names, items: (page.objects, kind, data))
    if route.view.showsLastUse {
      writer.lastUse = try await services.store.lastUsed(tenant: context.reader.home(kind), uids: page.objects.map(\.uid))
    }
    var out: [UInt8] = []
    out.reserveCapacity(256 + 400 * page.objects.count)
    if spec.render != nil {
      names["items"] = .list(
        page.objects.map { .object(ObjectValue($0, kind: kind, needs: view.needs, page: data, ids: context.ids)) })
      names["total"] = page.total.map { .int($0) } ?? .null
      if let response = try rendered(RouteScope(names), status, page.position) { return response }
    }
    if route.isReply {
      names["total"] = page.total.map { .int($0) } ?? .null
      names["limit"] = .int(page.limit)
      names["offset"] = .int(page.offset)
      if route.names.contains("items") {
        names["items"] = .list(
          page.objects.map { .object(ObjectValue($0, kind: kind, needs: view.needs, page: data, ids: context.ids)) })
      }
      writer = ViewWriter(ids: context.ids, sealing: services.sealing, names: names, items: writer.items, lastUse: writer.lastUse)
      writer.write(route.view, nil, to: &out)
      keep(out)
      return response(
        status: status ?? spec.status, body: enveloped(out, family.item), total: page.total, position: page.position)
    }
    writer.write(view, list: page.objects, kind: kind, page: data, to: &out)
    keep(out)
    return response(status: status ?? spec.status, body: listEnvelope(out, page), total: page.total, position: page.position)
  }

  /// The view of the items inside a reply.
  private var itemPlan: ViewPlan? {
    guard route.isReply else { return nil }
    func find(_ plan: ViewPlan) -> ViewPlan? {
      for member in plan.members {
        switch member.output {
        case .items(let inner): return inner
        case .object(let inner): if let found = find(inner) { return found }
        default: continue
        }
      }
      return nil
    }
    return find(route.view)
  }

  func listEnvelope(_ data: [UInt8], _ page: ListPage) -> [UInt8] {
    if spec.envelope != nil { return enveloped(data, family.list) }
    var out: [UInt8] = []
    out.reserveCapacity(data.count + 128)
    family.list.write(to: &out) { hole, out in
      switch hole {
      case .data, .items: out.append(contentsOf: data)
      case .total: JSON.write(Value(page.total), to: &out)
      case .limit: JSON.write(page.limit, to: &out)
      case .offset: JSON.write(page.offset, to: &out)
      case .page: JSON.write(page.offset / max(1, page.limit) + 1, to: &out)
      case .nextCursor: JSON.write(Value(page.nextCursor), to: &out)
      case .requestId: JSON.write(context.requestID, to: &out)
      case .version: JSON.write(family.version, to: &out)
      default: out.append(contentsOf: "null".utf8)
      }
    }
    return out
  }
}

/// Which part of a list is wanted.
struct PageWindow {
  /// Offsets beyond this are refused: such pages cost more than they are worth.
  static let offsetLimit = 1_000_000

  var limit: Int
  var offset = 0
  var cursor: String?

  /// A limit above the family's most is the most; what is no number is a fault.
  init(_ query: QueryReader, _ paging: FamilySpec.Paging, paged: Bool, _ problems: inout [Problem]) {
    limit = paged ? paging.standard : paging.most
    guard paged, paging.style != .none else { return }
    if let asked = query.count(paging.limitParameter, &problems) {
      // A page without items is no page.
      limit = asked == 0 && paging.style == .page ? paging.standard : min(asked, paging.most)
    }
    switch paging.style {
    case .none: break
    case .offset:
      offset = query.count(paging.offsetParameter, &problems) ?? 0
      if offset > Self.offsetLimit {
        problems.append(QueryReader.problem(paging.offsetParameter, "at most \(Self.offsetLimit), not \(offset)"))
      }
    case .page:
      let page = query.count(paging.offsetParameter, &problems) ?? 1
      let (product, overflow) = max(0, page - 1).multipliedReportingOverflow(by: limit)
      offset = overflow ? Self.offsetLimit : min(product, Self.offsetLimit)
    case .cursor:
      if let text = query[paging.cursorParameter], !text.isEmpty { cursor = text }
    }
  }
}
