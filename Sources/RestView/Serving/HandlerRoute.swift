// Verb handler: an answer from Swift by name, put into the family's shape.
import Core
import Expressions
import HTTPServer
import Kinds
import Planning
import Ports

extension RouteExecutor {
  mutating func handler() async throws -> HTTPResponse {
    guard let handler = services.handlers[spec.handler ?? ""] else { throw Self.missing }
    var fields = ObjectMap()
    var target: StoredObject?
    if let kind = route.kind {
      fields = try bodyFields(kind)
      if hasTarget {
        target = try await self.target(kind)
        if target == nil, spec.absent == .missing { target = try await requiredTarget(kind) }
      } else {
        for (name, value) in try await boundFields(kind).fields { fields[name] = value }
      }
    }
    let value = try await shown(target)
    try AuthGate(services: services, route: route).permit(context.caller, target: value)
    if let value, route.names.contains("target") { context.names["target"] = .object(value) }
    try await readLets(value)
    try checkUnless(value)
    let writes = HandlerWrites(context: context, audit: auditIntents(target, route.kind))
    let call = try call(value, fields)
    let reply = try await handler.handle(call, ports(writes))
    if !writes.isAudited { try await audit(target, route.kind) }
    var response = try await answer(reply, target: target)
    if let position = writes.position { response.headers[PositionHeader.name] = String(position) }
    for header in reply.headers { response.headers.add(header.name, header.value) }
    return response
  }

  private var hasTarget: Bool { spec.target != nil || spec.binds.contains { $0.field == "id" } }

  private func shown(_ target: StoredObject?) async throws -> ObjectValue? {
    guard let target, let kind = route.kind else { return nil }
    let page = try await context.prefetch().load([target], kind: kind, needs: route.targetNeeds)
    return context.view(of: target, kind: kind, page: page)
  }

  private func call(_ target: ObjectValue?, _ fields: ObjectMap) throws -> OperationCall {
    let request = context.request
    let scope = RouteScope(context.names, object: target)
    var with = ObjectMap()
    for (name, program) in spec.with {
      do { with[name] = FieldConversion.stored(try program.evaluate(scope).get()) } catch {
        throw Problem(.invalid, code: ProblemCode.badField, "\(name) cannot be computed from this request: \(error).")
      }
    }
    return OperationCall(
      operation: spec.id, family: spec.family, requestID: context.requestID, now: context.now, caller: context.caller,
      tenant: context.tenant, method: request.method,
      path: Dictionary(zip(route.parameters, context.parameters), uniquingKeysWith: { first, _ in first }),
      query: Dictionary(context.query.pairs.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }),
      headers: request.headers.map { (name: $0.name, value: $0.value) }, remoteAddress: request.remoteAddress,
      args: context.args, fields: fields, body: context.body, rawBody: request.body, files: context.files,
      target: target?.object, with: with)
  }

  private func ports(_ writes: HandlerWrites) -> OperationPorts {
    OperationPorts(
      catalog: services.catalog, reads: services.store, writes: writes,
      ids: HandlerIDs(ids: context.ids, store: services.store, catalog: services.catalog), sealing: services.sealing,
      services: services.services, clock: services.clock, random: services.random)
  }

  private mutating func answer(_ reply: OperationReply, target: StoredObject?) async throws -> HTTPResponse {
    let status = reply.status ?? spec.status
    let template = status == 201 ? family.created : family.item
    switch reply.body {
    case .none:
      var response = response(status: status, body: [])
      response.headers.remove("Content-Type")
      return response
    case .bytes(let bytes, let type):
      var response = response(status: status, body: bytes)
      response.headers["Content-Type"] = type
      return response
    case .stream(let type, let write):
      var response = response(status: status, body: [])
      response.headers["Content-Type"] = type
      response.body = .stream { try await write(HandlerStream(writer: $0)) }
      return response
    case .value(let value):
      context.names["result"] = CELValue(value)
      if route.isReply { return try await answer(target, kind: route.kind, template: template, status: status) }
      var response = response(status: status, body: enveloped(JSON.write(value), template))
      try addHeaders(&response, nil, context.names)
      return response
    case .object(let object, let result):
      let kind = try replied(object)
      context.names["result"] = CELValue(result)
      let waited = try await spec.wait.asyncMap { try await ObjectWait(context: context, wait: $0).until(object, kind: kind) }
      return try await answer(waited ?? object, kind: kind, template: template, status: status)
    case .objects(let objects, let total, let result):
      guard let kind = route.kind else { throw Self.shapeless }
      for object in objects { _ = try replied(object) }
      context.names["result"] = CELValue(result)
      let page = ListPage(objects: objects, total: total, limit: objects.count, offset: 0, nextCursor: nil, position: nil)
      return try await answer(page, kind, status: status) { _ in }
    }
  }

  private static let shapeless = Problem(
    .failure, code: ProblemCode.failure, "A handler answers with an object, and its route has no such kind.")

  private func replied(_ object: StoredObject) throws -> KindSpec {
    guard let kind = route.kind, kind.name == object.kind else { throw Self.shapeless }
    return kind
  }
}

/// The stream of an answer, as handlers see it.
private struct HandlerStream: ReplyStream {
  let writer: HTTPStreamWriter
  func write(_ bytes: [UInt8]) async throws { try await writer.write(bytes) }
  var isClosed: Bool { writer.isClosed }
}

/// Ids of the family, found in any tenant that the handler names.
struct HandlerIDs: PublicIDs {
  let ids: IDCodec
  let store: any StorePort
  let catalog: KindCatalog

  func text(_ object: StoredObject) -> String { ids.text(object) }
  func text(_ uid: UID, kind: String) -> String { ids.text(uid, kind: kind) }

  func uid(_ text: String, kind: String) -> UID? {
    guard case .uid(let uid)? = ids.read(text, kind: kind) else { return nil }
    return uid
  }

  func object(_ text: String, kind: String, tenant: UID) async throws -> StoredObject? {
    guard let spec = catalog.kind(kind), let id = ids.read(text, kind: kind) else { return nil }
    let found = try await ObjectReader(store: store, catalog: catalog, tenant: tenant).object(id, kind: spec)
    return found.flatMap { $0.deleting == nil ? $0 : nil }
  }
}
