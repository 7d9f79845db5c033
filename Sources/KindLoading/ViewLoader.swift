// Views and replies: lists or maps of outputs.
import Core
import Expressions
import Kinds

struct ViewLoader {
  let file: SpecFile
  let faults: SpecFaults
  let expressions: ExpressionReader
  let spelling: FamilySpec.Case
  /// The file's `maps`: stored → shown.
  let maps: [String: [String: String]]
  /// Takes the views that stand inline in related outputs, and gives each its name.
  let keep: (ViewSpec) -> String

  /// Views within views deeper than this are refused.
  private static let depthLimit = 8

  /// A view of `kind` (empty: of no object), whose outputs may read `scope`.
  func view(_ node: Node, name: String, kind: String, scope: ExpressionScope, depth: Int = 0) -> ViewSpec? {
    if depth > Self.depthLimit {
      faults.add("views lie within each other more than \(Self.depthLimit) deep", at: file.place(node))
      return nil
    }
    var view = ViewSpec(name: name, kind: kind, members: [])
    view.spelling = spelling
    switch node.content {
    case .scalar:
      guard let bare = expressions.program(node, in: file, scope) else { return nil }
      view.bare = bare
    case .sequence(let items):
      for item in items {
        if let word = item.string {
          member(word, item, scope, &view)
        } else if let members = item.members {
          for m in members { member(m, scope, kind, depth, &view) }
        } else {
          faults.add("an output is a field name or {shown: value}", at: file.place(item))
        }
      }
    case .mapping(let members):
      for m in members { member(m, scope, kind, depth, &view) }
    }
    var seen: Set<String> = []
    for member in view.members where member.name != "*" && member.name != "..." && !seen.insert(member.name).inserted {
      faults.add("\"\(member.name)\" is shown twice", at: file.place(node))
    }
    return view
  }

  /// A word of a list: a field under the family's spelling, or "*".
  private func member(_ word: String, _ node: Node, _ scope: ExpressionScope, _ view: inout ViewSpec) {
    if word == "*" { return view.members.append(ViewSpec.Member(name: "*", output: .spread)) }
    guard let program = expressions.program(node, in: file, scope) else { return }
    if !FieldLoader.isName(word) {
      faults.add("an output that is no field needs a name", at: file.place(node), fix: "Write {name: \"\(word)\"}.")
    }
    view.members.append(ViewSpec.Member(name: Spelling.shown(word, spelling), output: .value(program)))
  }

  private func member(_ member: Node.Member, _ scope: ExpressionScope, _ kind: String, _ depth: Int, _ view: inout ViewSpec) {
    if member.key == "*" { return view.members.append(ViewSpec.Member(name: "*", output: .spread)) }
    // The members of a view of the same object, at this level.
    if member.key == "..." {
      guard let name = member.value.string else { return faults.add("\"...\" names a view", at: file.place(member.value)) }
      return view.members.append(ViewSpec.Member(name: "...", output: .view(name)))
    }
    guard let parts = member.value.members else {
      if member.value.items != nil {
        guard let nested = self.view(member.value, name: "", kind: kind, scope: scope, depth: depth + 1) else { return }
        view.members.append(ViewSpec.Member(name: member.key, output: .object(nested)))
      } else if let program = expressions.program(member.value, in: file, scope) {
        view.members.append(ViewSpec.Member(name: member.key, output: .value(program)))
      }
      return
    }
    let keys = Set(parts.map(\.key))
    if keys.contains("kind"), keys.contains("where") {
      if let related = related(member.value, member.key, scope, depth) {
        view.members.append(ViewSpec.Member(name: member.key, output: .related(related)))
      }
    } else if keys.contains("total"), keys.isSubset(of: ["total", "by"]), member.value.members?.first?.value.string != nil {
      if let total = TotalOutputLoader.total(member.value, in: file, faults, expressions, scope) {
        view.members.append(ViewSpec.Member(name: member.key, output: .total(total)))
      }
    } else if keys == ["view"] || keys == ["of", "view"] || keys == ["of"] || keys == ["items"] {
      view.members.append(ViewSpec.Member(name: member.key, output: through(member.value)))
    } else if keys.contains("value"), keys.isSubset(of: ["value", "map", "omit"]), keys.count > 1 {
      guard let map = SpecMap(member.value, in: file, faults, what: "\"\(member.key)\"", keys: nil),
        let program = expressions.program(map, "value", scope)
      else { return }
      view.members.append(
        ViewSpec.Member(name: member.key, output: .value(program), map: self.map(map, "map"), omitNull: map.bool("omit") ?? false)
      )
    } else if let nested = self.view(member.value, name: "", kind: kind, scope: scope, depth: depth + 1) {
      view.members.append(ViewSpec.Member(name: member.key, output: .object(nested)))
    }
  }

  /// `{view: Name}`, `{of: field, view: Name}` or `{items: View}`.
  private func through(_ node: Node) -> ViewSpec.Output {
    guard let map = SpecMap(node, in: file, faults, what: "an output", keys: ["view", "of", "items"]) else { return .spread }
    if let field = map.string("of") { return .reference(field: field, view: map.string("view")) }
    if map.has("items") { return .items(view: map["items"]?.value.isNull == true ? nil : map.string("items")) }
    return .view(map.string("view") ?? "")
  }

  /// Members that show a secret minted in this request: `{token: once.token}`.
  static func minted(_ view: ViewSpec) -> [(String, String)] {
    view.members.flatMap { member -> [(String, String)] in
      switch member.output {
      case .value(let program):
        guard let path = program.paths.first, path.count == 2, path[0] == "once" else { return [] }
        return [(member.name, path[1])]
      case .object(let nested): return minted(nested)
      default: return []
      }
    }
  }

  private func related(_ node: Node, _ name: String, _ scope: ExpressionScope, _ depth: Int) -> ViewSpec.Related? {
    guard
      let map = SpecMap(
        node, in: file, faults, what: "\"\(name)\"", keys: ["kind", "where", "sort", "limit", "view", "count", "inside", "first"])
    else { return nil }
    guard let written = map.string("kind") else { return nil }
    let kind = written.split(separator: "/").last.map(String.init) ?? written
    var inner = scope
    inner.names["self"] = scope.kind.map { .object(kind: $0) } ?? .open
    inner.kind = kind
    guard let predicate = expressions.program(map, "where", inner) else { return nil }
    var viewName: String?
    if let node = map["view"] {
      if let text = node.string, text.first?.isUppercase == true {
        viewName = text
      } else {
        let scope = ExpressionScope(["self": .object(kind: kind), "caller": .open, "now": .leaf], kind: kind)
        viewName = view(node, name: "", kind: kind, scope: scope, depth: depth + 1).map(keep)
      }
    }
    let first = map.bool("first") ?? false
    if first, map.has("limit") || map.bool("count") == true {
      faults.add("\"first\" is one object: it goes with neither \"limit\" nor \"count\"", at: map.place("first"))
    }
    return ViewSpec.Related(
      kind: kind, predicate: predicate, sort: SortLoader.keys(map["sort"], in: map),
      limit: first ? 1 : map.int("limit", 1...1000) ?? 100, count: map.bool("count") ?? false, view: viewName,
      inside: map.bool("inside") ?? false, first: first)
  }

  /// A map by its name in the file's `maps`, or written out.
  func map(_ map: SpecMap, _ key: String) -> [String: String]? {
    guard let node = map[key] else { return nil }
    if let name = node.string {
      if let known = maps[name] { return known }
      faults.unknown("map", name, among: maps.keys, at: file.place(node))
      return nil
    }
    return MapLoader.map(node, in: file, faults)
  }
}

/// `{stored: shown}`: must be reversible, so that what is read can be written back.
enum MapLoader {
  static func map(_ node: Node, in file: SpecFile, _ faults: SpecFaults) -> [String: String]? {
    guard let map = SpecMap(node, in: file, faults, what: "a map of values", keys: nil) else { return nil }
    var out: [String: String] = [:]
    var stored: [String: String] = [:]
    for member in map.all {
      guard let shown = map.string(member.key) else { continue }
      if let other = stored.updateValue(member.key, forKey: shown) {
        faults.add(
          "\"\(other)\" and \"\(member.key)\" are both shown as \"\(shown)\": the map cannot be read backwards",
          at: file.place(member))
      }
      out[member.key] = shown
    }
    return out
  }
}

/// `-createdAt`, or a list of such keys.
enum SortLoader {
  static func keys(_ node: Node?, in map: SpecMap) -> [SortKey] {
    guard let node else { return [] }
    let items = node.items ?? [node]
    return items.compactMap { item in
      guard let text = item.string, !text.isEmpty else {
        map.wrong("sort", item, "a field name, with '-' before it for descending order")
        return nil
      }
      return SortKey(field: text.hasPrefix("-") ? String(text.dropFirst()) : text, descending: text.hasPrefix("-"))
    }
  }
}
