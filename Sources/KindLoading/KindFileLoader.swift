// kind.yaml: one kind with its fields, keys, rules and what follows from them.
import Core
import Expressions
import Kinds

struct KindFileLoader {
  let file: SpecFile
  let faults: SpecFaults
  let expressions: ExpressionReader

  static let keys = [
    "kind", "doc", "rev", "retired", "storage", "scope", "id", "fields", "unique", "inverse", "let", "rules", "makes",
    "lifecycle", "events", "effects", "observe", "run", "migrations", "controller", "totals", "audit",
    "entitlements", "lists",
  ]

  func load() -> KindSpec? {
    guard let map = SpecMap(file.root, in: file, faults, what: "kind.yaml", keys: Self.keys) else { return nil }
    guard let name = map.required("kind", of: "kind.yaml") else { return nil }
    if name != file.folder {
      faults.add(
        "the kind \"\(name)\" stands in the folder \"\(file.folder ?? "")\"", at: map.place("kind"), fix: "Give both one name.")
    }
    if name.utf8.first.map({ $0 < 65 || $0 > 90 }) ?? true
      || !name.utf8.allSatisfy({ ($0 | 0x20 >= 97 && $0 | 0x20 <= 122) || ($0 >= 48 && $0 <= 57) })
    {
      faults.add("\"\(name)\" is no kind name", at: map.place("kind"), fix: "Kinds are named in CamelCase: ServerPool.")
    }
    let scope = ExpressionScope.object(name)
    let fieldLoader = FieldLoader(file: file, faults: faults, expressions: expressions, scope: scope)
    if !map.has("fields") { faults.add("kind.yaml needs \"fields\"", at: map.place) }
    let fields = map["fields"].map { fieldLoader.fields($0) } ?? []
    for field in fields where Self.reserved.contains(field.name) {
      faults.add("\"\(field.name)\" is a fact of every object and no field", at: field.place, fix: "Choose another name.")
    }
    let kind = KindSpec(family: file.family, name: name, doc: map.required("doc", of: "kind.yaml") ?? "", fields: fields)
    kind.place = map.place("kind")
    kind.rev = map.int("rev", 1...10_000) ?? 1
    kind.retired = map.bool("retired") ?? false
    kind.storage =
      map.choice("storage", among: ["resource", "data", "record", "run"]).flatMap(KindSpec.Storage.init(rawValue:)) ?? .resource
    kind.scope =
      map.choice("scope", among: ["tenant", "organization", "shared", "platform"]).flatMap(KindSpec.Scope.init(rawValue:))
      ?? .tenant
    if let id = map["id"] { kind.id = Self.idStyle(id, in: map, "id") ?? .uuid }
    kind.unique = map.items("unique").compactMap { unique($0, kind, scope) }
    kind.inverses = inverses(map)
    kind.lets = lets(map)
    let ruleScope = scope.adding(
      Dictionary(kind.lets.map { ($0.name, $0.count ? .leaf : .object(kind: $0.kind)) }, uniquingKeysWith: { $1 }))
    kind.rules = map.items("rules").compactMap { rule($0, kind, ruleScope) }
    kind.makes = map.items("makes").compactMap { makes($0, ruleScope) }
    kind.lifecycle = lifecycle(map, scope)
    kind.events = EventLoader(file: file, faults: faults, expressions: expressions).events(map, kind, scope)
    kind.effects = effects(map, scope)
    kind.observe = observe(map)
    kind.run = RunLoader(file: file, faults: faults, expressions: expressions, scope: scope).run(map, kind)
    kind.migrations = MigrationLoader(file: file, faults: faults, expressions: expressions, kind: kind).migrations(map)
    kind.controller = map.string("controller")
    kind.totals = SumLoader.totals(map, kind)
    kind.audit = SumLoader.audit(map)
    kind.audit.title = map.map("audit").flatMap { expressions.program($0, "title", scope) }
    kind.entitlements = entitlements(map, scope)
    kind.lists = lists(map, kind)
    return kind
  }

  private static let reserved: Set<String> = [
    "id", "uid", "createdAt", "updatedAt", "deletedAt", "generation", "conditions", "self", "old", "now", "caller",
  ]

  /// `uuid`, `serial`, `objectid`, `name` or `prefixed(ot_)`.
  static func idStyle(_ node: Node, in map: SpecMap, _ key: String) -> KindSpec.IDStyle? {
    switch node.string {
    case "uuid": return .uuid
    case "serial": return .serial
    case "objectid": return .objectid
    case "name": return .name
    case let text? where text.hasPrefix("prefixed(") && text.hasSuffix(")") && text.utf8.count > 10:
      return .prefixed(String(text.dropFirst(9).dropLast()))
    default:
      map.wrong(key, node, "uuid, serial, objectid, name or prefixed(ot_)")
      return nil
    }
  }

  // MARK: Keys and relations

  private func unique(_ node: Node, _ kind: KindSpec, _ scope: ExpressionScope) -> KindSpec.Unique? {
    func names(_ items: [Node]) -> [String] {
      items.compactMap { item in
        guard let name = item.string else {
          faults.add("a unique key is a list of field names", at: file.place(item))
          return nil
        }
        guard let field = kind.field(name) else {
          faults.unknown("field named", name, among: kind.fields.map(\.name), at: file.place(item))
          return nil
        }
        if field.computed != nil { faults.add("\"\(name)\" is computed and cannot be part of a key", at: file.place(item)) }
        return name
      }
    }
    if let items = node.items { return KindSpec.Unique(fields: names(items)) }
    guard
      let map = SpecMap(
        node, in: file, faults, what: "a unique key", keys: ["fields", "while", "for", "global", "code", "message"])
    else {
      return nil
    }
    if !map.has("fields") { faults.add("a unique key needs \"fields\"", at: map.place) }
    return KindSpec.Unique(
      fields: names(map.items("fields")), condition: expressions.program(map, "while", scope), duration: map.duration("for"),
      global: map.bool("global") ?? false, code: map.string("code") ?? "conflict", message: map.string("message"))
  }

  /// Indexed fields, and `createdAt`: what one index can hold.
  private func lists(_ map: SpecMap, _ kind: KindSpec) -> [String] {
    let items = map.items("lists")
    if items.count > Self.listedFields {
      faults.add("\"lists\" holds at most \(Self.listedFields) fields", at: map.place("lists"), fix: "Leave the least used out.")
    }
    if kind.storage == .record, !items.isEmpty {
      faults.add("a record kind has a table of its own, and no \"lists\"", at: map.place("lists"))
    }
    return items.compactMap { item in
      let name = item.string ?? ""
      let known = ["createdAt"] + kind.fields.filter { $0.indexed && !$0.isObserved && $0.computed == nil }.map(\.name)
      if known.contains(name) { return name }
      faults.unknown("indexed field named", name, among: known, at: file.place(item))
      return nil
    }
  }

  /// An index row stays short.
  private static let listedFields = 9

  private func inverses(_ map: SpecMap) -> [KindSpec.Inverse] {
    guard let inverse = map.map("inverse") else { return [] }
    return inverse.all.compactMap { member in
      let parts = (member.value.string ?? "").split(separator: "/").last?.split(separator: ".").map(String.init) ?? []
      guard parts.count == 2 else {
        faults.add("an inverse is written Kind.field", at: file.place(member.value), fix: "Such as {servers: Server.pool}.")
        return nil
      }
      return KindSpec.Inverse(name: member.key, kind: parts[0], field: parts[1])
    }
  }

  private func lets(_ map: SpecMap) -> [KindSpec.Let] {
    guard let lets = map.map("let") else { return [] }
    return lets.all.compactMap { member in
      guard let one = SpecMap(member.value, in: file, faults, what: "\"\(member.key)\"", keys: ["find", "where", "count"]) else {
        return nil
      }
      guard let kind = one.required("find", of: "\"\(member.key)\"") else { return nil }
      let found = kind.split(separator: "/").last.map(String.init) ?? kind
      if !one.has("where") { faults.add("\"\(member.key)\" needs \"where\"", at: one.place) }
      let scope = ExpressionScope(["self": .object(kind: file.folder ?? ""), "now": .leaf, "caller": .open], kind: found)
      guard let predicate = expressions.program(one, "where", scope) else { return nil }
      return KindSpec.Let(name: member.key, kind: found, predicate: predicate, count: one.bool("count") ?? false)
    }
  }

  private func rule(_ node: Node, _ kind: KindSpec, _ scope: ExpressionScope) -> KindSpec.Rule? {
    guard let map = SpecMap(node, in: file, faults, what: "a rule", keys: ["when", "require", "code", "message", "field"]) else {
      return nil
    }
    let message = map.required("message", of: "a rule")
    if !map.has("require") { faults.add("a rule needs \"require\"", at: map.place) }
    let field = map.string("field")
    if let field, !field.hasPrefix("/") || kind.field(String(field.split(separator: "/").first ?? "")) == nil {
      faults.unknown("field at the pointer", field, among: kind.fields.map { "/\($0.name)" }, at: map.place("field"))
    }
    let when = expressions.program(map, "when", scope)
    guard let require = expressions.program(map, "require", scope), let message else { return nil }
    return KindSpec.Rule(when: when, require: require, code: map.string("code") ?? "rule", message: message, field: field)
  }

  private func makes(_ node: Node, _ scope: ExpressionScope) -> KindSpec.Makes? {
    guard let map = SpecMap(node, in: file, faults, what: "an entry of makes", keys: ["kind", "when", "each", "as", "fields"])
    else { return nil }
    let item = map.string("as") ?? "item"
    let inner = map.has("each") ? scope.adding(item, .open) : scope
    guard let kind = map.required("kind", of: "an entry of makes") else { return nil }
    let when = expressions.program(map, "when", scope)
    let each = expressions.program(map, "each", scope)
    let fields = map.map("fields")?.all.compactMap { member in
      expressions.program(member.value, in: file, inner).map { (member.key, $0) }
    }
    return KindSpec.Makes(kind: kind, when: when, each: each, itemName: item, fields: fields ?? [])
  }

  // MARK: Life

  private func lifecycle(_ map: SpecMap, _ scope: ExpressionScope) -> KindSpec.Lifecycle {
    var lifecycle = KindSpec.Lifecycle()
    guard let inner = map.map("lifecycle", keys: ["delete", "keep", "protect", "confirm", "replace", "history"]) else {
      return lifecycle
    }
    lifecycle.soft = inner.choice("delete", among: ["hard", "soft"]) == "soft"
    lifecycle.keep = inner.duration("keep")
    lifecycle.protect = expressions.program(inner, "protect", scope)
    lifecycle.confirm = inner.bool("confirm") ?? false
    lifecycle.replace = inner.bool("replace") ?? false
    lifecycle.history = inner.duration("history")
    return lifecycle
  }

  private func effects(_ map: SpecMap, _ scope: ExpressionScope) -> [KindSpec.Effect] {
    let inner = scope.adding("old", .object(kind: file.folder ?? ""))
    return map.items("effects").compactMap { node in
      guard let one = SpecMap(node, in: file, faults, what: "an effect", keys: ["when", "say"]) else { return nil }
      if !one.has("say") { faults.add("an effect needs \"say\"", at: one.place) }
      let when = expressions.program(one, "when", inner)
      return expressions.program(one, "say", inner).map { KindSpec.Effect(when: when, say: $0) }
    }
  }

  private func entitlements(_ map: SpecMap, _ scope: ExpressionScope) -> [KindSpec.Entitlement] {
    let inner = scope.adding("old", .object(kind: file.folder ?? ""))
    return map.items("entitlements").compactMap { node in
      guard let one = SpecMap(node, in: file, faults, what: "an entitlement", keys: ["key", "when", "least"]),
        let key = one.required("key", of: "an entitlement")
      else { return nil }
      return KindSpec.Entitlement(
        key: key, when: expressions.program(one, "when", inner), least: expressions.program(one, "least", inner))
    }
  }

  private func observe(_ map: SpecMap) -> KindSpec.Observe? {
    guard let inner = map.map("observe", keys: ["every", "onDrift", "how"]) else { return nil }
    if !inner.has("every") { faults.add("\"observe\" needs \"every\"", at: inner.place) }
    guard let every = inner.duration("every") else { return nil }
    if every < .seconds(1) { faults.add("\"every\" is at least 1s", at: inner.place("every")) }
    let onDrift = inner.choice("onDrift", among: ["correct", "report"]).flatMap(KindSpec.Observe.OnDrift.init(rawValue:))
    return KindSpec.Observe(every: every, onDrift: onDrift ?? .correct, how: inner.string("how"))
  }
}
