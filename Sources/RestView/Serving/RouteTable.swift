// All families and routes of a catalog, compiled, with a router for each family and one for the root of the host.
import Core
import Kinds
import Ports

struct RouteTable: Sendable {
  struct Mount: Sendable {
    let family: ServedFamily
    let base: String
    let router: Router
  }

  let routes: [ServedRoute]
  /// Longest base first.
  let mounts: [Mount]
  /// Routes at the root of the host.
  let root: Router
  let problems: [Problem]
  /// Some route takes larger or only smaller bodies than the standard.
  let hasBodyLimits: Bool

  init(catalog: KindCatalog, handlers: HandlerNames, version: String) {
    var routes: [ServedRoute] = []
    var mounts: [Mount] = []
    var root = Router()
    var problems = handlers.problems
    for spec in catalog.families where !spec.base.isEmpty || catalog.routes.contains(where: { $0.family == spec.name }) {
      let family = ServedFamily(spec: spec, catalog: catalog, version: spec.version)
      problems += Self.faults(of: family)
      let compiler = RouteCompiler(family: family, catalog: catalog, handlers: handlers)
      var router = Router()
      for route in catalog.routes where route.family == spec.name {
        let (served, faults) = compiler.compile(route, index: routes.count)
        problems += faults
        let added =
          route.atRoot
          ? root.add(method: route.method, path: route.path, route: routes.count)
          : router.add(method: route.method, path: route.path, route: routes.count)
        if !added {
          problems.append(
            Problem(
              .invalid, code: "bad_route", "\(route.id): \(route.method) \(route.pathText) has another route already.",
              place: route.place))
        }
        routes.append(served)
      }
      mounts.append(Mount(family: family, base: spec.base, router: router))
    }
    self.routes = routes
    hasBodyLimits = routes.contains { $0.spec.maxBody != nil }
    self.mounts = mounts.sorted { $0.base.utf8.count > $1.base.utf8.count }
    self.root = root
    self.problems = problems
  }

  private static func faults(of family: ServedFamily) -> [Problem] {
    let templates = [family.item, family.list, family.created, family.deleted, family.errors.template]
    let unknown = templates.flatMap(\.unknown) + family.spec.headers.flatMap { TextTemplate($0.1).unknown }
    return unknown.map {
      Problem(
        .invalid, code: "bad_family", "\(family.spec.name): \"\($0)\" is no part of a template.", place: family.spec.place,
        fix: "Known: \(TemplateHole.allCases.map { "$" + $0.rawValue }.joined(separator: ", ")).")
    }
  }
}

/// What a server asks before it starts: whether every route of the catalog can be served.
public enum RouteChecker {
  /// Every fault with its place; empty when all is well.
  /// - Parameter handlers: those that are registered beside the standard ones.
  public static func check(_ catalog: KindCatalog, handlers: [any OperationHandler] = []) -> [Problem] {
    RouteTable(catalog: catalog, handlers: HandlerNames(StandardHandlers.all() + handlers), version: "").problems
  }
}

extension RouteChecker {
  /// Lets that ask a service which is not there, each with its place.
  public static func checkSources(_ catalog: KindCatalog, services: Set<String>) -> [Problem] {
    let known = "Known: \(services.sorted().joined(separator: ", "))."
    let calls = catalog.kinds.compactMap { kind -> Problem? in
      guard let call = kind.run?.call, !services.contains(call.source) else { return nil }
      return Problem(
        .invalid, code: "bad_kind", "\(kind.name): there is no service \"\(call.source)\"", place: call.place, fix: known)
    }
    return calls
      + catalog.routes.flatMap { route in
        route.lets.compactMap { one -> Problem? in
          guard case .source(let name, _, _, _, _) = one.source, !services.contains(name) else { return nil }
          return Problem(
            .invalid, code: "bad_route", "\(route.id): there is no service \"\(name)\"",
            place: route.places["let.\(one.name)"] ?? route.place, fix: known)
        }
      }
  }
}

/// Which SQL files the families' routes read.
public enum SQLUse {
  public static func files(_ catalog: KindCatalog) -> [(text: SQLText, family: String)] {
    var seen: Set<String> = []
    return catalog.routes.flatMap { route in
      let lets = route.lets.compactMap { one -> SQLText? in if case .sql(let sql) = one.source { sql.text } else { nil } }
      return ((route.sql.map { [$0.text] } ?? []) + lets).filter { seen.insert("\(route.family) \($0.name)").inserted }
        .map { (text: $0, family: route.family) }
    }
  }
}

/// What routes must know of the handlers.
struct HandlerNames: Sendable {
  let all: Set<String>
  /// Those that check signatures.
  let verifying: Set<String>
  let problems: [Problem]

  init(_ handlers: [any OperationHandler]) {
    all = Set(handlers.map(\.name))
    verifying = Set(handlers.filter(\.verifiesSignature).map(\.name))
    let names = handlers.map(\.name).sorted()
    problems = zip(names, names.dropFirst()).filter { $0 == $1 }.map {
      Problem(.invalid, code: "bad_handler", "Two handlers are named \"\($0.0)\".")
    }
  }
}

enum StandardHandlers {
  /// - Parameter document: the OpenAPI document of a family.
  static func all(document: @escaping @Sendable (String) -> [UInt8]? = { _ in nil }) -> [any OperationHandler] {
    [EventTypesHandler(), ReadinessHandler(), LandingHandler(), OpenAPIHandler(document: document)]
  }
}
