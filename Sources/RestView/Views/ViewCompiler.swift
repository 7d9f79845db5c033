// From the views of the specs to view plans; what cannot be served is a problem with its place.
import Core
import Expressions
import Kinds

/// Compiles the views of one family. Not shared between threads: it counts plans and collects problems.
final class ViewCompiler {
  /// Views within views, at most this deep.
  private static let depthLimit = 8
  static let relatedLimit = 100

  let ids: IDCodec
  private(set) var problems: [Problem] = []
  private var counter = 0
  /// What the programs of the view may read besides the object: names of the request, lets, effects.
  var requestNames = RequestNames.request

  init(ids: IDCodec) { self.ids = ids }

  private var catalog: KindCatalog { ids.catalog }

  func fault(_ message: String, at place: Place?, code: String = "bad_view", fix: String? = nil) {
    problems.append(Problem(.invalid, code: code, message, place: place, fix: fix))
  }

  /// A named view of a kind.
  func view(_ name: String, kind: String, at place: Place?, depth: Int = 0) -> ViewPlan {
    guard let spec = catalog.view(name, family: ids.family.name, kind: kind) else {
      let prefix = "\(ids.family.name).\(kind)."
      let known = catalog.views.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
      fault(
        "\(kind) has no view \"\(name)\" in this family", at: place,
        fix: nearestName(to: name, among: known).map { "Did you mean \($0)?" })
      return .empty
    }
    let viewed = name.contains(".") ? String(name.prefix { $0 != "." }) : kind
    return compile(spec, kind: catalog.kind(viewed), at: place, depth: depth)
  }

  /// `kind` is nil for replies without an object. `page` is the view of a list's items.
  func compile(_ spec: ViewSpec, kind: KindSpec?, at place: Place?, page: (kind: KindSpec, view: String?)? = nil, depth: Int = 0)
    -> ViewPlan
  {
    guard depth < Self.depthLimit else {
      fault("the view \"\(spec.name)\" is nested too deep, or shows itself", at: place)
      return .empty
    }
    var build = Build(kind: kind, place: place, page: page, depth: depth, spelling: spec.spelling ?? ids.family.spelling)
    for member in spec.members { add(member, &build) }
    let bare = spec.bare.map { output(of: $0, "", &build) }
    return ViewPlan(
      members: build.members, bare: bare, needs: build.needs, names: build.names, reveals: build.reveals,
      showsLastUse: build.showsLastUse)
  }

  private struct Build {
    let kind: KindSpec?
    let place: Place?
    let page: (kind: KindSpec, view: String?)?
    let depth: Int
    let spelling: FamilySpec.Case
    var members: [ViewPlan.Member] = []
    var needs = Needs()
    var names: Set<String> = []
    var reveals = false
    var showsLastUse = false

    mutating func take(_ inner: ViewPlan) {
      needs.merge(inner.needs)
      takeNames(inner)
    }
    mutating func takeNames(_ inner: ViewPlan) {
      names.formUnion(inner.names)
      reveals = reveals || inner.reveals
      showsLastUse = showsLastUse || inner.showsLastUse
    }
  }

  private func add(_ member: ViewSpec.Member, _ build: inout Build) {
    let omit = member.omitNull || ids.family.omitNull
    func append(_ name: String, _ output: ViewPlan.Output) {
      var key: [UInt8] = []
      JSON.write(name, to: &key)
      key.append(UInt8(ascii: ":"))
      build.members.append(ViewPlan.Member(key: key, name: name, output: output, map: member.map, omitNull: omit))
    }
    switch member.output {
    case .value(let program): append(member.name, output(of: program, member.name, &build))
    case .spread: for (name, output) in spread(&build) { append(name, output) }
    case .object(let spec):
      let inner = compile(spec, kind: build.kind, at: build.place, page: build.page, depth: build.depth + 1)
      build.take(inner)
      append(member.name, .object(inner))
    case .view(let name):
      guard let kind = build.kind else { return fault("there is no object here that a view could show", at: build.place) }
      let inner = view(name, kind: kind.name, at: build.place, depth: build.depth + 1)
      build.take(inner)
      if member.name == "..." { build.members += inner.members } else { append(member.name, .object(inner)) }
    case .reference(let field, let name): append(member.name, reference(field, name, &build))
    case .items(let name):
      guard let page = build.page else { return fault("only the reply of a list route has items", at: build.place) }
      guard let name = name ?? page.view else { return fault("the items need a view", at: build.place) }
      let inner = view(name, kind: page.kind.name, at: build.place, depth: build.depth + 1)
      build.takeNames(inner)
      append(member.name, .items(inner))
    case .related(let related):
      if let plan = self.related(related, &build) {
        build.needs.related.append(plan)
        append(member.name, .related(plan))
      }
    case .total(let total):
      guard let kind = catalog.kind(total.kind), let known = kind.totals.first(where: { $0.name == total.name }) else {
        return fault("there is no total \(total.kind).\(total.name)", at: build.place)
      }
      guard build.kind != nil else {
        return fault("a total belongs to a view of an object; a reply reads it by a let", at: build.place)
      }
      for (_, program) in total.by { check(program, &build) }
      counter += 1
      let by = known.by.map { field in total.by.first { $0.field == field }?.value }
      let plan = TotalPlan(number: counter, kind: kind, total: known, by: by)
      build.needs.totals.append(plan)
      append(member.name, .total(plan))
    }
  }

  /// `"*"`: all fields but secrets, under the family's spelling.
  private func spread(_ build: inout Build) -> [(String, ViewPlan.Output)] {
    guard let kind = build.kind else {
      fault("there is no object here that \"*\" could spread", at: build.place)
      return []
    }
    return kind.fields.filter { $0.secret == nil }.map { field in
      build.needs.add(path: [field.name], program: nil, kind: kind, ids: ids)
      return (Spelling.shown(field.name, build.spelling), field.computed.map { .program($0) } ?? plain(field, build))
    }
  }

  private func plain(_ field: FieldSpec, _ build: Build) -> ViewPlan.Output {
    .field(field, MemberSpelling.renames(field, build.spelling) ? build.spelling : nil)
  }

  private func reference(_ name: String, _ view: String?, _ build: inout Build) -> ViewPlan.Output {
    guard let kind = build.kind, let field = kind.field(name), let target = (field.reference ?? field.of?.reference)?.kind,
      let next = catalog.kind(target)
    else {
      fault("\"\(name)\" is no reference field of \(build.kind?.name ?? "this route")", at: build.place)
      return .object(.empty)
    }
    let inner = view.map { self.view($0, kind: next.name, at: build.place, depth: build.depth + 1) }
    build.needs.references[name, default: Needs()].merge(inner?.needs ?? Needs())
    if let inner { build.takeNames(inner) }
    return .reference(field: name, inner)
  }

  private func output(of program: CELProgram, _ name: String, _ build: inout Build) -> ViewPlan.Output {
    if case .call("reveal", nil, let arguments) = program.tree, case .identifier(let name, _)? = arguments.first,
      let field = build.kind?.field(name)
    {
      if field.secret != .sealed { fault("reveal(\(name)): only a sealed field can be shown", at: build.place) }
      build.reveals = true
      var fallback: CELProgram?
      if arguments.count == 2 {
        let program = CELProgram(tree: arguments[1], functions: .platform, lenient: true)
        check(program, &build)
        fallback = program
      }
      return .reveal(field, orElse: fallback)
    }
    check(program, &build)
    if case .identifier(let name, _) = program.tree, let kind = build.kind, !constants(build).contains(name) {
      if name == "id" { return .identifier }
      if let field = kind.field(name), field.computed == nil { return plain(field, build) }
      if name == "createdAt" { return .created }
      if name == "updatedAt" { return .updated }
    }
    return .program(program)
  }

  private func constants(_ build: Build) -> Set<String> {
    RequestNames.constants(requestNames) { build.kind?.field($0) != nil }
  }

  /// Names must exist, and secrets stay unread.
  private func check(_ program: CELProgram, _ build: inout Build) {
    let constants = constants(build)
    for path in program.paths {
      guard let first = path.first else { continue }
      if constants.contains(first) {
        build.names.insert(first)
        continue
      }
      if RequestNames.types.contains(first), build.kind?.field(first) == nil { continue }
      guard let kind = build.kind else {
        fault("\"\(first)\" is unknown here: `\(program.source)`", at: build.place)
        continue
      }
      let own = first == "self" ? Array(path.dropFirst()) : path
      guard let name = own.first else { continue }
      if name == "lastUsedAt", kind.field(name) == nil {
        build.showsLastUse = true
      } else if let message = PathCheck.fault(own, kind: kind, catalog: catalog) {
        fault("\(message), in `\(program.source)`", at: build.place)
      }
    }
    if let kind = build.kind { build.needs.merge(NeedsBuilder(ids: ids).needs(of: [program], kind: kind)) }
  }

  private func related(_ spec: ViewSpec.Related, _ build: inout Build) -> RelatedPlan? {
    guard let kind = catalog.kind(spec.kind) else {
      fault("there is no kind \(spec.kind)", at: build.place)
      return nil
    }
    let constants = RequestNames.constants(requestNames) { kind.field($0) != nil }
    let builder = PredicateBuilder(kind: kind, ids: ids, constants: constants, selfIsConstant: true)
    do {
      var parent: String?
      var rest: [PredicatePlan] = []
      for part in RelatedPredicate.parts(spec.predicate.tree) {
        if parent == nil, let field = RelatedPredicate.parentField(part, kind: kind) {
          parent = field
        } else {
          rest.append(try builder.build(part))
        }
      }
      let names = Set(spec.predicate.paths.compactMap(\.first)).intersection(constants)
      build.names.formUnion(names)
      let inner = spec.view.map { view($0, kind: kind.name, at: build.place, depth: build.depth + 1) }
      if let inner { build.takeNames(inner) }
      counter += 1
      return RelatedPlan(
        number: counter, spec: spec, kind: kind, parentField: parent, rest: .all(rest),
        whole: try builder.build(spec.predicate.tree),
        view: inner, names: names)
    } catch {
      fault("\((error as? PredicateFault)?.message ?? "\(error)"), in `\(spec.predicate.source)`", at: build.place)
      return nil
    }
  }
}
