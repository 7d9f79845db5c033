// From a route's spec to a served route. Everything that could fail at a request for lack of sense fails here instead.
import Core
import Expressions
import Kinds
import Ports

struct RouteCompiler {
  let family: ServedFamily
  let catalog: KindCatalog
  let handlers: HandlerNames

  var ids: IDCodec { family.ids }

  /// The served route, and what is wrong with its spec. A route with problems is never served.
  func compile(_ spec: RouteSpec, index: Int) -> (ServedRoute, [Problem]) {
    var faults = Faults(route: spec)
    let kind = spec.kind.flatMap { catalog.kind($0) }
    if let name = spec.kind, kind == nil { faults.add("there is no kind \(name)") }
    if kind == nil, ![.query, .handler, .watch].contains(spec.verb), spec.sql == nil {
      faults.add("the verb \(spec.verb.rawValue) needs a kind")
    }
    if let kind, ids.style(kind.name) == .serial { faults.add("serial ids need a stored alias, which \(kind.name) lacks") }
    let views = ViewCompiler(ids: ids)
    let lets = self.lets(spec, &faults)
    views.requestNames = requestNames(spec)
    let (view, isReply) = self.view(spec, kind, views)
    faults.problems += views.problems
    let permissions = self.permissions(spec, &faults)
    let programs = targetPrograms(spec)
    var names = view.names
    for program in programs + otherPrograms(spec) { names.formUnion(program.paths.compactMap(\.first)) }
    names.formIntersection(views.requestNames)
    if let kind { faults.check(programs, kind, catalog, allowed: views.requestNames.union(["self", RequestNames.filterValue])) }
    let served = ServedRoute(
      index: index, spec: spec, family: family, kind: kind, scheme: scheme(spec, &faults), permissions: permissions, view: view,
      isReply: isReply, predicate: kind.flatMap { predicate(spec, $0, &faults) },
      filters: kind.map { filters(spec, $0, &faults) } ?? [],
      sort: kind.map { sort(spec, $0, &faults) } ?? [], lets: lets, effects: effects(spec, &faults),
      bodyMembers: bodyMembers(spec, kind, &faults),
      targetNeeds: kind.map { NeedsBuilder(ids: ids).needs(of: programs, kind: $0) } ?? Needs(), names: names,
      isCacheable: isCacheable(spec, kind, view, names: names, permissions: permissions, isReply: isReply))
    if let limit = spec.limit, RateLimit(limit) == nil { faults.add("\"\(limit)\" is no limit", fix: "Write it as 10/1m.") }
    checkHandler(spec, &faults)
    checkBulk(spec, kind, &faults)
    if spec.verb == .watch, kind?.storage == .record { faults.add("records are not in the change feed, and cannot be watched") }
    return (served, faults.problems)
  }

  private func checkBulk(_ spec: RouteSpec, _ kind: KindSpec?, _ faults: inout Faults) {
    guard spec.isBulk, let kind, spec.verb == .delete else { return }
    let asks = catalog.referrers(of: kind.name).contains { ($0.field.reference ?? $0.field.of?.reference)?.onDelete == .confirm }
    if kind.lifecycle.confirm || asks {
      faults.add("\(kind.name) objects are deleted one by one: each deletion may have to be confirmed")
    }
  }

  private func checkHandler(_ spec: RouteSpec, _ faults: inout Faults) {
    guard spec.verb == .handler, let name = spec.handler else { return }
    if !handlers.all.contains(name) {
      let near = nearestName(to: name, among: handlers.all).map { "Did you mean \"\($0)\"?" }
      faults.add(
        "there is no handler \"\(name)\"", at: "handler", fix: near ?? "Known: \(handlers.all.sorted().joined(separator: ", ")).")
    }
    let scheme = family.spec.schemes.first { $0.name == spec.auth }
    if scheme?.accepts.contains("signature") ?? false, handlers.all.contains(name), !handlers.verifying.contains(name) {
      faults.add("the handler \"\(name)\" checks no signature, and the scheme \(spec.auth) leaves that to it", at: "handler")
    }
  }

  /// Whether a rendered answer stays right for as long as its tenant's feed does not move.
  private func isCacheable(
    _ spec: RouteSpec, _ kind: KindSpec?, _ view: ViewPlan, names: Set<String>, permissions: [ServedRoute.Permission],
    isReply: Bool
  ) -> Bool {
    guard let kind, kind.storage != .record, spec.lets.isEmpty, spec.unless.isEmpty, spec.audit == nil, spec.headers.isEmpty,
      spec.wait == nil, spec.predicate == nil, spec.tenant == nil, spec.sql == nil, spec.redirect == nil, spec.render == nil,
      !view.reveals, !view.showsLastUse,
      view.needs.stays(in: kind, catalog: catalog),
      !permissions.contains(where: { $0.readsTarget })
    else { return false }
    if spec.verb == .get { return names.isEmpty && spec.binds.isEmpty && spec.absent == .missing }
    guard spec.verb == .list, names.subtracting(RequestNames.list).isEmpty,
      spec.binds.allSatisfy({ ["path", "query"].contains($0.source.first) }),
      !family.spec.headers.contains(where: { $0.1.contains("$total") })
    else { return false }
    return spec.envelope != nil || (isReply ? family.item : family.list).holes.isSubset(of: CachedAnswer.stableHoles)
  }

  struct Faults {
    let route: RouteSpec
    var problems: [Problem] = []

    init(route: RouteSpec) { self.route = route }

    /// - Parameter key: where it stands, for keys whose place is known.
    mutating func add(_ message: String, at key: String? = nil, fix: String? = nil) {
      let place = key.flatMap { route.places[$0] } ?? route.place
      problems.append(Problem(.invalid, code: "bad_route", "\(route.id): \(message)", place: place, fix: fix))
    }

    mutating func add(_ error: any Error, in program: CELProgram) {
      add("\((error as? PredicateFault)?.message ?? "\(error)"), in `\(program.source)`")
    }

    /// Fields that programs over the target read must exist and be no secrets.
    mutating func check(_ programs: [CELProgram], _ kind: KindSpec, _ catalog: KindCatalog, allowed: Set<String>) {
      let constants = RequestNames.constants(allowed) { kind.field($0) != nil }
      for program in programs {
        for path in program.paths {
          guard let first = path.first, first == "self" || first == "target" || !constants.contains(first) else { continue }
          if RequestNames.types.contains(first), kind.field(first) == nil { continue }
          let own = first == "self" || first == "target" ? Array(path.dropFirst()) : path
          if let message = PathCheck.fault(own, kind: kind, catalog: catalog) { add("\(message), in `\(program.source)`") }
        }
      }
    }
  }

  /// What the programs of a route may read besides an object's fields.
  func requestNames(_ spec: RouteSpec) -> Set<String> {
    var names = RequestNames.request
    names.formUnion(spec.lets.map(\.name))
    names.formUnion(spec.effects.compactMap(\.name))
    if spec.effects.contains(where: { $0.each != nil }) { names.insert("item") }
    if spec.verb == .list { names.formUnion(RequestNames.list) }
    if spec.isBulk { names.formUnion(RequestNames.bulk) }
    if spec.each != nil { names.insert("item") }
    if spec.verb == .handler || spec.sql != nil { names.formUnion(RequestNames.handler) }
    if spec.sql != nil { names.formUnion(RequestNames.rows) }
    return names
  }

  private func view(_ spec: RouteSpec, _ kind: KindSpec?, _ views: ViewCompiler) -> (ViewPlan, Bool) {
    switch spec.answer {
    case .empty: return (.empty, false)
    case .view(let name):
      guard let kind else {
        views.fault("\(spec.id): a view needs a kind", at: spec.place)
        return (.empty, false)
      }
      return (views.view(name, kind: kind.name, at: spec.place), false)
    case .reply(let reply):
      let page =
        (spec.verb == .list && spec.sql == nil) || spec.verb == .handler || spec.isBulk
        ? kind.map { (kind: $0, view: nil as String?) } : nil
      return (
        views.compile(reply, kind: spec.verb == .list || spec.sql != nil || spec.isBulk ? nil : kind, at: spec.place, page: page),
        true
      )
    }
  }

  /// Programs whose bare names are fields of the target.
  func targetPrograms(_ spec: RouteSpec) -> [CELProgram] {
    var programs = spec.unless.map(\.when) + spec.sets.map(\.1) + spec.headers.map(\.1)
    if spec.verb != .list, !spec.isBulk { programs += [spec.redirect, spec.render?.body].compactMap { $0 } }
    programs += spec.with.map(\.1) + (spec.sql?.with.map(\.1) ?? [])
    if let wait = spec.wait, wait.of == nil { programs += [wait.until] + (wait.when.map { [$0] } ?? []) }
    for route in spec.lets {
      switch route.source {
      case .value(let program): programs.append(program)
      case .sql(let sql): programs += sql.with.map(\.1)
      case .source(_, _, let with, _, let orElse): programs += with.map(\.1) + (orElse.map { [$0] } ?? [])
      case .find: break
      }
    }
    for effect in spec.effects where effect.kind == spec.kind && effect.predicate == nil {
      if let when = effect.when { programs.append(when) }
      if case .set(let fields) = effect.action { programs += fields.map(\.1) }
    }
    return programs
  }

  /// Programs of which only the names of the request matter here.
  func otherPrograms(_ spec: RouteSpec) -> [CELProgram] {
    var programs = spec.filters.compactMap { filter -> CELProgram? in
      if case .predicate(let program) = filter.test { program } else { nil }
    }
    if let predicate = spec.predicate { programs.append(predicate) }
    if let tenant = spec.tenant { programs.append(tenant) }
    if let when = spec.audit?.when { programs.append(when) }
    if let render = spec.render { programs.append(render.body) }
    if let wait = spec.wait { programs.append(wait.until) }
    for route in spec.lets { if case .find(_, let predicate, _) = route.source { programs.append(predicate) } }
    for effect in spec.effects {
      programs += [effect.when, effect.each, effect.predicate].compactMap { $0 }
      switch effect.action {
      case .set(let fields), .create(let fields): programs += fields.map(\.1)
      case .delete: break
      }
    }
    return programs
  }
}
