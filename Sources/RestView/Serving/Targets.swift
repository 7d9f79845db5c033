// Finds what a request is about: the target by its id or by what is bound, parents that must exist, lets.
import Core
import Expressions
import Kinds
import Ports

extension RouteExecutor {
  static let missing = Problem(.missing, code: ProblemCode.missing, "There is no such object.")

  private func missing(_ kind: KindSpec) -> Problem {
    Problem(.missing, code: ProblemCode.missing, "There is no such \(Spelling.words(kind.name)).")
  }

  /// The text of a bound place; nil when the request does not give it.
  private func text(_ source: [String]) -> Value? {
    guard let first = source.first, source.count == 2 else { return nil }
    switch first {
    case "path": return context.parameter(source[1]).map(Value.string)
    case "query": return context.query[source[1]].flatMap { $0.isEmpty ? nil : .string($0) }
    case "body": return context.body.object?[source[1]]
    case "args": return context.args[source[1]]
    case "caller": return context.caller.map { $0.value[source[1]] }
    default: return nil
    }
  }

  /// What the binds give: stored values by field. Objects named in the path that do not exist answer 404.
  /// - Parameter kind: the kind whose fields are bound.
  func boundFields(_ kind: KindSpec) async throws -> (fields: ObjectMap, target: Value?) {
    var fields = ObjectMap()
    var target: Value?
    var parents: [(uid: UID, kind: String, isPath: Bool, pointer: String)] = []
    var problems: [Problem] = []
    for bind in spec.binds {
      guard let value = text(bind.source), !value.isNull else {
        if !bind.optional, bind.source.first == "caller" { throw Self.missing }
        continue
      }
      let isPath = bind.source.first == "path"
      if bind.field == "id" {
        target = value
        continue
      }
      guard let field = kind.field(bind.field), let reference = field.reference ?? field.of?.reference, let text = value.string
      else {
        fields[bind.field] = value
        continue
      }
      switch context.ids.read(text, kind: reference.kind) ?? UID(text).map(PublicID.uid) {
      case .uid(let uid):
        parents.append((uid, reference.kind, isPath, "/" + (bind.source.last ?? "")))
        fields[bind.field] = .string(uid.description)
      case .name(let name):
        guard let parent = services.catalog.kind(reference.kind),
          let object = try await context.reader.object(.name(name), kind: parent)
        else { throw isPath ? Self.missing : Self.unknown(text, reference.kind, bind) }
        fields[bind.field] = .string(object.uid.description)
      case nil:
        if isPath { throw Problem(.missing, code: ProblemCode.badID, "\"\(text.prefix(80))\" is no id.") }
        problems.append(Self.unknown(text, reference.kind, bind))
      }
    }
    if !parents.isEmpty {
      let found = try await context.reader.objects(Set(parents.map(\.uid)), kinds: Set(parents.map(\.kind)))
      for parent in parents where found[parent.uid]?.kind != parent.kind {
        if parent.isPath { throw services.catalog.kind(parent.kind).map(missing) ?? Self.missing }
        problems.append(
          Problem(
            .invalid, code: ProblemCode.badField, "there is no such \(Spelling.words(parent.kind))", pointer: parent.pointer))
      }
    }
    guard problems.isEmpty else { throw Problems(problems) }
    return (fields, target)
  }

  private static func unknown(_ text: String, _ kind: String, _ bind: RouteSpec.Bind) -> Problem {
    Problem(
      .invalid, code: ProblemCode.badField, "\"\(text.prefix(80))\" is no id of \(Spelling.one(kind))",
      pointer: "/" + (bind.source.last ?? ""))
  }

  /// The object that a get, update or delete is about; nil when there is none.
  func target(_ kind: KindSpec) async throws -> StoredObject? {
    let (bound, chosen) = try await boundFields(kind)
    let id = try publicID(kind, chosen)
    let found: StoredObject?
    if let id {
      found = try await context.reader.object(id, kind: kind)
    } else {
      let parts = bound.map { name, value in Predicate.compare(SortPaths.path(name, kind: kind) ?? .spec([name]), .equal, value) }
      found = try await context.reader.list(kind, PredicatePlan.all(parts), limit: 1).objects.first
    }
    // What is on its way out is gone for clients, however long its controller cleans up.
    guard let found, found.deleting == nil else { return nil }
    if id != nil {
      for (name, value) in bound {
        guard let field = kind.field(name) else { return nil }
        let stored = Builtins.stored(field, of: found, kind: kind)
        if stored != value, !(stored.list?.contains(value) ?? false) { return nil }
      }
    }
    guard let predicate = route.predicate else { return found }
    let own = Predicate.compare(.uid, .equal, .string(found.uid.description))
    let filled = predicate.predicate(RouteScope(context.names), ids: context.ids)
    return try await context.reader.list(kind, PredicatePlan.all([own, filled]), limit: 1).objects.first
  }

  private func publicID(_ kind: KindSpec, _ chosen: Value?) throws -> PublicID? {
    if let text = chosen?.string {
      guard let id = context.ids.read(text, kind: kind.name) else { return .uid(UID(high: 0, low: 0)) }
      return id
    }
    guard let name = spec.target, let text = context.parameter(name) else { return nil }
    guard let id = context.ids.read(text, kind: kind.name) else {
      throw Problem(.missing, code: ProblemCode.badID, "\"\(text.prefix(80))\" is no id of \(Spelling.one(kind.name)).")
    }
    return id
  }

  /// The target, or the route's word for its absence.
  func requiredTarget(_ kind: KindSpec) async throws -> StoredObject {
    guard let found = try await target(kind) else { throw missing(kind) }
    return found
  }

  /// Values of the route's lets, in order; each may read those before it.
  mutating func readLets(_ target: ObjectValue?) async throws {
    for route in route.lets {
      let scope = RouteScope(context.names, object: target)
      switch route.source {
      case .value(let program): context.names[route.name] = (try? program.evaluate(scope).get()) ?? .null
      case .sql(let sql): context.names[route.name] = try await rows(sql, scope)
      case .find(let find): context.names[route.name] = try await self.find(find, scope)
      case .service(let name, let operation, let arguments, let within, let orElse):
        var values = ObjectMap()
        for (key, program) in arguments { values[key] = (try? program.evaluate(scope).get())?.value ?? .null }
        let seen = await ServiceCall.observe(
          services.services[name], operation, .object(values), tenant: context.tenant, within: within, clock: services.clock)
        context.names[route.name] = seen.map { CELValue($0) } ?? (try? orElse?.evaluate(scope).get()) ?? .null
      }
    }
  }

  /// Most objects that a let looks at.
  private static let findLimit = 1000

  private func find(_ find: ServedRoute.Find, _ scope: RouteScope) async throws -> CELValue {
    var names = scope.names
    if let object = scope.object { names["self"] = .object(object) }
    let predicate = find.plan.predicate(RouteScope(names), ids: context.ids)
    if case .count = find.form, find.residual.isEmpty {
      return .int(try await context.reader.count(find.kind, [predicate]).first ?? 0)
    }
    var limit = Self.findLimit
    if case .object = find.form, find.residual.isEmpty { limit = 1 }
    let objects = try await context.reader.list(find.kind, predicate, limit: limit).objects
    let page = try await context.prefetch().load(objects, kind: find.kind, needs: find.needs)
    var found: [CELValue] = []
    for object in objects {
      let value = ObjectValue(object, kind: find.kind, needs: find.needs, page: page, ids: context.ids)
      let holds = find.residual.allSatisfy { (try? $0.evaluate(RouteScope(names, object: value)).get())?.truth == true }
      if holds { found.append(.object(value)) }
    }
    switch find.form {
    case .object: return found.first ?? .null
    case .count: return .int(found.count)
    case .all: return .list(found)
    }
  }
}
