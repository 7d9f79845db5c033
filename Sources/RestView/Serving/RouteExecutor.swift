// Carries one request through its route: authentication, limit, permission, types, target, guards, effects, view.
import Core
import Expressions
import HTTPServer
import Identity
import Kinds
import Ports

/// Holds the request's context; each verb stands in a file of its own.
struct RouteExecutor {
  var context: RequestContext

  var route: ServedRoute { context.route }
  var spec: RouteSpec { context.route.spec }
  var family: ServedFamily { context.route.family }
  var services: RestServices { context.services }

  init(context: RequestContext) { self.context = context }

  /// The whole way, from the credential on. Throws Problem, Problems, or what the store throws.
  static func run(
    _ request: HTTPRequest, requestID: String, route: ServedRoute, parameters: [String], services: RestServices
  ) async throws -> HTTPResponse {
    let gate = AuthGate(services: services, route: route)
    let caller = try await gate.caller(request)
    try await gate.limit(request, caller)
    // Before anything is read: who lacks the permission learns nothing of the target, nor of what a body should be.
    try gate.permit(caller)
    try await gate.entitled(caller)
    if route.isCacheable, let hit = try await CachedAnswer.find(request, requestID, route, parameters, caller, services) {
      return hit
    }
    let context = try RequestContext(
      request: request, requestID: requestID, route: route, services: services, parameters: parameters, caller: caller)
    var executor = RouteExecutor(context: context)
    try executor.readInputs()
    try await executor.findTenant()
    if route.spec.isBulk { return try await executor.writeBulk() }
    switch route.spec.verb {
    case .get, .list:
      let ready = executor
      // Who asks is known. Whoever has just written says how far, and is shown no less.
      let mayBeStale = ["GET", "HEAD"].contains(request.method) && request.headers[PositionHeader.name] == nil
      return try await ReadFreshness.$mayBeStale.withValue(mayBeStale) {
        var reader = ready
        if route.spec.verb == .get { return try await reader.get() }
        return try await route.spec.sql == nil ? reader.list() : reader.listRows()
      }
    case .create, .update, .replace: return try await executor.write()
    case .delete: return try await executor.delete()
    case .query: return try await executor.query()
    case .handler: return try await executor.handler()
    case .watch: return try await executor.watch()
    }
  }

  /// Body, arguments and the types of both; all faults at once.
  mutating func readInputs() throws {
    let body = try BodyReader(context.request, route: route)
    context.body = body.raw
    context.files = body.files
    var problems = body.problems
    for field in spec.args {
      if route.readsBody {
        if let value = body.raw.object?[field.name], !(value.isNull && field.defaultValue != nil) {
          context.args[field.name] = FieldNormal.value(value, field)
        }
      } else if let value = context.query.value(field, &problems) {
        context.args[field.name] = value
      }
      if context.args[field.name] == nil {
        if let standard = field.defaultValue, let value = try? standard.evaluate(RouteScope()).get() {
          context.args[field.name] = FieldConversion.stored(value)
        } else if field.required, !route.readsBody {
          problems.append(
            Problem(
              .invalid, code: ProblemCode.badQuery, "\"\(field.name)\" is required", pointer: "/\(field.name)", fix: field.doc))
        }
      }
    }
    guard problems.isEmpty else {
      if !body.problems.isEmpty, let handler = services.handlers[spec.handler ?? ""] {
        let told = Set(problems.compactMap(\.pointer))
        problems += handler.faults(of: body.raw).filter { $0.pointer.map { !told.contains($0) } ?? true }
      }
      throw Problems(problems)
    }
    if route.names.contains("body") { context.names["body"] = CELValue(context.body) }
    if route.names.contains("args") { context.names["args"] = .map(CELMap(context.args)) }
  }

  /// The tenant that an anonymous call names; one that is unknown, or going, is missing.
  mutating func findTenant() async throws {
    guard context.caller == nil, let program = spec.tenant else { return }
    let text = (try? program.evaluate(RouteScope(context.names)).get())?.value.string ?? ""
    let kind = "Tenant"
    let found =
      if let uid = UID(text) ?? UID(objectID: text) { try await services.store.objects(tenant: .rootTenant, uids: [uid]) } else {
        try await services.store.objects(named: [ObjectKey(tenant: .rootTenant, kind: kind, name: text)])
      }
    guard let tenant = found.first(where: { $0.kind == kind && !$0.deleted && $0.deleting == nil }) else { throw Self.missing }
    context.tenant = tenant.uid
  }

  /// An answer with the family's headers around `body`.
  func response(status: Int, body: [UInt8], total: Int? = nil, position: Int? = nil) -> HTTPResponse {
    var response = HTTPResponse(status: status, headers: family.standardHeaders, body: .bytes(body))
    family.addHeaders(to: &response, requestID: context.requestID, total: total)
    if let position { response.headers.add(PositionHeader.name, String(position)) }
    return response
  }

  /// `data` in one of the family's envelopes, unless the route wants none or its own.
  func enveloped(_ data: [UInt8], _ template: Template) -> [UInt8] {
    if spec.envelope == "none" || (spec.envelope == nil && template.isPlain) { return data }
    var out: [UInt8] = []
    out.reserveCapacity(data.count + 128)
    if let name = spec.envelope {
      out.append(UInt8(ascii: "{"))
      JSON.write(name, to: &out)
      out.append(UInt8(ascii: ":"))
      out.append(contentsOf: data)
      out.append(UInt8(ascii: "}"))
      return out
    }
    template.write(to: &out) { hole, out in
      switch hole {
      case .data, .items: out.append(contentsOf: data)
      case .requestId: JSON.write(context.requestID, to: &out)
      case .version: JSON.write(family.version, to: &out)
      case .status: JSON.write(spec.status, to: &out)
      default: out.append(contentsOf: "null".utf8)
      }
    }
    return out
  }

  /// The route's answer over one object (or none), with its headers.
  func answer(
    _ object: StoredObject?, kind: KindSpec?, template: Template, status: Int? = nil, names: [String: CELValue]? = nil,
    position: Int? = nil
  ) async throws -> HTTPResponse {
    let names = names ?? context.names
    let prefetch = Prefetch(reader: context.reader, ids: context.ids, names: names)
    var shown: ObjectValue?
    if let object, let kind {
      let page = try await prefetch.load([object], kind: kind, needs: route.view.needs)
      shown = ObjectValue(object, kind: kind, needs: route.view.needs, page: page, ids: context.ids)
    }
    if spec.redirect != nil || spec.render != nil {
      var whole: ObjectValue?
      if let object, let kind {
        whole = context.view(
          of: object, kind: kind, page: try await prefetch.load([object], kind: kind, needs: route.targetNeeds))
      }
      let scope = RouteScope(names, object: whole)
      if let response = try redirected(scope, position) ?? rendered(scope, status, position) { return response }
    }
    if case .empty = spec.answer {
      var response = response(status: status ?? spec.status, body: [], position: position)
      response.headers.remove("Content-Type")
      try addHeaders(&response, shown, names)
      return response
    }
    var writer = ViewWriter(ids: context.ids, sealing: services.sealing, names: names)
    if route.view.showsLastUse, let object {
      writer.lastUse = try await services.store.lastUsed(tenant: object.tenant, uids: [object.uid])
    }
    var data: [UInt8] = []
    data.reserveCapacity(512)
    writer.write(route.view, shown, to: &data)
    var response = response(status: status ?? spec.status, body: enveloped(data, template), position: position)
    try addHeaders(&response, shown, names)
    return response
  }

  /// `redirect`, unless it is null.
  func redirected(_ scope: RouteScope, _ position: Int?) throws -> HTTPResponse? {
    guard let program = spec.redirect, let url = (try? program.evaluate(scope).get())?.value.string else { return nil }
    var response = response(status: (300...399).contains(spec.status) ? spec.status : 302, body: [], position: position)
    response.headers.remove("Content-Type")
    try addHeaders(&response, scope.object, scope.names)
    response.headers["Location"] = url
    return response
  }

  /// `render`: what its expression gives, as text of its type.
  func rendered(_ scope: RouteScope, _ status: Int?, _ position: Int?) throws -> HTTPResponse? {
    guard let render = spec.render else { return nil }
    let value: CELValue
    do { value = try render.body.evaluate(scope, limit: ViewWriter.costLimit).get() } catch {
      throw Problem(.failure, code: ProblemCode.failure, "The answer of \(spec.id) cannot be written: \(error)")
    }
    var response = response(status: status ?? spec.status, body: Array((value.value.string ?? "").utf8), position: position)
    response.headers["Content-Type"] = render.type
    try addHeaders(&response, scope.object, scope.names)
    return response
  }

  func addHeaders(_ response: inout HTTPResponse, _ object: ObjectValue?, _ names: [String: CELValue]) throws {
    for (name, program) in spec.headers {
      let value = (try? program.evaluate(RouteScope(names, object: object)).get())?.value ?? .null
      if !value.isNull { response.headers[name] = value.string ?? JSON.text(value) }
    }
  }
}

/// Tells clients how far the feed was; see `FeedPositions`.
enum PositionHeader {
  static let name = "Plumb-Position"
}
