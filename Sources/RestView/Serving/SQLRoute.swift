// Answers made of an SQL file's rows: the lists, single answers and lets that views over one kind cannot give.
import Core
import Expressions
import HTTPServer
import Kinds
import Ports

extension RouteExecutor {
  /// Verb query: `result` is the rows or the row; without a reply they are the data.
  mutating func query(_ sql: RouteSpec.SQL) async throws -> HTTPResponse {
    if let kind = route.kind, !spec.binds.isEmpty { _ = try await boundFields(kind) }
    let result = try await rows(sql, RouteScope(context.names))
    if sql.row, result == .null, spec.absent == .missing { throw Self.missing }
    if route.isReply {
      context.names["result"] = result
      return try await answer(nil, kind: nil, template: family.item)
    }
    var response = response(status: spec.status, body: enveloped(JSON.write(result.value), family.item))
    try addHeaders(&response, nil, context.names)
    return response
  }

  /// Verb list: a page of rows, each as it is or through the route's view over `row`.
  mutating func listRows() async throws -> HTTPResponse {
    guard let sql = spec.sql else { throw Self.missing }
    var problems: [Problem] = []
    let window = PageWindow(context.query, family.spec.paging, paged: spec.paged, &problems)
    guard problems.isEmpty else { throw Problems(problems) }
    if let kind = route.kind, !spec.binds.isEmpty { _ = try await boundFields(kind) }
    try AuthGate(services: services, route: route).permit(context.caller, target: nil)
    try await readLets(nil)
    try checkUnless(nil)
    var query = try query(sql, RouteScope(context.names))
    let tag = "\(route.index) \(context.tenant) \(JSON.text(.object(query.parameters)))"
    let usesCursor = spec.paged && family.spec.paging.style == .cursor
    query.limit = min(window.limit, sql.most ?? SQLQuery.maxRows)
    query.offset = window.offset
    query.wantsTotal = wantsTotal
    if usesCursor, let text = window.cursor { query.offset = try services.cursors.read(text, query: tag).values.first?.int ?? 0 }
    // One row more tells whether there is another page.
    if usesCursor { query.limit += 1 }
    var page = try await run(query)
    var next: String?
    if usesCursor, page.rows.count == query.limit {
      page.rows.removeLast()
      next = services.cursors.write(
        values: [.int(query.offset + page.rows.count)], uid: UID(high: 0, low: 0), query: tag)
    }
    let shown = ListPage(
      objects: [], total: page.total, limit: window.limit, offset: query.offset, nextCursor: next, position: nil)
    return try answer(page.rows, shown, asReply: spec.sqlReply)
  }

  private mutating func answer(_ rows: [ObjectMap], _ page: ListPage, asReply: Bool) throws -> HTTPResponse {
    var out: [UInt8] = []
    var names = context.names
    if asReply {
      names["items"] = CELValue(.list(rows.map(Value.object)))
      names["total"] = page.total.map { .int($0) } ?? .null
      names["limit"] = .int(page.limit)
      names["offset"] = .int(page.offset)
      ViewWriter(ids: context.ids, sealing: services.sealing, names: names).write(route.view, nil, to: &out)
      return response(status: spec.status, body: enveloped(out, family.item), total: page.total)
    }
    out.append(UInt8(ascii: "["))
    for (at, row) in rows.enumerated() {
      if at > 0 { out.append(UInt8(ascii: ",")) }
      if route.isReply {
        names["row"] = .map(CELMap(row))
        ViewWriter(ids: context.ids, sealing: services.sealing, names: names).write(route.view, nil, to: &out)
      } else {
        JSON.write(.object(row), to: &out)
      }
    }
    out.append(UInt8(ascii: "]"))
    var response = response(status: spec.status, body: listEnvelope(out, page), total: page.total)
    try addHeaders(&response, nil, context.names)
    return response
  }

  /// A let's or query's rows as a value: a list, or the first row or null.
  func rows(_ sql: RouteSpec.SQL, _ scope: RouteScope) async throws -> CELValue {
    var query = try query(sql, scope)
    query.limit = sql.row ? 1 : sql.most ?? SQLQuery.standardRows
    let page = try await run(query)
    return sql.row ? page.rows.first.map { .map(CELMap($0)) } ?? .null : CELValue(.list(page.rows.map(Value.object)))
  }

  private func query(_ sql: RouteSpec.SQL, _ scope: RouteScope) throws -> SQLQuery {
    var parameters = ObjectMap()
    for (name, program) in sql.with {
      do { parameters[name] = FieldConversion.stored(try program.evaluate(scope).get()) } catch {
        throw Problem(.invalid, code: ProblemCode.badQuery, "\(name) cannot be computed from this request: \(error).")
      }
    }
    return SQLQuery(
      text: sql.text, tenant: context.tenant, family: spec.family, parameters: parameters,
      timeout: sql.timeout ?? SQLQuery.standardTimeout)
  }

  private func run(_ query: SQLQuery) async throws -> SQLPage {
    guard let sql = services.sql else {
      throw Problem(.unavailable, code: ProblemCode.unavailable, "The store of this server answers no SQL.")
    }
    return try await sql.rows(query)
  }
}
