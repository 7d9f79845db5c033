// rest.yaml: the views, maps and routes of one kind in one family.
import Core
import Expressions
import Kinds

struct LoadedView {
  let spec: ViewSpec
  let place: Place
}

struct RestLoader {
  let file: SpecFile
  let faults: SpecFaults
  let expressions: ExpressionReader
  let family: LoadedFamily
  let kinds: [String: KindSpec]
  let sql: SQLFiles

  struct Result {
    var views: [LoadedView] = []
    var routes: [LoadedRoute] = []
  }

  private static let methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]

  func load() -> Result {
    var result = Result()
    guard
      let map = SpecMap(
        file.root, in: file, faults, what: "rest.yaml", keys: ["names", "views", "maps", "routes"] + RouteLoader.defaultKeys)
    else {
      return result
    }
    var maps: [String: [String: String]] = [:]
    for member in map.map("maps")?.all ?? [] { maps[member.key] = MapLoader.map(member.value, in: file, faults) ?? [:] }
    let home = file.folder ?? ""
    let inline = InlineViews(home: home)
    let own = map.map("names", keys: ["case"])?.choice("case", among: ["snake", "camel"]).flatMap(FamilySpec.Case.init(rawValue:))
    let spelling = own ?? family.spec.spelling
    let views = ViewLoader(
      file: file, faults: faults, expressions: expressions, spelling: spelling, maps: maps, keep: inline.keep)
    for member in map.map("views")?.all ?? [] {
      let kind = viewKind(member, home)
      let scope = RouteLoader.answerScope(kind: kind.isEmpty ? nil : kind)
      let name = member.key.split(separator: ".").last.map(String.init) ?? member.key
      if let view = views.view(member.value, name: name, kind: kind.isEmpty ? home : kind, scope: scope) {
        result.views.append(LoadedView(spec: view, place: file.place(member)))
      }
    }
    let loader = RouteLoader(
      file: file, faults: faults, expressions: expressions, family: family, kinds: kinds, views: views, sql: sql, defaults: map,
      viewNames: result.views.map(\.spec).filter { $0.kind == home }.map(\.name))
    if !map.has("routes"), !map.has("views") { faults.add("rest.yaml needs \"routes\" or \"views\"", at: map.place) }
    for member in map.map("routes")?.all ?? [] {
      guard let (method, path) = key(member), let route = loader.load(member, method: method, path: path) else { continue }
      result.routes.append(route)
    }
    result.views += inline.views.map { LoadedView(spec: $0, place: map.place("views")) }
    return result
  }

  /// `View` shows the folder's kind; `Kind.View` another.
  private func viewKind(_ member: Node.Member, _ home: String) -> String {
    let parts = member.key.split(separator: ".").map(String.init)
    if parts.count == 2 {
      if kinds[parts[0]] == nil { faults.unknown("kind", parts[0], among: kinds.keys, at: file.place(member)) }
      return parts[0]
    }
    return kinds[home] == nil ? "" : home
  }

  /// `METHOD /path`.
  private func key(_ member: Node.Member) -> (String, [RouteSpec.Segment])? {
    let parts = member.key.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
    guard parts.count == 2, Self.methods.contains(parts[0]), parts[1].hasPrefix("/") else {
      faults.add("\"\(member.key)\" is no route", at: file.place(member), fix: "Write METHOD /path, such as GET /server-pools.")
      return nil
    }
    var segments: [RouteSpec.Segment] = []
    var names: Set<String> = []
    for text in parts[1].dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
      if text.hasPrefix("{"), text.hasSuffix("}"), text.count > 2, FieldLoader.isName(String(text.dropFirst().dropLast())) {
        let name = String(text.dropFirst().dropLast())
        if !names.insert(name).inserted { faults.add("the placeholder {\(name)} stands twice", at: file.place(member)) }
        segments.append(.parameter(name))
      } else {
        if text.contains("{") || text.contains("}") || text.contains("?") || (text.isEmpty && parts[1] != "/") {
          faults.add("\"\(text)\" is no path segment", at: file.place(member), fix: "A placeholder takes a whole segment: {id}.")
        }
        segments.append(.literal(String(text)))
      }
    }
    return (parts[0], segments)
  }
}

/// Gives names to views that stand inline, `~App1`, `~App2` …
final class InlineViews {
  private let home: String
  init(home: String) { self.home = home }
  private(set) var views: [ViewSpec] = []

  func keep(_ view: ViewSpec) -> String {
    var named = view
    named.name = "~\(home)\(views.count + 1)"
    views.append(named)
    return named.name
  }
}
