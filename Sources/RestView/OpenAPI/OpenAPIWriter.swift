// An OpenAPI 3.1 document of one family, from its routes.
import Core
import Kinds

struct OpenAPIWriter {
  let family: ServedFamily
  let routes: [ServedRoute]
  let catalog: KindCatalog
  private let schemas: SchemaWriter

  init(family: ServedFamily, routes: [ServedRoute], catalog: KindCatalog) {
    self.family = family
    self.routes = routes
    self.catalog = catalog
    schemas = SchemaWriter(ids: family.ids)
  }

  func document() -> Value {
    var paths = ObjectMap()
    var shapes: [String: RouteSpec] = [:]
    for route in routes {
      // Two paths that differ in the names of their parameters only are one path: the first gives the names.
      let shape = route.spec.path.map { if case .literal(let text) = $0 { text } else { "{}" } }.joined(separator: "/")
      let first = shapes[shape] ?? route.spec
      shapes[shape] = first
      let path = first.pathText
      var item = paths[path]?.object ?? ObjectMap()
      item[route.spec.method.lowercased()] = operation(route, Self.parameterNames(first))
      if route.spec.atRoot { item["servers"] = [["url": "/"]] }
      paths[path] = .object(item)
    }
    return [
      "openapi": "3.1.0",
      "info": [
        "title": .string("\(family.spec.name) API"), "version": .string(family.spec.version),
        "description": .string(family.spec.doc),
      ],
      "servers": [["url": .string(family.spec.base)]],
      "paths": .object(paths),
      "components": [
        "securitySchemes": .object(securitySchemes()),
        "schemas": ["Error": schemas.template(family.spec.errors.body, data: [:], items: [:])],
        "responses": [
          "Error": [
            "description": "What went wrong.",
            "content": ["application/json": ["schema": ["$ref": "#/components/schemas/Error"]]],
          ],
          "TooLarge": ["description": "The body is too large.", "content": ["application/json": ["schema": ["type": "object"]]]],
        ],
      ],
    ]
  }

  private func securitySchemes() -> ObjectMap {
    var map = ObjectMap()
    for scheme in family.spec.schemes {
      for (at, place) in scheme.from.enumerated() {
        let name = at == 0 ? scheme.name : "\(scheme.name)\(at + 1)"
        if place == "bearer" { map[name] = ["type": "http", "scheme": "bearer"] }
        if place.hasPrefix("header:") {
          map[name] = ["type": "apiKey", "in": "header", "name": .string(String(place.dropFirst(7)))]
        }
        if place.hasPrefix("query:") {
          map[name] = ["type": "apiKey", "in": "query", "name": .string(String(place.dropFirst(6)))]
        }
      }
    }
    return map
  }

  private static func parameterNames(_ spec: RouteSpec) -> [String] {
    spec.path.compactMap { if case .parameter(let name) = $0 { name } else { nil } }
  }

  private func operation(_ route: ServedRoute, _ names: [String]) -> Value {
    let spec = route.spec
    var operation: ObjectMap = [
      "operationId": .string(spec.id), "summary": .string(spec.doc), "tags": [.string(spec.home)],
      "x-plumb-auth": .string(spec.auth),
      "x-plumb-needs": .list(spec.needs.map(Value.string)),
    ]
    let schemes =
      route.scheme.map { scheme in scheme.from.indices.map { $0 == 0 ? scheme.name : "\(scheme.name)\($0 + 1)" } } ?? []
    operation["security"] = .list(schemes.map { .object(ObjectMap([($0, Value.list([]))])) })
    let parameters = parameters(route, names)
    if !parameters.isEmpty { operation["parameters"] = .list(parameters) }
    if let body = requestBody(route) { operation["requestBody"] = body }
    operation["responses"] = .object(responses(route))
    return .object(operation)
  }

  private func parameters(_ route: ServedRoute, _ names: [String]) -> [Value] {
    var parameters: [Value] = zip(names, route.parameters).map { shown, name in
      ["name": .string(shown), "in": "path", "required": true, "schema": pathSchema(name, route)]
    }
    func query(_ name: String, _ schema: Value, required: Bool = false, doc: String? = nil) {
      var parameter: ObjectMap = ["name": .string(name), "in": "query", "required": .bool(required), "schema": schema]
      if let doc { parameter["description"] = .string(doc) }
      parameters.append(.object(parameter))
    }
    if route.scheme != nil, let header = family.spec.tenantHeader {
      parameters.append([
        "name": .string(header), "in": "header", "required": false,
        "schema": ["type": "string", "minLength": 1, "maxLength": .int(AuthGate.tenantLimit), "pattern": "^[A-Za-z0-9._-]+$"],
        "description": "The tenant that the call acts in: its id, or its name.",
      ])
    }
    if !route.readsBody {
      for field in route.spec.args {
        query(
          field.name, schemas.request(field, nullable: false), required: field.required && field.defaultValue == nil,
          doc: field.doc)
      }
    }
    for bind in route.spec.binds where bind.source.first == "query" {
      query(bind.source.last ?? "", ["type": "string"], required: !bind.optional)
    }
    if route.spec.verb == .watch {
      query(
        "last_event_id", ["type": "string", "pattern": "^[0-9]+$"], doc: "Go on after this event; as the header Last-Event-ID.")
      for filter in route.spec.filters { query(filter.parameter, filterSchema(filter, route), doc: filter.shape.doc) }
    }
    if route.spec.verb == .list {
      for filter in route.spec.filters { query(filter.parameter, filterSchema(filter, route), doc: filter.shape.doc) }
      if !route.spec.sortable.isEmpty {
        query(
          "sort", ["type": "string"],
          doc: "One of \(route.spec.sortable.keys.sorted().joined(separator: ", ")); - before it for descending order.")
      }
      if route.spec.paged { paging(route.spec.paging ?? family.spec.paging, query) }
    }
    if route.spec.verb == .delete, let confirm = family.spec.confirm, Self.isConfirmed(route, catalog) {
      query(confirm.forceParameter, ["type": "boolean"], doc: "Delete the dependents too.")
      query(confirm.tokenParameter, ["type": "string", "maxLength": 200], doc: "The token of the refusal, good once.")
    }
    return parameters
  }

  private static func isConfirmed(_ route: ServedRoute, _ catalog: KindCatalog) -> Bool {
    guard let kind = route.kind else { return false }
    return kind.lifecycle.confirm
      || catalog.referrers(of: kind.name).contains { ($0.field.reference ?? $0.field.of?.reference)?.onDelete == .confirm }
  }

  private func paging(_ paging: FamilySpec.Paging, _ query: (String, Value, Bool, String?) -> Void) {
    if paging.style == .none { return }
    query(
      paging.limitParameter, ["type": "integer", "minimum": 0], false,
      "At most so many; \(paging.standard) by default, never more than \(paging.most).")
    switch paging.style {
    case .none: break
    case .offset:
      query(
        paging.offsetParameter, ["type": "integer", "minimum": 0, "maximum": .int(PageWindow.offsetLimit)], false,
        "Leave out so many.")
    case .page: query(paging.offsetParameter, ["type": "integer", "minimum": 1], false, "Number of the page, from 1 on.")
    case .cursor: query(paging.cursorParameter, ["type": "string", "maxLength": 4096], false, "Where the page before ended.")
    }
  }

  /// Ids of uuid style say so; other path values are any text.
  private func pathSchema(_ name: String, _ route: ServedRoute) -> Value {
    let text: Value = ["type": "string", "minLength": 1]
    var kind = name == route.spec.target ? route.kind?.name : nil
    if let bind = route.spec.binds.first(where: { $0.source == ["path", name] }), let field = route.kind?.field(bind.field) {
      kind = (field.reference ?? field.of?.reference)?.kind
    }
    guard let kind else { return text }
    switch family.ids.style(kind) {
    case .uuid: return ["type": "string", "format": "uuid"]
    case .objectid: return ["type": "string", "pattern": .string(SchemaWriter.objectID)]
    default: return text
    }
  }

  private func filterSchema(_ filter: RouteSpec.Filter, _ route: ServedRoute) -> Value {
    if filter.shape.reference != nil || filter.shape.of?.reference != nil { return ["type": "string"] }
    return schemas.request(filter.shape.type == .list ? filter.shape.of ?? filter.shape : filter.shape, nullable: false)
  }

  private func requestBody(_ route: ServedRoute) -> Value? {
    guard route.hasBody else { return nil }
    if route.spec.accept.contains("raw") { return ["content": ["*/*": ["schema": [:]]]] }
    if route.bodyMembers.isEmpty { return nil }
    let schema = schemas.request(route.bodyMembers)
    var content = ObjectMap()
    if route.spec.accept.contains("json") { content["application/json"] = ["schema": schema] }
    if route.spec.accept.contains("multipart") { content["multipart/form-data"] = ["schema": schema] }
    if route.spec.accept.contains("form") { content["application/x-www-form-urlencoded"] = ["schema": schema] }
    return ["required": .bool(route.bodyMembers.contains { $0.required && $0.defaultValue == nil }), "content": .object(content)]
  }

  private func responses(_ route: ServedRoute) -> ObjectMap {
    var responses: ObjectMap = [String(route.spec.status): success(route)]
    if route.spec.redirect != nil {
      let location: Value = ["Location": ["description": "Where to go.", "schema": ["type": "string"]]]
      let status = (300...399).contains(route.spec.status) ? route.spec.status : 302
      responses[String(status)] = ["description": "Elsewhere.", "headers": location]
    }
    let error: Value = ["$ref": "#/components/responses/Error"]
    var statuses: Set<Int> = [400, 405, 413, 500, 503]
    if route.scheme != nil { statuses.formUnion([401, 403, 429]) }
    if !route.parameters.isEmpty { statuses.insert(404) }
    if route.hasBody { statuses.insert(415) }
    if !["GET", "HEAD"].contains(route.spec.method) { statuses.insert(409) }
    statuses.formUnion(route.spec.errors.values)
    statuses.formUnion(route.spec.unless.compactMap(\.status))
    for status in statuses.sorted() where responses[String(status)] == nil { responses[String(status)] = error }
    // Refused by the server before the family is asked.
    responses["413"] = ["$ref": "#/components/responses/TooLarge"]
    responses["default"] = error
    return responses
  }

  private func success(_ route: ServedRoute) -> Value {
    let spec = route.spec
    if let render = spec.render {
      let schema: Value = ["schema": ["type": "string"]]
      return ["description": "Done.", "content": .object(ObjectMap([(render.type, schema)]))]
    }
    if spec.verb == .watch {
      return ["description": "A stream of events.", "content": ["text/event-stream": ["schema": ["type": "string"]]]]
    }
    if spec.verb == .handler, !route.isReply, case .empty = spec.answer { return ["description": "Done."] }
    let isDelete = spec.verb == .delete
    if case .empty = spec.answer, !isDelete || spec.status == 204 { return ["description": "Done."] }
    let data = schemas.response(route.view)
    let items: Value = ["type": "array", "items": data]
    let envelope = family.spec.envelope
    let schema: Value
    if case .empty = spec.answer {
      schema = schemas.template(envelope.deleted, data: [:], items: [:])
    } else if let name = spec.envelope {
      let own = (spec.verb == .list || spec.isBulk) && !route.isReply ? items : data
      schema =
        name == "none" ? own : ["type": "object", "properties": .object(ObjectMap([(name, own)])), "required": [.string(name)]]
    } else if spec.verb == .list || spec.isBulk, !route.isReply || (spec.sql != nil && !spec.sqlReply) {
      schema = schemas.template(envelope.list, data: items, items: items)
    } else {
      schema = schemas.template(spec.verb == .create ? envelope.created : envelope.item, data: data, items: items)
    }
    return ["description": "Done.", "content": ["application/json": ["schema": schema]]]
  }
}
