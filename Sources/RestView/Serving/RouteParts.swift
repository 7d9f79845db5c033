// The parts of a route, each compiled: scheme, permissions, predicate, filters, sort, lets, effects, body.
import Core
import Expressions
import Kinds
import Ports

extension RouteCompiler {
  func scheme(_ spec: RouteSpec, _ faults: inout Faults) -> FamilySpec.AuthScheme? {
    if spec.auth == "none" { return nil }
    if let scheme = family.spec.schemes.first(where: { $0.name == spec.auth }) { return scheme }
    faults.add("the family has no authentication scheme \"\(spec.auth)\"")
    return nil
  }

  func permissions(_ spec: RouteSpec, _ faults: inout Faults) -> [ServedRoute.Permission] {
    spec.needs.compactMap { name in
      guard let program = family.spec.permissions.first(where: { $0.0 == name })?.1 else {
        faults.add("the family has no permission \"\(name)\"")
        return nil
      }
      return ServedRoute.Permission(name: name, program: program, readsTarget: program.paths.contains { $0.first == "target" })
    }
  }

  func predicate(_ spec: RouteSpec, _ kind: KindSpec, _ faults: inout Faults) -> PredicatePlan? {
    guard let program = spec.predicate else { return nil }
    let builder = PredicateBuilder(kind: kind, ids: ids, constants: requestNames(spec), selfIsConstant: false)
    do { return try builder.build(program.tree) } catch {
      faults.add(error, in: program)
      return nil
    }
  }

  func filters(_ spec: RouteSpec, _ kind: KindSpec, _ faults: inout Faults) -> [ServedRoute.Filter] {
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

  func sort(_ spec: RouteSpec, _ kind: KindSpec, _ faults: inout Faults) -> [(path: FieldPath, descending: Bool)] {
    for key in spec.sort + spec.sortable.values.map({ SortKey(field: $0, descending: false) })
    where SortPaths.path(key.field, kind: kind) == nil { faults.add("cannot sort by \"\(key.field)\"") }
    return SortPaths.paths(spec.sort, kind: kind)
  }

  func lets(_ spec: RouteSpec, _ faults: inout Faults) -> [ServedRoute.Let] {
    let programs = targetPrograms(spec) + otherPrograms(spec) + ViewPrograms.of(spec.answer)
    return spec.lets.compactMap { route in
      switch route.source {
      case .value(let program): return ServedRoute.Let(name: route.name, source: .value(program))
      case .sql(let sql): return ServedRoute.Let(name: route.name, source: .sql(sql))
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
          name: route.name,
          source: .find(ServedRoute.Find(kind: kind, plan: .all(plans), residual: residual, form: form, needs: needs)))
      }
    }
  }

  func effects(_ spec: RouteSpec, _ faults: inout Faults) -> [ServedRoute.Effect] {
    spec.effects.compactMap { effect in
      guard let kind = catalog.kind(effect.kind) else {
        faults.add("an effect names the kind \(effect.kind), which does not exist")
        return nil
      }
      if effect.predicate == nil, effect.kind != spec.kind || spec.verb == .query {
        switch effect.action {
        case .create: break
        case .set, .delete:
          faults.add(
            "an effect without `where` is one on the target, which \(spec.verb == .query ? "this route has not" : "is no \(effect.kind)")"
          )
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
  func bodyMembers(_ spec: RouteSpec, _ kind: KindSpec?, _ faults: inout Faults) -> [FieldSpec] {
    var members: [FieldSpec] = []
    let isNew = spec.verb == .create || spec.verb == .replace
    for member in spec.body {
      guard let field = kind?.field(member.field).map({ MemberSpelling.shown($0, spec.spelling ?? family.spec.spelling).copy() })
      else {
        faults.add("the body gives the field \"\(member.field)\", which \(kind?.name ?? "no kind") has")
        continue
      }
      if field.isObserved || field.computed != nil {
        faults.add("the body cannot give \"\(member.field)\": only its controller writes it")
      }
      field.name = member.shown
      let isFilled = field.defaultValue != nil || field.generate != nil || spec.sets.contains { $0.0 == member.field }
      field.required = member.required ?? (isNew && field.required && !isFilled)
      field.defaultValue = nil
      field.generate = nil
      field.immutable = false
      if let map = member.map {
        field.allowed = field.allowed.isEmpty ? map.values.sorted() : field.allowed.map { map[$0] ?? $0 }
      }
      members.append(field)
    }
    if ServedRoute.hasBody(spec), !spec.accept.contains("raw") { members += spec.args }
    for bind in spec.binds where bind.source.first == "body" && bind.source.count == 2 {
      let field = kind?.field(bind.field)?.copy() ?? FieldSpec(name: bind.source[1], type: .string)
      field.name = bind.source[1]
      field.required = !bind.optional
      field.defaultValue = nil
      field.generate = nil
      members.append(field)
    }
    guard let each = spec.each else { return members }
    return listed(members, each, spec, kind)
  }

  /// What is stored stands in the items of a list; arguments and binds beside it.
  private func listed(_ members: [FieldSpec], _ each: RouteSpec.Each, _ spec: RouteSpec, _ kind: KindSpec?) -> [FieldSpec] {
    let stored = Set(spec.body.map(\.shown))
    let item = FieldSpec(name: each.member, type: .object)
    item.fields = members.filter { stored.contains($0.name) }
    if let id = each.id {
      let field = FieldSpec(name: id, type: .string)
      field.required = true
      item.fields.insert(field, at: 0)
    }
    let list = FieldSpec(name: each.member, type: .list)
    list.items = [item]
    list.required = true
    list.min = 1
    list.max = Double(each.most)
    return [list] + members.filter { !stored.contains($0.name) }
  }
}
