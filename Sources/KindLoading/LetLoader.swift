// `let` of a route: values, objects that are looked up, answers of outside services.
import Core
import Expressions
import Kinds

struct LetLoader {
  let file: SpecFile
  let faults: SpecFaults
  let expressions: ExpressionReader
  let kinds: [String: KindSpec]
  let sql: SQLLoader

  func lets(_ map: SpecMap, _ scope: inout ExpressionScope, _ route: inout RouteSpec) -> [RouteSpec.Let] {
    var out: [RouteSpec.Let] = []
    for member in map.map("let")?.all ?? [] {
      guard let one = letSource(member, &scope) else {
        scope.names[member.key] = .open
        continue
      }
      route.places["let.\(member.key)"] = file.place(member)
      out.append(RouteSpec.Let(name: member.key, source: one))
    }
    return out
  }

  private func letSource(_ member: Node.Member, _ scope: inout ExpressionScope) -> RouteSpec.LetSource? {
    let what = "\"\(member.key)\""
    guard member.value.members != nil else {
      defer { scope.names[member.key] = .open }
      return expressions.program(member.value, in: file, scope).map { .value($0) }
    }
    guard
      let map = SpecMap(
        member.value, in: file, faults, what: what,
        keys: ["find", "where", "count", "all", "source", "op", "with", "within", "orElse", "sql"])
    else { return nil }
    if let written = map.string("find") {
      let kind = written.split(separator: "/").last.map(String.init) ?? written
      if kinds[kind] == nil { faults.unknown("kind", kind, among: kinds.keys, at: map.place("find")) }
      var inner = scope
      inner.kind = kind
      inner.names["target"] = scope.kind.map { .object(kind: $0) }
      let form: RouteSpec.LetSource.Form = map.bool("count") == true ? .count : map.bool("all") == true ? .all : .object
      if !map.has("where") { faults.add("\(what) needs \"where\"", at: map.place) }
      scope.names[member.key] = form == .object ? .object(kind: kind) : .leaf
      guard let predicate = expressions.program(map, "where", inner) else { return nil }
      return .find(kind: kind, predicate: predicate, form: form)
    }
    if map.has("sql") {
      guard let sql = sql.sql(map, scope, timeout: map.duration("within")) else { return nil }
      scope.names[member.key] = .open
      return .sql(sql)
    }
    guard let source = map.string("source"), let op = map.required("op", of: what) else {
      faults.add("\(what) needs \"find\", \"source\" or \"sql\"", at: map.place)
      return nil
    }
    let with = map.map("with")?.all.compactMap { m in expressions.program(m.value, in: file, scope).map { (m.key, $0) } } ?? []
    let orElse = expressions.program(map, "orElse", scope)
    scope.names[member.key] = .open
    return .source(source, op: op, with: with, within: map.duration("within") ?? .seconds(10), orElse: orElse)
  }
}
