// What can be checked only when all routes are known: ids, paths, targets, views.
import Core
import Kinds

struct RouteCheck {
  let catalog: KindCatalog
  let faults: SpecFaults

  func check(_ routes: [LoadedRoute], _ views: [LoadedView]) {
    var ids: [String: Place?] = [:]
    var paths: [String: RouteSpec] = [:]
    for loaded in routes {
      let route = loaded.spec
      if let other = ids.updateValue(route.place, forKey: route.id) {
        faults.add("the id \(route.id) stands twice", at: loaded.map.place("id"), fix: other.map { "First at \($0)." })
      }
      let key = "\(route.atRoot ? "" : route.family) \(route.method) \(Self.shape(route))"
      if let other = paths.updateValue(route, forKey: key) {
        let fix = other.place.map { "First at \($0)." }
        faults.add("\(route.method) \(route.pathText) stands twice, placeholders aside", at: route.place, fix: fix)
      }
      checkTarget(loaded)
      checkAnswer(loaded)
    }
    for view in views { check(view.spec, family: family(of: view), at: view.place) }
  }

  /// The path with its placeholders' names left out.
  private static func shape(_ route: RouteSpec) -> String {
    route.path.map { segment in
      switch segment {
      case .literal(let text): text
      case .parameter: "{}"
      }
    }.joined(separator: "/")
  }

  // MARK: Target

  /// The route with its target: the one placeholder that nothing mentions.
  static func withTarget(_ loaded: LoadedRoute) -> RouteSpec {
    var route = loaded.spec
    let free = unmentioned(loaded)
    if free.count == 1, hasTarget(route) { route.target = free[0] }
    return route
  }

  private static func hasTarget(_ route: RouteSpec) -> Bool {
    if route.isBulk { return false }
    return switch route.verb {
    case .get, .replace, .update, .delete: true
    case .query, .watch, .handler: route.kind != nil
    case .list, .create: false
    }
  }

  private static func unmentioned(_ loaded: LoadedRoute) -> [String] {
    loaded.spec.path.compactMap { segment in
      if case .parameter(let name) = segment, !loaded.mentioned.contains(name) { name } else { nil }
    }
  }

  private func checkTarget(_ loaded: LoadedRoute) {
    let route = loaded.spec
    let free = Self.unmentioned(loaded)
    // Handlers read the path themselves.
    if route.verb == .handler { return }
    if free.count > (Self.hasTarget(route) ? 1 : 0) {
      let names = free.map { "{\($0)}" }.joined(separator: " and ")
      let fix = "Bind the others to fields: bind: {path.\(free[0]): FIELD}."
      let most = Self.hasTarget(route) ? "only one placeholder can be the target's id" : "the verb \(route.verb) has no target"
      faults.add("nothing mentions \(names), and \(most)", at: route.place, fix: fix)
    }
  }

  // MARK: Views

  private func checkAnswer(_ loaded: LoadedRoute) {
    let route = loaded.spec
    switch route.answer {
    case .view(let name):
      let kind = route.kind ?? route.home
      if catalog.view(name, family: route.family, kind: kind) == nil {
        let place = loaded.map.has("view") ? loaded.map.place("view") : route.place
        faults.unknown("view of \(kind) named", name, among: names(route.family, kind), at: place)
      }
    case .reply(let view): check(view, family: route.family, at: route.place)
    case .empty: break
    }
  }

  private func names(_ family: String, _ kind: String) -> [String] {
    let start = "\(family).\(kind)."
    return catalog.views.keys.filter { $0.hasPrefix(start) && !$0.contains("~") }.map { String($0.dropFirst(start.count)) }
  }

  /// `specs/deploy/App/rest.yaml` → `deploy`.
  private func family(of view: LoadedView) -> String {
    view.place.file.split(separator: "/").dropLast(2).last.map(String.init) ?? ""
  }

  private func check(_ view: ViewSpec, family: String, at place: Place?) {
    func known(_ name: String, _ kind: String) {
      if catalog.view(name, family: family, kind: kind) == nil {
        faults.unknown("view of \(kind) named", name, among: names(family, kind), at: place)
      }
    }
    for member in view.members {
      switch member.output {
      case .value, .spread: break
      case .total(let total): TotalOutputLoader.check(total, { catalog.kind($0) }, faults, at: place)
      case .object(let nested): check(nested, family: family, at: place)
      case .view(let name): known(name, view.kind)
      case .items(let name): if let name { known(name, view.kind) }
      case .reference(let path, let name):
        guard let spec = catalog.kind(view.kind) else { continue }
        guard let reference = spec.field(path)?.reference else {
          faults.add("\"\(path)\" is no reference of \(spec.name)", at: place)
          continue
        }
        if let name { known(name, reference.kind) }
      case .related(let related):
        if catalog.kind(related.kind) == nil {
          faults.unknown("kind", related.kind, among: catalog.kinds.map(\.name), at: place)
        } else if let name = related.view {
          known(name, related.kind)
        }
      }
    }
  }
}
