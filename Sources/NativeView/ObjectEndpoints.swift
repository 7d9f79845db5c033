// GET objects/{kind}, GET and DELETE objects/{kind}/{name or uid}.
import Core
import HTTPServer
import Kinds
import Planning
import Ports
import Reconciling

extension NativeHandler {
  static let pageSize = 100
  static let largestPage = 1000
  /// Tenants that a list over all of them reads.
  static let mostTenants = 1000

  func list(_ request: NativeRequest) async throws -> HTTPResponse {
    let kind = try kind(request.path[1], for: request)
    let limit = try request.integer("limit", in: 1...Self.largestPage, standard: Self.pageSize)
    let selector = try request.query("selector").map { try LabelSelector.predicate($0) } ?? .always
    if kind.storage == .record { return try await records(kind, request, limit: limit) }
    if let moment = try request.moment("at") {
      let objects = try await store.objects(tenant: request.home(of: kind), kind: kind.name, at: moment, limit: limit)
      let seen = objects.filter { request.maySee($0, kind) }.sorted { ($0.name, $0.uid) < ($1.name, $1.uid) }
      return NativeAnswer.json(["items": .list(try await shape(seen, request))])
    }
    if try request.flag("allTenants") { return try await listEverywhere(kind, selector, request) }
    let query = ObjectQuery(
      tenant: request.home(of: kind), kind: kind.name, predicate: selector, sort: [(.name, false)], limit: limit + 1,
      after: try request.query("cursor").map { try PageCursor($0) }.map { ([.string($0.name)], $0.uid) })
    let page = try await store.list(query)
    var body: ObjectMap = [
      "items": .list(try await shape(page.objects.prefix(limit).filter { request.maySee($0, kind) }, request))
    ]
    if page.objects.count > limit, let last = page.objects.prefix(limit).last {
      body["cursor"] = .string(PageCursor(name: last.name, uid: last.uid).text)
    }
    body["position"] = .int(page.position)
    return NativeAnswer.json(.object(body), position: page.position)
  }

  private func listEverywhere(_ kind: KindSpec, _ selector: Predicate, _ request: NativeRequest) async throws -> HTTPResponse {
    guard request.caller.isOperator else {
      throw Problem(.denied, code: "denied", "Only operators may list over all tenants.", fix: "Leave out allTenants.")
    }
    let tenants = try await store.list(
      ObjectQuery(tenant: .rootTenant, kind: "Tenant", sort: [(.name, false)], limit: Self.mostTenants)
    ).objects
    let homes = kind.scope == .platform || kind.scope == .shared ? [UID.rootTenant] : tenants.map(\.uid)
    var objects: [StoredObject] = []
    for home in homes {
      objects += try await store.list(
        ObjectQuery(tenant: home, kind: kind.name, predicate: selector, sort: [(.name, false)], limit: Self.largestPage)
      ).objects
    }
    let names = Dictionary(tenants.map { ($0.uid, $0.name) }, uniquingKeysWith: { first, _ in first })
    return NativeAnswer.json(["items": .list(try await shape(objects, request, tenants: names))])
  }

  private func records(_ kind: KindSpec, _ request: NativeRequest, limit: Int) async throws -> HTTPResponse {
    let page = try await store.records(RecordQuery(tenant: request.home(of: kind), kind: kind.name, limit: limit))
    let items = page.rows.map { row -> Value in
      [
        "kind": .string(kind.name), "apiVersion": .string(kind.apiVersion),
        "metadata": [
          "tenant": .string(request.caller.tenantName), "name": .string(row.uid.description), "uid": .string(row.uid.description),
          "createdAt": .string(row.at.description),
        ],
        "spec": ObjectShape.hideSealed(.object(row.fields)), "ready": true,
      ]
    }
    return NativeAnswer.json(["items": .list(items)])
  }

  func get(_ request: NativeRequest) async throws -> HTTPResponse {
    let (object, kind) = try await object(request)
    var shown = object
    if let moment = try request.moment("at") {
      let versions = try await store.history(tenant: object.tenant, uid: object.uid, before: nil, limit: Self.largestPage)
      guard let version = versions.filter({ $0.at <= moment }).max(by: { $0.version < $1.version }), version.operation != "d"
      else {
        throw Problem(
          .missing, code: "not_found", "\(object.label) was not there at \(moment).", fix: "See plumb history \(object.label).")
      }
      shown.spec = version.spec
      shown.labels = version.labels
      shown.owners = version.owners
      shown.version = version.version
      shown.generation = version.generation
      shown.updated = version.at
      shown.status = .null
    }
    let owners = try request.flag("owners")
    let values = try await shape([shown], request, owners: owners)
    _ = kind
    return NativeAnswer.json(values.first ?? .null)
  }

  func delete(_ request: NativeRequest) async throws -> HTTPResponse {
    let (object, _) = try await object(request, verb: "delete")
    let intent = Intent(.delete, .uid(tenant: object.tenant, kind: object.kind, object.uid), force: try request.flag("cascade"))
    let outcome = try await writer.write(
      [intent], origin: Origin(manager: .api, actor: request.caller.actor, action: "delete", user: request.caller.user),
      options: WriteOptions(dryRun: try request.flag("dryRun")),
      guards: nil)
    return NativeAnswer.json(
      try await PlanShape(handler: self, request: request).value(outcome.plan, unchanged: 0, positions: outcome.positions))
  }
}
