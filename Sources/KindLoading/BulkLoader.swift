// What a route says of several objects at once and of answers that no view makes: `many`, `each`, `redirect`, `render`.
import Core
import Expressions
import Kinds

struct BulkLoader {
  static let limit = 1000

  let map: SpecMap
  let faults: SpecFaults
  let expressions: ExpressionReader
  let kinds: [String: KindSpec]

  func load(_ route: inout RouteSpec, _ scope: inout ExpressionScope) {
    if map.has("many") { route.many = map.int("many", 1...Self.limit) }
    if let inner = map.map("each", keys: ["in", "id", "most"]) {
      let member = inner.required("in", of: "\"each\"")
      if !inner.has("most") { faults.add("\"each\" needs \"most\"", at: inner.place) }
      route.each = RouteSpec.Each(member: member ?? "items", id: inner.string("id"), most: inner.int("most", 1...Self.limit) ?? 1)
      scope.names["item"] = .open
    }
    check(route)
  }

  private func check(_ route: RouteSpec) {
    func fault(_ key: String, _ message: String, fix: String? = nil) { faults.add(message, at: map.place(key), fix: fix) }
    if map.has("many"), ![.update, .delete].contains(route.verb) {
      fault("many", "\"many\" belongs to the verbs update and delete")
    }
    guard route.isBulk else { return }
    if map.has("many"), map.has("each") { fault("many", "\"many\" and \"each\" exclude each other") }
    if let each = route.each {
      switch route.verb {
      case .create where each.id != nil: fault("each", "what is made has no id yet", fix: "Leave \"id\" out.")
      case .update where each.id == nil: fault("each", "\"each\" of an update needs \"id\": the member that names the object")
      case .create, .update: break
      default: fault("each", "\"each\" belongs to the verbs create and update")
      }
      if route.exists == .return { fault("exists", "\"exists: return\" does not go with \"each\"") }
      if route.exists == .update, let kind = route.kind.flatMap({ kinds[$0] }), kind.identityField == nil {
        fault("exists", "\(kind.name) has no name that could be taken")
      }
    }
    if map.has("wait") { fault("wait", "\"wait\" is for one object") }
    if !route.once.isEmpty { fault("reply", "\"once\" is for one object") }
  }

  /// Once the answer's scope is known.
  func answer(_ route: inout RouteSpec, _ scope: ExpressionScope) {
    route.redirect = expressions.program(map, "redirect", scope)
    if map.has("redirect"), route.verb == .list || route.verb == .watch || route.verb == .handler || route.isBulk {
      faults.add("\"redirect\" answers for one object", at: map.place("redirect"))
    }
    guard let inner = map.map("render", keys: ["type", "body"]) else { return }
    guard let type = inner.required("type", of: "\"render\"") else { return }
    if !type.contains("/") { inner.wrong("type", inner.node, "a media type such as text/csv") }
    if !inner.has("body") { faults.add("\"render\" needs \"body\"", at: inner.place) }
    if map.has("view") || map.has("reply") { faults.add("\"render\" is the whole answer", at: map.place("render")) }
    if ![.get, .list, .query, .create, .update].contains(route.verb) || route.isBulk {
      faults.add("\"render\" belongs to get, list, query, create and update", at: map.place("render"))
    }
    guard let body = expressions.program(inner, "body", route.verb == .list ? scope.adding("items", .open) : scope) else {
      return
    }
    route.render = RouteSpec.Render(type: type, body: body)
  }
}
