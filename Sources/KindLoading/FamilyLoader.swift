// family.yaml: what the clients of one family expect everywhere.
import Core
import Expressions
import Kinds

/// A family and what only its routes' loaders need to know.
struct LoadedFamily {
  var spec: FamilySpec
  /// Permissions of routes that state none: those that read, and those that write. Nil: family.yaml states none either.
  var readNeeds: [String]?
  var writeNeeds: [String]?
}

struct FamilyLoader {
  let file: SpecFile
  let faults: SpecFaults
  let expressions: ExpressionReader

  static let keys = [
    "family", "doc", "version", "base", "names", "absent", "ids", "auth", "needs", "permissions", "tenant", "confirm",
    "envelope", "page", "errors", "headers", "verbs",
  ]
  private static let realms = ["staff", "customer", "endUser", "agent", "machine"]
  private static let categories = [
    "invalid", "denied", "unauthenticated", "missing", "conflict", "stale", "refused", "tooLarge", "limited", "unavailable",
    "timeout", "failure",
  ]

  func load() -> LoadedFamily? {
    guard let map = SpecMap(file.root, in: file, faults, what: "family.yaml", keys: Self.keys) else { return nil }
    guard let name = map.required("family", of: "family.yaml") else { return nil }
    if name != file.family {
      faults.add(
        "the family \"\(name)\" stands in the folder \"\(file.family)\"", at: map.place("family"), fix: "Give both one name.")
    }
    let base = map.string("base") ?? ""
    if map.has("base"), !base.hasPrefix("/") || base.hasSuffix("/") || base.contains("//") {
      faults.add("\"base\" is a path such as /deploy/api", at: map.place("base"))
    }
    var family = FamilySpec(name: name, doc: map.required("doc", of: "family.yaml") ?? "", base: base)
    family.place = map.place
    family.version = map.string("version") ?? family.version
    family.spelling =
      map.map("names", keys: ["case"])?.choice("case", among: ["snake", "camel"]).flatMap(FamilySpec.Case.init(rawValue:))
      ?? .snake
    family.omitNull = map.choice("absent", among: ["null", "omit"]) == "omit"
    ids(map, &family)
    schemes(map, &family)
    if let permissions = map.map("permissions") {
      let scope = ExpressionScope([
        "caller": .open, "target": .open, "kind": .leaf, "action": .leaf, "path": .open, "now": .leaf, "mayRead": .leaf,
        "mayWrite": .leaf,
      ])
      family.permissions = permissions.all.compactMap { m in expressions.program(m.value, in: file, scope).map { (m.key, $0) } }
    }
    let (reads, writes) = needs(map, family)
    family.standardNeeds = reads ?? []
    if let tenant = map.map("tenant", keys: ["header", "required"]) {
      family.tenantHeader = tenant.string("header")
      family.tenantRequired = tenant.bool("required") ?? false
    }
    family.confirm = confirm(map)
    envelope(map, &family)
    Self.paging(map, &family.paging)
    errors(map, &family)
    family.headers =
      map.map("headers")?.all.compactMap { member in
        guard let text = member.value.string else {
          faults.add("a header is text", at: file.place(member.value))
          return nil
        }
        return (member.key, text)
      } ?? []
    if let verbs = map.map("verbs", keys: RouteLoader.verbs) {
      for verb in verbs.all {
        if let status = verbs.map(verb.key, keys: ["status"])?.int("status", 200...299) { family.statuses[verb.key] = status }
      }
    }
    return LoadedFamily(spec: family, readNeeds: reads, writeNeeds: writes)
  }

  /// `needs: [a]`, or `{reads: [a], writes: [a, b]}`.
  private func needs(_ map: SpecMap, _ family: FamilySpec) -> (reads: [String]?, writes: [String]?) {
    func known(_ map: SpecMap, _ key: String) -> [String]? {
      let names = map.strings(key)
      for name in names ?? [] where !family.permissions.contains(where: { $0.0 == name }) {
        faults.unknown("permission", name, among: family.permissions.map(\.0), at: map.place(key))
      }
      return names
    }
    if map["needs"]?.members == nil {
      let both = known(map, "needs")
      return (both, both)
    }
    guard let inner = map.map("needs", keys: ["reads", "writes"]) else { return (nil, nil) }
    return (known(inner, "reads"), known(inner, "writes"))
  }

  private func ids(_ map: SpecMap, _ family: inout FamilySpec) {
    guard let ids = map.map("ids") else { return }
    for member in ids.all {
      if member.key == "malformed" {
        family.badID = ids.int("malformed", 400...404) ?? 404
      } else if let style = KindFileLoader.idStyle(member.value, in: ids, member.key) {
        family.ids[member.key] = style
      }
    }
  }

  private func schemes(_ map: SpecMap, _ family: inout FamilySpec) {
    let auth = map.map("auth")
    for member in auth?.all ?? [] where member.key != "default" {
      guard
        let one = SpecMap(
          member.value, in: file, faults, what: "the scheme \"\(member.key)\"", keys: ["from", "accepts", "tenant", "realms"])
      else { continue }
      let from = one.strings("from") ?? []
      for place in from
      where place != "bearer" && place != "none" && place != "basic" && !place.hasPrefix("header:") && !place.hasPrefix("query:")
        && !place.hasPrefix("cookie:")
      {
        faults.add(
          "\"\(place)\" is no place of a credential", at: one.place("from"),
          fix: "bearer, basic, header:NAME, query:NAME, cookie:NAME or none.")
      }
      if from.isEmpty { faults.add("the scheme \"\(member.key)\" needs \"from\"", at: one.place) }
      let realms = one.strings("realms") ?? ["staff"]
      for realm in realms where !Self.realms.contains(realm) {
        faults.unknown("realm", realm, among: Self.realms, at: one.place("realms"))
      }
      family.schemes.append(
        FamilySpec.AuthScheme(
          name: member.key, from: from, accepts: one.strings("accepts") ?? [],
          needsTenant: one.choice("tenant", among: ["required", "optional"]) != "optional", realms: realms))
    }
    family.standardAuth = auth?.string("default") ?? family.schemes.first?.name ?? "bearer"
    if !family.schemes.isEmpty, !family.schemes.contains(where: { $0.name == family.standardAuth }), family.standardAuth != "none"
    {
      faults.unknown("auth scheme", family.standardAuth, among: family.schemes.map(\.name), at: auth?.place("default"))
    }
  }

  private func confirm(_ map: SpecMap) -> FamilySpec.Confirm? {
    guard let inner = map.map("confirm", keys: ["force", "token", "ttl", "code"]) else { return nil }
    var confirm = FamilySpec.Confirm()
    confirm.forceParameter = queryParameter(inner, "force") ?? confirm.forceParameter
    confirm.tokenParameter = queryParameter(inner, "token") ?? confirm.tokenParameter
    confirm.lifetime = inner.duration("ttl") ?? confirm.lifetime
    confirm.code = inner.string("code") ?? confirm.code
    return confirm
  }

  /// `query.force` → `force`.
  private func queryParameter(_ map: SpecMap, _ key: String) -> String? {
    guard let text = map.string(key) else { return nil }
    if !text.hasPrefix("query.") || text.utf8.count < 7 {
      map.wrong(key, map[key] ?? map.node, "a query parameter such as query.force")
    }
    return String(text.dropFirst(6))
  }

  private func envelope(_ map: SpecMap, _ family: inout FamilySpec) {
    guard let inner = map.map("envelope", keys: ["item", "list", "created", "deleted"]) else { return }
    func value(_ key: String, _ standard: Value) -> Value { inner[key]?.value ?? standard }
    family.envelope.item = value("item", family.envelope.item)
    family.envelope.list = value("list", family.envelope.list)
    family.envelope.created = value("created", inner.has("item") ? family.envelope.item : family.envelope.created)
    family.envelope.deleted = value("deleted", family.envelope.deleted)
  }

  /// `page` of a family, or of one route over its family's.
  static func paging(_ map: SpecMap, _ paging: inout FamilySpec.Paging) {
    guard let inner = map.map("page", keys: ["style", "limit", "offset", "page", "cursor", "size", "max"]) else { return }
    if let style = inner.choice("style", FamilySpec.Paging.Style.self) { paging.style = style }
    // A parameter for the number of the page says which style it is.
    if inner.has("page"), !inner.has("style") { paging.style = .page }
    paging.limitParameter = inner.string("limit") ?? paging.limitParameter
    paging.offsetParameter = inner.string("page") ?? inner.string("offset") ?? paging.offsetParameter
    paging.cursorParameter = inner.string("cursor") ?? paging.cursorParameter
    paging.standard = inner.int("size", 1...10_000) ?? paging.standard
    paging.most = inner.int("max", 1...10_000) ?? max(paging.most, paging.standard)
    if paging.standard > paging.most { map.faults.add("\"size\" is above \"max\"", at: inner.place) }
  }

  private func errors(_ map: SpecMap, _ family: inout FamilySpec) {
    guard let inner = map.map("errors", keys: ["body", "status", "spelling"]) else { return }
    if let body = inner["body"] { family.errors.body = body.value }
    // Categories of problems and codes stand side by side: no code has a category's name.
    if let statuses = inner.map("status") {
      for member in statuses.all {
        guard let status = statuses.int(member.key, 400...599) else { continue }
        if Self.categories.contains(member.key) {
          family.errors.statuses[member.key] = status
        } else {
          family.errors.codes[member.key] = status
        }
      }
    }
    if let spelling = inner.map("spelling") {
      for member in spelling.all { family.errors.spelling[member.key] = spelling.string(member.key) }
    }
  }
}
