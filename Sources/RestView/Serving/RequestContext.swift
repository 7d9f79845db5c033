// One request on its way through a route.
import Core
import Expressions
import HTTPServer
import Identity
import Kinds
import Ports

struct RequestContext: Sendable {
  let request: HTTPRequest
  let requestID: String
  let route: ServedRoute
  let services: RestServices
  /// Values of the path's parameters, in order.
  let parameters: [String]
  /// Nil for anonymous calls.
  let caller: Caller?
  let now: Timestamp
  /// The tenant that the call acts in.
  var tenant: UID
  var query: QueryReader
  /// The body as it was sent.
  var body: Value = .null
  var files: [UploadedFile] = []
  /// Typed inputs that are not stored.
  var args = ObjectMap()
  /// What expressions may read; grows with lets and effects.
  var names: [String: CELValue] = [:]

  init(request: HTTPRequest, requestID: String, route: ServedRoute, services: RestServices, parameters: [String], caller: Caller?)
    throws
  {
    self.request = request
    self.requestID = requestID
    self.route = route
    self.services = services
    self.parameters = parameters
    self.caller = caller
    now = services.clock.now()
    tenant = caller?.tenant ?? .rootTenant
    query = try QueryReader(request.query)
    fillNames()
  }

  var ids: IDCodec { route.family.ids }
  var reader: ObjectReader { ObjectReader(store: services.store, catalog: services.catalog, tenant: tenant) }

  func parameter(_ name: String) -> String? { route.parameters.firstIndex(of: name).map { parameters[$0] } }

  /// Only the names that some program of the route reads.
  private mutating func fillNames() {
    for name in route.names {
      switch name {
      case "caller": names[name] = caller.map { CELValue($0.value) } ?? .null
      case "now": names[name] = FieldConversion.expression(now)
      case "path": names[name] = .map(CELMap(ObjectMap(zip(route.parameters, parameters).map { ($0, .string($1)) })))
      case "query": names[name] = CELValue(query.value)
      case "requestId": names[name] = .string(requestID)
      case "server": names[name] = CELValue(serverFacts)
      case "family": names[name] = CELValue(familyFacts)
      default: break
      }
    }
  }

  private var serverFacts: Value {
    [
      "version": .string(services.version), "service": "plumb", "region": .string(services.region),
      "startedAt": .string(services.started.description), "uptimeSeconds": .int(Int((now - services.started).inSeconds)),
      "events": .list(services.catalog.eventNames.map(Value.string)),
    ]
  }

  private var familyFacts: Value {
    let family = route.family.spec
    let host = request.headers["Host"] ?? ""
    return [
      "name": .string(family.name), "version": .string(family.version), "base": .string(family.base),
      "url": .string(host.isEmpty ? family.base : "http://\(host)\(family.base)"),
    ]
  }

  /// The object as expressions of this route see it.
  func view(of object: StoredObject, kind: KindSpec, page: PageData = .empty) -> ObjectValue {
    ObjectValue(object, kind: kind, needs: route.targetNeeds, page: page, ids: ids)
  }

  func prefetch() -> Prefetch { Prefetch(reader: reader, ids: ids, names: names) }

  /// Who did it, for history and blame.
  var origin: Origin { Origin(manager: .api, actor: caller?.actor ?? "anonymous", action: route.spec.id, user: caller?.user) }
}
