// Verb get: one object through a view.
import Core
import Expressions
import HTTPServer
import Kinds
import Planning
import Ports

extension RouteExecutor {
  mutating func get() async throws -> HTTPResponse {
    guard let kind = route.kind else { throw Self.missing }
    if route.isCacheable, let key = CachedAnswer.key(route, kind, context.parameters, query: nil, context.caller) {
      return try await cachedGet(kind, key)
    }
    var object = try await target(kind)
    if object == nil {
      switch spec.absent {
      case .null: return try await absentAnswer()
      case .defaults, .same: object = DraftObject.standard(kind, tenant: context.reader.home(kind), now: context.now)
      case .missing: object = try await requiredTarget(kind)
      }
    }
    guard let object else { throw Self.missing }
    let page = try await context.prefetch().load([object], kind: kind, needs: route.targetNeeds)
    let value = context.view(of: object, kind: kind, page: page)
    try AuthGate(services: services, route: route).permit(context.caller, target: value)
    if route.names.contains("target") { context.names["target"] = .object(value) }
    try await readLets(value)
    try checkUnless(value)
    if let wait = spec.wait, wait.of == nil {
      let waited = try await ObjectWait(context: context, wait: wait).until(object, kind: kind)
      try await audit(object, kind)
      return try await answer(waited, kind: kind, template: family.item)
    }
    try await audit(object, kind)
    return try await answer(object, kind: kind, template: family.item)
  }

  private func absentAnswer() async throws -> HTTPResponse {
    response(status: spec.status, body: enveloped(Array("null".utf8), family.item))
  }

  /// Reads at a known position and keeps what was rendered.
  private func cachedGet(_ kind: KindSpec, _ key: ViewCache.Key) async throws -> HTTPResponse {
    let position = try await services.positions.current(key.tenant)
    let object = try await requiredTarget(kind)
    let page = try await context.prefetch().load([object], kind: kind, needs: route.view.needs)
    let writer = ViewWriter(ids: context.ids, sealing: services.sealing, names: [:])
    var data: [UInt8] = []
    data.reserveCapacity(1024)
    writer.write(route.view, ObjectValue(object, kind: kind, needs: route.view.needs, page: page, ids: context.ids), to: &data)
    if RequestNotes.current?.isStale != true { services.cache.put(key, data, position: position, now: context.now) }
    return response(status: spec.status, body: enveloped(data, family.item), position: position)
  }

  /// Guards of this call alone.
  func checkUnless(_ object: ObjectValue?) throws {
    try Guards.check(spec.unless, RouteScope(context.names, object: object))
  }

  /// Remembers who saw a secret, before it is shown.
  func audit(_ object: StoredObject?, _ kind: KindSpec?) async throws {
    var random = RandomGenerator(services.random)
    let rows = auditEntries(object, kind).map { record, fields in
      RecordRow(
        tenant: context.reader.home(record), uid: record.minted(UID(at: context.now, random: &random)), kind: record.name,
        at: context.now, fields: fields)
    }
    if !rows.isEmpty { try await services.store.append(records: rows) }
  }

  /// The same as an intent, for the transaction of a write.
  func auditIntents(_ object: StoredObject?, _ kind: KindSpec?) -> [Intent] {
    auditEntries(object, kind).map { record, fields in
      Intent(.create, .new(tenant: context.reader.home(record), kind: record.name), fields: fields)
    }
  }

  /// Who did what `audit:` names, for the tenant and for the operators. Nothing for routes without it.
  private func auditEntries(_ object: StoredObject?, _ kind: KindSpec?) -> [(KindSpec, ObjectMap)] {
    guard let audit = spec.audit else { return [] }
    if let when = audit.when {
      let shown = object.flatMap { object in kind.map { context.view(of: object, kind: $0) } }
      guard (try? when.evaluate(RouteScope(context.names, object: shown)).get())?.truth == true else { return [] }
    }
    let title = object.map { $0.spec["title"]?.string ?? $0.spec["label"]?.string ?? $0.name } ?? ""
    let words = AuditRows.words(action: audit.action)
    var row: ObjectMap = [
      "action": .string(audit.action), "actor": .string(context.caller?.actor ?? "anonymous"), "operation": .string(spec.id),
      "requestId": .string(context.requestID), "severity": .string(audit.severity.rawValue),
      "message": .string(String((title.isEmpty ? words : "\(words): \(title)").prefix(AuditRows.mostMessage))),
      "tenant": .string(context.tenant.description),
    ]
    if let user = context.origin.user { row["user"] = .string(user.description) }
    if let kind { row["targetKind"] = .string(kind.name) }
    if let object {
      row["target"] = .string(object.uid.description)
      if !object.name.isEmpty { row["targetName"] = .string(object.name) }
    }
    return [AuditRows.tenantKind, AuditRows.platformKind].compactMap { name in
      guard let record = services.catalog.kind(name), record.storage == .record else { return nil }
      return (record, ObjectMap(row.filter { record.field($0.key) != nil }.map { ($0.key, $0.value) }))
    }
  }
}

/// The `unless` of a route.
enum Guards {
  /// Throws the first guard that holds. One that cannot be computed holds too: what it protects is not done on a guess.
  static func check(_ guards: [RouteSpec.Unless], _ scope: RouteScope) throws {
    for one in guards where (try? one.when.evaluate(scope).get())?.truth != false {
      throw Problem(
        category(one.status), code: one.code, one.message, details: one.status.map { [ErrorStatus.detail: .int($0)] } ?? [:])
    }
  }

  private static func category(_ status: Int?) -> Problem.Category {
    switch status ?? 409 {
    case 400, 415, 422: .invalid
    case 401: .unauthenticated
    case 403: .denied
    case 404, 410: .missing
    case 409, 412: .conflict
    case 413: .tooLarge
    case 429: .limited
    case 500, 501, 503: .unavailable
    case 504: .timeout
    default: .refused
    }
  }
}
