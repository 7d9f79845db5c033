// One route of a rest.yaml, with the file's and the family's defaults filled in.
import Core
import Expressions
import Kinds

/// A route with what the cross checks need to know of it.
struct LoadedRoute {
  var spec: RouteSpec
  let file: SpecFile
  /// The route's own keys, to point at; `at` is the place of its name.
  let map: SpecMap
  /// Placeholders that some part of the route mentions.
  var mentioned: Set<String>
}

struct RouteLoader {
  let file: SpecFile
  let faults: SpecFaults
  let expressions: ExpressionReader
  let family: LoadedFamily
  let kinds: [String: KindSpec]
  let views: ViewLoader
  let sql: SQLFiles
  /// The file's keys above `routes`.
  let defaults: SpecMap
  /// The views of the file's own kind.
  let viewNames: [String]

  static let verbs = ["list", "get", "create", "replace", "update", "delete", "query", "watch", "handler"]
  static let defaultKeys = [
    "kind", "auth", "needs", "limit", "bind", "where", "absent", "exists", "accept", "errors", "headers", "page", "sort",
    "sortable", "view", "envelope", "unless", "at", "status", "entitlements",
  ]
  static let keys =
    defaultKeys + [
      "id", "verb", "doc", "let", "args", "body", "sets", "do", "wait", "filter", "reply", "audit", "handler", "with", "events",
      "fail", "tenant", "maxBody", "sql", "many", "each", "redirect", "render",
    ]

  /// What answers may read: the object, and what the request gave.
  static func answerScope(kind: String?) -> ExpressionScope {
    var scope = ExpressionScope(
      ["caller": .open, "now": .leaf, "path": .open, "query": .open, "body": .open, "args": .open], kind: kind)
    scope.softNames = [
      "server": .open, "family": .open, "requestId": .leaf, "once": .open, "items": .leaf, "total": .leaf, "limit": .leaf,
      "offset": .leaf,
      "row": .open, "count": .leaf, "result": .open, "action": .leaf, "kind": .leaf,
      "target": kind.map { .object(kind: $0) } ?? .open,
    ]
    if let kind { scope.names["self"] = .object(kind: kind) }
    return scope
  }

  func load(_ member: Node.Member, method: String, path: [RouteSpec.Segment]) -> LoadedRoute? {
    let what = "the route \(member.key)"
    let first = expressions.pending.count
    guard let map = SpecMap(member.value, in: file, faults, what: what, keys: Self.keys) else { return nil }
    let id = map.required("id", of: what)
    if !map.has("verb") {
      faults.add("\(what) needs \"verb\"", at: file.place(member), fix: "One of \(Self.verbs.joined(separator: ", ")).")
    }
    guard let id, let verb = map.choice("verb", among: Self.verbs).flatMap(RouteSpec.Verb.init(rawValue:)) else { return nil }
    let kind = kindName(map, verb)
    var route = RouteSpec(
      family: family.spec.name, id: id, method: method, path: path, verb: verb, kind: kind, home: file.folder ?? "", auth: "none")
    route.place = file.place(member)
    route.doc = map.string("doc") ?? ""
    route.spelling = views.spelling
    access(map, what, &route)
    route.atRoot = either(map, "at").choice("at", among: ["root", "base"]) == "root"

    var scope = self.scope(route)
    route.args = args(map)
    scope.names["args"] = .members(Dictionary(route.args.map { ($0.name, .open) }, uniquingKeysWith: { $1 }))
    let sqlLoader = SQLLoader(file: file, faults: faults, expressions: expressions, files: sql)
    let bulk = BulkLoader(map: map, faults: faults, expressions: expressions, kinds: kinds)
    route.exists =
      either(map, "exists").choice("exists", among: ["conflict", "return", "update"]).flatMap(RouteSpec.Exists.init(rawValue:))
      ?? .conflict
    bulk.load(&route, &scope)
    route.lets = LetLoader(file: file, faults: faults, expressions: expressions, kinds: kinds, sql: sqlLoader).lets(
      map, &scope, &route)
    let request = RequestLoader(
      file: file, faults: faults, expressions: expressions, spelling: views.spelling, views: views, kinds: kinds)
    route.binds = request.binds(either(map, "bind"), route)
    // What stands above `routes` serves routes of different arguments.
    let shared = scope.adding(["args": .open, "path": .open])
    route.predicate = expressions.program(either(map, "where"), "where", map.has("where") ? scope : shared)
    route.body = request.body(map, route)
    route.sets = request.assignments(map, "sets", scope)
    if let kind { request.checkFields(route.sets.map(\.0), of: kind, map, "sets") }
    route.unless = request.unless(defaults, shared) + request.unless(map, scope) + request.fail(map)
    route.effects = request.effects(map, &scope)
    route.wait = wait(map, scope)
    route.filters = request.filters(map, route)
    ordering(map, &route)
    route.absent =
      either(map, "absent").choice("absent", among: ["missing", "defaults", "null", "same"]).flatMap(
        RouteSpec.Absent.init(rawValue:)) ?? .missing
    route.tenant = expressions.program(map, "tenant", Self.answerScope(kind: nil).adding("path", scope.names["path"] ?? .open))
    let scheme = family.spec.schemes.first { $0.name == route.auth }
    HandlerLoader(map: map, defaults: defaults, faults: faults, scheme: scheme).load(what, &route)
    if map.has("sql") {
      route.sql = sqlLoader.sql(map, scope)
      route.places["sql"] = map.place("sql")
      route.sqlReply = map.has("reply")
    } else {
      route.with = request.assignments(map, "with", scope)
    }
    route.events = map.strings("events") ?? []
    bulk.answer(&route, scope)
    answer(map, what, scope, &route)
    return LoadedRoute(spec: route, file: file, map: map, mentioned: mentioned(route, expressions.pending[first...]))
  }

  /// The map that holds the key: the route's own, else the file's.
  private func either(_ map: SpecMap, _ key: String) -> SpecMap { map.has(key) ? map : defaults }

  private func kindName(_ map: SpecMap, _ verb: RouteSpec.Verb) -> String? {
    let source = either(map, "kind")
    if let written = source.string("kind") {
      if written == "none" { return nil }
      let name = written.split(separator: "/").last.map(String.init) ?? written
      if kinds[name] == nil { faults.unknown("kind", name, among: kinds.keys, at: source.place("kind")) }
      return name
    }
    if let home = file.folder, kinds[home] != nil { return home }
    if verb != .handler, verb != .query, !map.has("sql") {
      faults.add("the verb \(verb) needs a kind, and none is named \"\(file.folder ?? "")\"", at: map.place, fix: "Add \"kind\".")
    }
    return nil
  }

  // MARK: Access

  private func access(_ map: SpecMap, _ what: String, _ route: inout RouteSpec) {
    let spec = family.spec
    let auth = either(map, "auth")
    route.auth = auth.string("auth") ?? spec.standardAuth
    if route.auth != "none", !spec.schemes.contains(where: { $0.name == route.auth }) {
      faults.unknown(
        "auth scheme", route.auth, among: spec.schemes.map(\.name) + ["none"],
        at: auth.has("auth") ? auth.place("auth") : route.place)
    }
    let needs = either(map, "needs")
    let reads = [.list, .get, .query, .watch].contains(route.verb) || (route.verb == .handler && route.method == "GET")
    if let own = needs.strings("needs") {
      route.needs = own
      for name in own where !spec.permissions.contains(where: { $0.0 == name }) {
        faults.unknown("permission", name, among: spec.permissions.map(\.0), at: needs.place("needs"))
      }
    } else if route.auth != "none" {
      guard let standard = reads ? family.readNeeds : family.writeNeeds else {
        faults.add(
          "\(what) states no permission", at: route.place,
          fix: "Add \"needs\" here, above \"routes\" or in family.yaml; [] means any caller.")
        return
      }
      route.needs = standard
    }
    route.limit = either(map, "limit").string("limit")
    route.entitlements = either(map, "entitlements").strings("entitlements") ?? []
  }

  private func scope(_ route: RouteSpec) -> ExpressionScope {
    var scope = Self.answerScope(kind: route.kind)
    scope.names["old"] = route.kind.map { .object(kind: $0) }
    let parameters = route.path.compactMap { if case .parameter(let name) = $0 { name } else { nil } }
    scope.names["path"] = .members(Dictionary(parameters.map { ($0, .leaf) }, uniquingKeysWith: { $1 }))
    return scope
  }

  private func args(_ map: SpecMap) -> [FieldSpec] {
    map["args"].map { FieldLoader(file: file, faults: faults, expressions: expressions, scope: .constant).fields($0) } ?? []
  }

  // MARK: Effects and answers

  private func wait(_ map: SpecMap, _ scope: ExpressionScope) -> RouteSpec.Wait? {
    guard let inner = map.map("wait", keys: ["of", "when", "until", "most"]) else { return nil }
    let of = inner.string("of")
    var waiting = scope
    if let of {
      guard let meaning = scope.names[of] else {
        faults.unknown("let or effect named", of, among: scope.names.keys, at: inner.place("of"))
        return nil
      }
      if case .object(let kind) = meaning { waiting.kind = kind } else { waiting.isOpen = true }
    }
    if !inner.has("until") { faults.add("\"wait\" needs \"until\"", at: inner.place) }
    let when = expressions.program(inner, "when", scope)
    guard let until = expressions.program(inner, "until", waiting) else { return nil }
    return RouteSpec.Wait(of: of, when: when, until: until, most: inner.duration("most") ?? .seconds(10))
  }

  private func ordering(_ map: SpecMap, _ route: inout RouteSpec) {
    let sort = either(map, "sort")
    route.sort = SortLoader.keys(sort["sort"], in: sort)
    if let kind = route.kind.flatMap({ kinds[$0] }) {
      for key in route.sort where kind.field(key.field) == nil && ExpressionCheck.facts[key.field] == nil {
        faults.unknown("field to sort by named", key.field, among: kind.fields.map(\.name), at: sort.place("sort"))
      }
    }
    let sortable = either(map, "sortable")
    if let items = sortable["sortable"]?.items {
      for name in items.compactMap(\.string) { route.sortable[Spelling.shown(name, views.spelling)] = name }
    } else if let inner = sortable.map("sortable") {
      for member in inner.all { route.sortable[member.key] = inner.string(member.key) }
    }
    if let kind = route.kind.flatMap({ kinds[$0] }) {
      for name in route.sortable.values where kind.field(name) == nil && ExpressionCheck.facts[name] == nil {
        faults.unknown("field to sort by named", name, among: kind.fields.map(\.name), at: sortable.place("sortable"))
      }
    }
    let page = either(map, "page")
    if page["page"]?.members != nil {
      var paging = family.spec.paging
      FamilyLoader.paging(page, &paging)
      route.paging = paging
    } else {
      let choice = page.choice("page", among: ["none", "family"])
      // A handler's own parameters may be called as the family's.
      route.paged = route.verb == .handler ? choice == "family" : choice != "none"
    }
  }

  private func answer(_ map: SpecMap, _ what: String, _ scope: ExpressionScope, _ route: inout RouteSpec) {
    route.status = either(map, "status").int("status", 200...399) ?? family.spec.statuses[route.verb.rawValue] ?? 200
    let written = map.has("reply") ? map : either(map, "view")
    let key = map.has("reply") ? "reply" : "view"
    if let node = written[key] {
      if node.string == "empty" {
        route.answer = .empty
      } else if let name = node.string, name.first?.isUppercase == true {
        route.answer = .view(name)
      } else if let view = views.view(node, name: "", kind: route.kind ?? route.home, scope: scope) {
        route.answer = .reply(view)
      }
    } else if map.has("sql") || map.has("redirect") || map.has("render") {
      route.answer = .empty
    } else if [.get, .list, .create, .replace, .update].contains(route.verb) {
      if viewNames.contains(route.kind ?? "") || (viewNames.count == 1 && route.kind == file.folder) {
        route.answer = .view(viewNames.count == 1 ? viewNames[0] : route.kind ?? "")
      } else {
        faults.add(
          "\(what) needs \"view\" or \"reply\"", at: route.place, fix: "Write \"view: empty\" for an answer without a body.")
      }
    }
    if case .reply(let view) = route.answer {
      route.once = ViewLoader.minted(view)
      for (_, field) in route.once where route.kind.flatMap({ kinds[$0] })?.field(field)?.generate == nil {
        faults.add("once.\(field): \"\(field)\" is no generated field of \(route.kind ?? "the route")", at: map.place(key))
      }
    }
    route.envelope = either(map, "envelope").string("envelope")
    let headers = either(map, "headers")
    route.headers =
      headers.map("headers")?.all.compactMap { m in expressions.program(m.value, in: file, scope).map { (m.key, $0) } } ?? []
    let errors = either(map, "errors")
    if let inner = errors.map("errors") {
      for member in inner.all { route.errors[member.key] = inner.int(member.key, 200...599) }
    }
    route.audit = audit(map, scope)
  }

  /// A name, or `{action, severity, when}`.
  private func audit(_ map: SpecMap, _ scope: ExpressionScope) -> RouteSpec.Audit? {
    guard let node = map["audit"] else { return nil }
    if let name = node.string { return RouteSpec.Audit(action: name) }
    guard let inner = SpecMap(node, in: file, faults, what: "\"audit\"", keys: ["action", "severity", "when"]),
      let action = inner.required("action", of: "\"audit\"")
    else { return nil }
    return RouteSpec.Audit(
      action: action, severity: inner.choice("severity", KindSpec.Audit.Severity.self) ?? .medium,
      when: expressions.program(inner, "when", scope))
  }

  /// Placeholders that some part of the route reads.
  private func mentioned(_ route: RouteSpec, _ expressions: ArraySlice<PendingExpression>) -> Set<String> {
    var names = Set(route.args.map(\.name))
    for bind in route.binds where bind.source.first == "path" { names.formUnion(bind.source.dropFirst().prefix(1)) }
    for path in expressions.flatMap(\.program.paths) where path.first == "path" && path.count > 1 { names.insert(path[1]) }
    return names
  }
}
