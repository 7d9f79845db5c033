// From a route's spec to a served route. Everything that could fail at a request for lack of sense fails here instead.
import Core
import Expressions
import Kinds
import Ports

struct RouteCompiler {
  let family: ServedFamily
  let catalog: KindCatalog
  let handlers: Set<String>

  private var ids: IDCodec { family.ids }

  /// The served route, and what is wrong with its spec. A route with problems is never served.
  func compile(_ spec: RouteSpec, index: Int) -> (ServedRoute, [Problem]) {
    var faults = Faults(route: spec)
    let kind = spec.kind.flatMap { catalog.kind($0) }
    if let name = spec.kind, kind == nil { faults.add("there is no kind \(name)") }
    if kind == nil, ![.query, .handler, .watch].contains(spec.verb) { faults.add("the verb \(spec.verb.rawValue) needs a kind") }
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
      isReply: isReply, predicate: kind.flatMap { predicate(spec, $0, &faults) }, filters: kind.map { filters(spec, $0, &faults) } ?? [],
      sort: kind.map { sort(spec, $0, &faults) } ?? [], lets: lets, effects: effects(spec, &faults),
      bodyMembers: bodyMembers(spec, kind, &faults),
      targetNeeds: kind.map { NeedsBuilder(ids: ids).needs(of: programs, kind: $0) } ?? Needs(), names: names,
      isCacheable: spec.verb == .get && names.isEmpty && lets.isEmpty && spec.unless.isEmpty && spec.audit == nil && !view.reveals
        && !view.showsLastUse && spec.headers.isEmpty && spec.binds.isEmpty && spec.predicate == nil && spec.wait == nil
        && !permissions.contains { $0.readsTarget } && kind.map { $0.storage != .record && view.needs.stays(in: $0, catalog: catalog) } == true && spec.absent == .missing)
    if let limit = spec.limit, RateLimit(limit) == nil { faults.add("\"\(limit)\" is no limit", fix: "Write it as 10/1m.") }
    if spec.verb == .handler, !handlers.contains(spec.handler ?? "") {
      faults.add("there is no handler \"\(spec.handler ?? "")\"", fix: "Known: \(handlers.sorted().joined(separator: ", ")).")
    }
    return (served, faults.problems)
  }

  struct Faults {
    let route: RouteSpec
    var problems: [Problem] = []

    init(route: RouteSpec) { self.route = route }

    mutating func add(_ message: String, fix: String? = nil) {
      problems.append(
        Problem(.invalid, code: "bad_route", "\(route.id): \(message)", place: route.place, fix: fix))
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
  private func requestNames(_ spec: RouteSpec) -> Set<String> {
    var names = RequestNames.request
    names.formUnion(spec.lets.map(\.name))
    names.formUnion(spec.effects.compactMap(\.name))
    if spec.effects.contains(where: { $0.each != nil }) { names.insert("item") }
    if spec.verb == .list { names.formUnion(RequestNames.list) }
    if spec.verb == .handler { names.formUnion(RequestNames.handler) }
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
      let page = spec.verb == .list ? kind.map { (kind: $0, view: nil as String?) } : nil
      return (views.compile(reply, kind: spec.verb == .list ? nil : kind, at: spec.place, page: page), true)
    }
  }

  /// Programs whose bare names are fields of the target.
  private func targetPrograms(_ spec: RouteSpec) -> [CELProgram] {
    var programs = spec.unless.map(\.when) + spec.sets.map(\.1) + spec.headers.map(\.1)
    if let wait = spec.wait, wait.of == nil { programs += [wait.until] + (wait.when.map { [$0] } ?? []) }
    for route in spec.lets {
      switch route.source {
      case .value(let program): programs.append(program)
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
  private func otherPrograms(_ spec: RouteSpec) -> [CELProgram] {
    var programs = spec.filters.compactMap { filter -> CELProgram? in
      if case .predicate(let program) = filter.test { program } else { nil }
    }
    if let predicate = spec.predicate { programs.append(predicate) }
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

  private func scheme(_ spec: RouteSpec, _ faults: inout Faults) -> FamilySpec.AuthScheme? {
    if spec.auth == "none" { return nil }
    if let scheme = family.spec.schemes.first(where: { $0.name == spec.auth }) { return scheme }
    faults.add("the family has no authentication scheme \"\(spec.auth)\"")
    return nil
  }

  private func permissions(_ spec: RouteSpec, _ faults: inout Faults) -> [ServedRoute.Permission] {
    spec.needs.compactMap { name in
      guard let program = family.spec.permissions.first(where: { $0.0 == name })?.1 else {
        faults.add("the family has no permission \"\(name)\"")
        return nil
      }
      return ServedRoute.Permission(name: name, program: program, readsTarget: program.paths.contains { $0.first == "target" })
    }
  }

  private func predicate(_ spec: RouteSpec, _ kind: KindSpec, _ faults: inout Faults) -> PredicatePlan? {
    guard let program = spec.predicate else { return nil }
    let builder = PredicateBuilder(kind: kind, ids: ids, constants: requestNames(spec), selfIsConstant: false)
    do { return try builder.build(program.tree) } catch {
      faults.add(error, in: program)
      return nil
    }
  }

  private func filters(_ spec: RouteSpec, _ kind: KindSpec, _ faults: inout Faults) -> [ServedRoute.Filter] {
    spec.filters.compactMap { filter in
      let shape = filter.shape.copy()
      shape.name = filter.parameter
      shape.required = false
      let builder = PredicateBuilder(
        kind: kind, ids: ids, constants: requestNames(spec).union([RequestNames.filterValue]), selfIsConstant: false)
      do {
        switch filter.test {
        case .field(let name):
          let term = try builder.field(.identifier(name))
          let value = ConstantPlan.program(CELProgram(tree: .identifier(RequestNames.filterValue), lenient: true))
          let isList = kind.field(name)?.type == .list
          return ServedRoute.Filter(
            parameter: filter.parameter, shape: shape, plan: isList ? .holds(term, value) : .compare(term, .equal, value))
        case .predicate(let program):
          do {
            return ServedRoute.Filter(parameter: filter.parameter, shape: shape, plan: try builder.build(program.tree))
          } catch {
            faults.add(error, in: program)
            return nil
          }
        }
      } catch {
        faults.add("filter \(filter.parameter): \((error as? PredicateFault)?.message ?? "\(error)")")
        return nil
      }
    }
  }

  private func sort(_ spec: RouteSpec, _ kind: KindSpec, _ faults: inout Faults) -> [(path: FieldPath, descending: Bool)] {
    for key in spec.sort + spec.sortable.values.map({ SortKey(field: $0, descending: false) })
    where SortPaths.path(key.field, kind: kind) == nil { faults.add("cannot sort by \"\(key.field)\"") }
    return SortPaths.paths(spec.sort, kind: kind)
  }

  private func lets(_ spec: RouteSpec, _ faults: inout Faults) -> [ServedRoute.Let] {
    let programs = targetPrograms(spec) + otherPrograms(spec) + ViewPrograms.of(spec.answer)
    return spec.lets.compactMap { route in
      switch route.source {
      case .value(let program): return ServedRoute.Let(name: route.name, source: .value(program))
      case .source(let service, let op, let with, let within, let orElse):
        return ServedRoute.Let(
          name: route.name, source: .service(name: service, operation: op, arguments: with, within: within, orElse: orElse))
      case .find(let name, let predicate, let form):
        guard let kind = catalog.kind(name) else {
          faults.add("let \(route.name): there is no kind \(name)")
          return nil
        }
        let builder = PredicateBuilder(
          kind: kind, ids: ids, constants: requestNames(spec).subtracting([route.name]), selfIsConstant: true)
        var plans: [PredicatePlan] = []
        var residual: [CELProgram] = []
        for part in RelatedPredicate.parts(predicate.tree) {
          do { plans.append(try builder.build(part)) } catch {
            if (error as? PredicateFault)?.isWrong == true { faults.add(error, in: predicate) }
            residual.append(CELProgram(tree: part, functions: .platform, lenient: true))
          }
        }
        var needs = Needs()
        for path in programs.flatMap(\.paths) where path.first == route.name {
          needs.add(path: path.dropFirst(), program: nil, kind: kind, ids: ids)
        }
        needs.merge(NeedsBuilder(ids: ids).needs(of: residual, kind: kind))
        return ServedRoute.Let(
          name: route.name, source: .find(ServedRoute.Find(kind: kind, plan: .all(plans), residual: residual, form: form, needs: needs)))
      }
    }
  }

  private func effects(_ spec: RouteSpec, _ faults: inout Faults) -> [ServedRoute.Effect] {
    spec.effects.compactMap { effect in
      guard let kind = catalog.kind(effect.kind) else {
        faults.add("an effect names the kind \(effect.kind), which does not exist")
        return nil
      }
      if effect.predicate == nil, effect.kind != spec.kind {
        switch effect.action {
        case .create: break
        case .set, .delete: faults.add("an effect without `where` is one on the target, which is no \(effect.kind)")
        }
      }
      guard let predicate = effect.predicate else { return ServedRoute.Effect(spec: effect, kind: kind, plan: nil) }
      let builder = PredicateBuilder(kind: kind, ids: ids, constants: requestNames(spec), selfIsConstant: true)
      do { return ServedRoute.Effect(spec: effect, kind: kind, plan: try builder.build(predicate.tree)) } catch {
        faults.add(error, in: predicate)
        return nil
      }
    }
  }

  /// Stored fields, arguments and bound places of a body, under the names that are shown.
  private func bodyMembers(_ spec: RouteSpec, _ kind: KindSpec?, _ faults: inout Faults) -> [FieldSpec] {
    var members: [FieldSpec] = []
    let isNew = spec.verb == .create || spec.verb == .replace
    for member in spec.body {
      guard let field = kind?.field(member.field).map({ MemberSpelling.shown($0, spec.spelling ?? family.spec.spelling).copy() }) else {
        faults.add("the body gives the field \"\(member.field)\", which \(kind?.name ?? "no kind") has")
        continue
      }
      if field.isObserved || field.computed != nil { faults.add("the body cannot give \"\(member.field)\": only its controller writes it") }
      field.name = member.shown
      let isFilled = field.defaultValue != nil || field.generate != nil || spec.sets.contains { $0.0 == member.field }
      field.required = member.required ?? (isNew && field.required && !isFilled)
      field.defaultValue = nil
      field.generate = nil
      field.immutable = false
      if let map = member.map { field.allowed = field.allowed.isEmpty ? map.values.sorted() : field.allowed.map { map[$0] ?? $0 } }
      members.append(field)
    }
    if ["POST", "PUT", "PATCH"].contains(spec.method) { members += spec.args }
    for bind in spec.binds where bind.source.first == "body" && bind.source.count == 2 {
      let field = kind?.field(bind.field)?.copy() ?? FieldSpec(name: bind.source[1], type: .string)
      field.name = bind.source[1]
      field.required = !bind.optional
      field.defaultValue = nil
      field.generate = nil
      members.append(field)
    }
    return members
  }
}
