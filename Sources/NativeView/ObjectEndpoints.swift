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

  func list(_ request: NativeRequest) async throws -> HTTPResponse {
    let kind = try kind(request.path[1], for: request)
    let limit = try request.integer("limit", in: 1...Self.largestPage, standard: Self.pageSize)
    let selector = try request.query("selector").map { try LabelSelector.predicate($0) } ?? .always
    if kind.storage == .record { return try await records(kind, request, limit: limit) }
    if let moment = try request.moment("at") { return try await list(kind, at: moment, request, limit: limit) }
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

  /// As it was: pages by uid, since names may have changed.
  private func list(_ kind: KindSpec, at moment: Timestamp, _ request: NativeRequest, limit: Int) async throws -> HTTPResponse {
    let after = try request.query("cursor").map { try PageCursor($0).uid }
    let page = try await store.past(
      PastQuery(tenant: request.home(of: kind), kind: kind.name, at: moment, after: after, limit: limit))
    let seen = page.filter { !$0.isGone && request.maySee($0.object, kind) }.map(\.object).sorted {
      ($0.name, $0.uid) < ($1.name, $1.uid)
    }
    var body: ObjectMap = ["items": .list(try await shape(seen, request, at: moment))]
    if page.count == limit, let last = page.last {
      body["cursor"] = .string(PageCursor(name: last.object.name, uid: last.object.uid).text)
    }
    return NativeAnswer.json(.object(body))
  }

  /// Over all tenants, in the order of uids: one statement a page, however many tenants there are.
  private func listEverywhere(_ kind: KindSpec, _ selector: Predicate, _ request: NativeRequest) async throws -> HTTPResponse {
    guard request.caller.isOperator else {
      throw Problem(.denied, code: "denied", "Only operators may list over all tenants.", fix: "Leave out allTenants.")
    }
    let limit = try request.integer("limit", in: 1...Self.largestPage, standard: Self.pageSize)
    let after = try request.query("cursor").map { try PageCursor($0).uid }
    var query = ObjectQuery(
      tenant: .rootTenant, kind: kind.name, predicate: selector, sort: [], limit: limit + 1, after: after.map { ([], $0) })
    query.everywhere = true
    let found = try await store.list(query).objects
    let page = Array(found.prefix(limit))
    let tenants = try await store.objects(tenant: .rootTenant, uids: Set(page.map(\.tenant)).sorted())
    let names = Dictionary(tenants.map { ($0.uid, $0.name) }, uniquingKeysWith: { first, _ in first })
    var body: ObjectMap = ["items": .list(try await shape(page, request, tenants: names))]
    if found.count > limit, let last = page.last { body["cursor"] = .string(PageCursor(name: last.name, uid: last.uid).text) }
    return NativeAnswer.json(.object(body))
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
    let moment = try request.moment("at")
    let shown = if let moment { try await object(request, at: moment) } else { try await object(request).0 }
    return NativeAnswer.json(try await shape([shown], request, owners: try request.flag("owners"), at: moment).first ?? .null)
  }

  /// The object that had the name then, or the one that has it now under the name of then.
  private func object(_ request: NativeRequest, at moment: Timestamp) async throws -> StoredObject {
    let kind = try kind(request.path[1], for: request)
    let tenant = request.home(of: kind)
    let word = request.path[2]
    var past = try await store.past(
      PastQuery(tenant: tenant, kind: kind.name, name: UID(word) == nil ? word : nil, uids: UID(word).map { [$0] }, at: moment))
    if past.allSatisfy(\.isGone), let now = try? await object(request).0 {
      past = try await store.past(PastQuery(tenant: tenant, uids: [now.uid], at: moment))
    }
    guard let found = past.first(where: { !$0.isGone }), request.maySee(found.object, kind) else {
      throw Problem(
        .missing, code: "not_found", "\(kind.name)/\(word) was not there at \(moment).",
        fix: "See plumb history \(kind.name)/\(word).")
    }
    return found.object
  }

  func delete(_ request: NativeRequest) async throws -> HTTPResponse {
    let (object, _) = try await object(request, verb: "delete")
    let outcome = try await changes.delete(
      object, cascade: try request.flag("cascade"),
      ChangeService.Request(
        actor: request.caller.actor, user: request.caller.user, dryRun: try request.flag("dryRun"),
        confirm: request.query("confirm")))
    return NativeAnswer.json(
      try await PlanShape(handler: self, request: request).value(outcome.plan, unchanged: 0, positions: outcome.positions))
  }
}
