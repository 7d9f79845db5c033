// What a route says of its Swift part and of the bodies it takes: `handler`, `with`, `accept`, `maxBody`.
import Core
import Kinds

struct HandlerLoader {
  static let formats = ["json", "form", "multipart", "raw"]
  /// The largest `maxBody`, in bytes.
  static let bodyLimit = 100 << 20

  let map: SpecMap
  /// The file's keys above `routes`.
  let defaults: SpecMap
  let faults: SpecFaults
  /// The route's scheme; nil for none.
  let scheme: FamilySpec.AuthScheme?

  func load(_ what: String, _ route: inout RouteSpec) {
    let isHandler = route.verb == .handler
    route.handler = map.string("handler")
    if map.has("handler") { route.places["handler"] = map.place("handler") }
    if isHandler, route.handler == nil {
      faults.add("\(what) needs \"handler\", the name of its Swift part", at: route.place)
    }
    if !isHandler, route.handler != nil { faults.add("\"handler\" belongs to the verb handler", at: map.place("handler")) }
    if isHandler {
      for key in ["sets", "do", "exists"] where map.has(key) {
        faults.add(
          "\"\(key)\" does nothing here", at: map.place(key), fix: "A handler writes by itself; hand it values over \"with\".")
      }
    }
    if map.has("with"), !isHandler, !map.has("sql") {
      faults.add("\"with\" needs \"handler\" or \"sql\"", at: map.place("with"))
    }
    if map.has("sql"), ![.list, .query].contains(route.verb) {
      faults.add("\"sql\" belongs to the verbs list and query", at: map.place("sql"))
    }
    if map.has("sql"), map.has("view"), map.has("reply") {
      faults.add("rows are shown by \"view\" or by \"reply\", not by both", at: map.place("view"))
    }
    if map.has("sql"), let name = map["view"]?.string, name.first?.isUppercase == true {
      faults.add(
        "rows are no objects: a view of theirs is written here", at: map.place("view"), fix: "Such as {amount: row.amount}.")
    }
    accept(&route)
    if let scheme, scheme.accepts.contains("signature") {
      if !isHandler {
        faults.add("the scheme \(scheme.name) is a signature, which only a handler can check", at: route.place)
      }
      if !route.needs.isEmpty {
        faults.add("a signed call has no caller who could hold a permission", at: route.place, fix: "Add \"needs: []\".")
      }
    } else if map.has("tenant"), let scheme, !scheme.from.contains("none") {
      faults.add("\"tenant\" is for calls without a caller", at: map.place("tenant"), fix: "A caller brings the tenant along.")
    }
  }

  private func accept(_ route: inout RouteSpec) {
    let source = map.has("accept") ? map : defaults
    if let list = source.strings("accept") {
      for name in list where !Self.formats.contains(name) {
        faults.unknown("body format", name, among: Self.formats, at: source.place("accept"))
      }
      route.accept = list
      if list.contains("raw") {
        if list.count > 1 { faults.add("\"raw\" stands alone", at: source.place("accept")) }
        if route.verb != .handler, !map.has("fail") {
          faults.add("a raw body is read by a handler", at: source.place("accept"), fix: "Add \"verb: handler\" and \"handler\".")
        }
      }
    }
    guard let node = map["maxBody"] else { return }
    guard let bytes = node.string.flatMap(Self.bytes) ?? node.value.int, (1...Self.bodyLimit).contains(bytes) else {
      return map.wrong("maxBody", node, "a size such as 512KB or 10MB, at most 100MB")
    }
    route.maxBody = bytes
  }

  /// `512KB`, `10MB`: in steps of 1024.
  static func bytes(_ text: String) -> Int? {
    for (unit, size) in [("KB", 1 << 10), ("MB", 1 << 20)] where text.hasSuffix(unit) {
      return Int(text.dropLast(unit.count)).flatMap { $0 > 0 && $0 <= bodyLimit ? $0 * size : nil }
    }
    return nil
  }
}
