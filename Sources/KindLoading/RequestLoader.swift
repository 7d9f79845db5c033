// What a route reads from the request, and what it changes: bind, body, sets, do, unless, filter.
import Core
import Expressions
import Kinds

struct RequestLoader {
  let file: SpecFile
  let faults: SpecFaults
  let expressions: ExpressionReader
  let spelling: FamilySpec.Case
  let views: ViewLoader
  let kinds: [String: KindSpec]

  /// `{path.id: set, caller.user: recipient, "query.app_id?": app}`.
  func binds(_ map: SpecMap, _ route: RouteSpec) -> [RouteSpec.Bind] {
    guard let inner = map.map("bind") else { return [] }
    let parameters = route.path.compactMap { if case .parameter(let name) = $0 { name } else { nil } }
    return inner.all.compactMap { member in
      let optional = member.key.hasSuffix("?")
      let source = (optional ? String(member.key.dropLast()) : member.key).split(separator: ".").map(String.init)
      guard let field = member.value.string else {
        faults.add("bind names a field", at: file.place(member.value), fix: "Such as {path.id: app}.")
        return nil
      }
      if source.count < 2 || !["path", "query", "body", "caller", "header"].contains(source[0]) {
        let fix = "It begins with path., query., body., caller. or header."
        faults.add("\"\(member.key)\" is no place of a request", at: file.place(member), fix: fix)
        return nil
      }
      // A default of the file may bind a placeholder that only some of its routes have.
      if source[0] == "path", !parameters.contains(source[1]) {
        if map.node.line != file.root.line || map.has("id") {
          faults.unknown("placeholder", source[1], among: parameters, at: file.place(member))
        }
        return nil
      }
      if let kind = route.kind { checkField(field, of: kind, at: file.place(member.value)) }
      return RouteSpec.Bind(source: source, field: field, optional: optional)
    }
  }

  func checkFields(_ names: [String], of kind: String, _ map: SpecMap, _ key: String) {
    guard let inner = map[key]?.members else { return }
    for member in inner where names.contains(member.key) { checkField(member.key, of: kind, at: file.place(member)) }
  }

  /// A field or a path into one; or `id` and `name`, which find objects.
  private func checkField(_ path: String, of kind: String, at place: Place) {
    guard let spec = kinds[kind], !["id", "uid", "name", "tenant"].contains(path) else { return }
    let steps = path.split(separator: ".").map(String.init)
    guard let field = spec.field(steps.first ?? "") else {
      return faults.unknown("field of \(kind) named", path, among: spec.fields.map(\.name), at: place)
    }
    var here = field
    for step in steps.dropFirst() {
      if [.any, .map].contains(here.type) { return }
      guard let next = here.fields.first(where: { $0.name == step }) else {
        return faults.unknown("member of \"\(here.name)\" named", step, among: here.fields.map(\.name), at: place)
      }
      here = next
    }
  }

  /// `[a, b]`, `{shown: field}` or `{shown: {field, map, required}}`.
  func body(_ map: SpecMap, _ route: RouteSpec) -> [RouteSpec.BodyField] {
    guard let node = map["body"] else { return [] }
    guard let kind = route.kind else {
      faults.add(
        "\"body\" stores fields, and the route has no kind", at: file.place(node), fix: "Inputs that are not stored are \"args\"."
      )
      return []
    }
    var out: [RouteSpec.BodyField] = []
    func add(_ field: RouteSpec.BodyField, _ place: Place) {
      checkField(field.field, of: kind, at: place)
      if let spec = kinds[kind]?.field(field.field), spec.writer == .controller || spec.computed != nil {
        faults.add("\"\(field.field)\" is \(spec.computed != nil ? "computed" : "written by its controller only")", at: place)
      }
      if out.contains(where: { $0.shown == field.shown }) {
        faults.add("the body member \"\(field.shown)\" stands twice", at: place)
      }
      out.append(field)
    }
    if let items = node.items {
      for item in items {
        guard let name = item.string else {
          if let members = item.members { for m in members { bodyField(m).map { add($0, file.place(m.value)) } } }
          continue
        }
        add(RouteSpec.BodyField(shown: Spelling.shown(name, spelling), field: name), file.place(item))
      }
    } else {
      for member in map.map("body")?.all ?? [] { bodyField(member).map { add($0, file.place(member.value)) } }
    }
    return out
  }

  private func bodyField(_ member: Node.Member) -> RouteSpec.BodyField? {
    if let field = member.value.string { return RouteSpec.BodyField(shown: member.key, field: field) }
    guard let map = SpecMap(member.value, in: file, faults, what: "\"\(member.key)\"", keys: ["field", "map", "required"]),
      let field = map.required("field", of: "\"\(member.key)\"")
    else { return nil }
    return RouteSpec.BodyField(shown: member.key, field: field, map: views.map(map, "map"), required: map.bool("required"))
  }

  func assignments(_ map: SpecMap, _ key: String, _ scope: ExpressionScope) -> [(String, CELProgram)] {
    map.map(key)?.all.compactMap { m in expressions.program(m.value, in: file, scope).map { (m.key, $0) } } ?? []
  }

  func unless(_ map: SpecMap, _ scope: ExpressionScope) -> [RouteSpec.Unless] {
    map.items("unless").compactMap { node in
      guard let one = SpecMap(node, in: file, faults, what: "a guard", keys: ["when", "status", "code", "message"]) else {
        return nil
      }
      let message = one.required("message", of: "a guard")
      if !one.has("when") { faults.add("a guard needs \"when\"", at: one.place) }
      guard let when = expressions.program(one, "when", scope), let message else { return nil }
      return RouteSpec.Unless(
        when: when, status: one.int("status", 400...599), code: one.string("code") ?? "state", message: message)
    }
  }

  /// `fail`: the answer of a route whose ability this installation lacks, after all other guards.
  func fail(_ map: SpecMap) -> [RouteSpec.Unless] {
    guard let one = map.map("fail", keys: ["status", "code", "message"]) else { return [] }
    guard let message = one.required("message", of: "\"fail\""), let always = try? CELProgram("true") else { return [] }
    return [
      RouteSpec.Unless(when: always, status: one.int("status", 400...599), code: one.string("code") ?? "state", message: message)
    ]
  }

  /// `do`; names given by `as` are added to the scope.
  func effects(_ map: SpecMap, _ scope: inout ExpressionScope) -> [RouteSpec.Effect] {
    var out: [RouteSpec.Effect] = []
    for node in map.items("do") {
      let keys = ["kind", "as", "when", "each", "where", "set", "create", "delete"]
      guard let one = SpecMap(node, in: file, faults, what: "an effect", keys: keys) else { continue }
      let kind = one.string("kind").map { $0.split(separator: "/").last.map(String.init) ?? $0 } ?? scope.kind ?? ""
      if kinds[kind] == nil { faults.unknown("kind", kind, among: kinds.keys, at: one.place("kind")) }
      let when = expressions.program(one, "when", scope)
      let each = expressions.program(one, "each", scope)
      let item = each == nil ? scope : scope.adding("item", .open)
      var inner = item
      inner.kind = kind
      let predicate = expressions.program(one, "where", inner)
      let action: RouteSpec.Effect.Action
      switch (one.has("set"), one.has("create"), one.has("delete")) {
      case (true, false, false):
        action = .set(assignments(one, "set", predicate == nil ? item : inner))
        checkFields(one["set"]?.members?.map(\.key) ?? [], of: kind, one, "set")
      case (false, true, false):
        action = .create(assignments(one, "create", item))
        checkFields(one["create"]?.members?.map(\.key) ?? [], of: kind, one, "create")
      case (false, false, true): action = .delete
      default:
        faults.add("an effect has exactly one of \"set\", \"create\" and \"delete\"", at: one.place)
        continue
      }
      let name = one.string("as")
      if let name { scope.names[name] = .object(kind: kind) }
      out.append(RouteSpec.Effect(kind: kind, name: name, when: when, each: each, predicate: predicate, action: action))
    }
    return out
  }

  /// `{parameter: field}`, `{parameter: "CEL over value"}`, `{parameter: {field | where, type, …}}`, or a list of fields.
  func filters(_ map: SpecMap, _ route: RouteSpec) -> [RouteSpec.Filter] {
    guard let node = map["filter"] else { return [] }
    let kind = route.kind ?? ""
    if let items = node.items {
      return items.compactMap { item in
        item.string.flatMap { fieldFilter(Spelling.shown($0, spelling), $0, kind, at: file.place(item)) }
      }
    }
    return (map.map("filter")?.all ?? []).compactMap { member in
      if let text = member.value.string {
        if FieldLoader.isName(text) { return fieldFilter(member.key, text, kind, at: file.place(member.value)) }
        return predicateFilter(member, member.value, FieldSpec(name: member.key, type: .string), kind)
      }
      guard
        let one = SpecMap(member.value, in: file, faults, what: "\"\(member.key)\"", keys: FieldLoader.keys + ["field", "where"])
      else { return nil }
      var shape: FieldSpec?
      let rest = one.all.filter { $0.key != "field" && $0.key != "where" }
      if !rest.isEmpty {
        let node = Node(.mapping(rest), line: member.value.line, column: member.value.column)
        shape = FieldLoader(file: file, faults: faults, expressions: expressions, scope: .constant)
          .field(member.key, node, at: file.place(member), depth: 0)
      }
      if let field = one.string("field"), var filter = fieldFilter(member.key, field, kind, at: one.place("field")) {
        if let shape { filter.shape = shape }
        return filter
      }
      guard let predicate = one["where"] else {
        faults.add("the filter \"\(member.key)\" needs \"field\" or \"where\"", at: one.place)
        return nil
      }
      return predicateFilter(member, predicate, shape ?? FieldSpec(name: member.key, type: .string), kind)
    }
  }

  private func fieldFilter(_ parameter: String, _ field: String, _ kind: String, at place: Place) -> RouteSpec.Filter? {
    guard let spec = kinds[kind] else { return nil }
    let fact = ExpressionCheck.facts[field] == nil ? nil : FieldSpec(name: field, type: .string)
    guard var shape = spec.field(field)?.copy() ?? fact else {
      faults.unknown("field of \(kind) named", field, among: spec.fields.map(\.name), at: place)
      return nil
    }
    if shape.type == .list, let of = shape.of { shape = of.copy() }
    shape.name = parameter
    shape.required = false
    shape.defaultValue = nil
    return RouteSpec.Filter(parameter: parameter, test: .field(field), shape: shape)
  }

  private func predicateFilter(_ member: Node.Member, _ node: Node, _ shape: FieldSpec, _ kind: String) -> RouteSpec.Filter? {
    let scope = ExpressionScope(["value": .open, "caller": .open, "now": .leaf, "path": .open, "query": .open], kind: kind)
    return expressions.program(node, in: file, scope).map {
      RouteSpec.Filter(parameter: member.key, test: .predicate($0), shape: shape)
    }
  }
}
