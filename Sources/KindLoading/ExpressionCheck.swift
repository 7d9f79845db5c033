// Follows the paths that expressions read through kinds and references, and names those that lead nowhere.
import Core
import Kinds

struct ExpressionCheck {
  let kinds: [String: KindSpec]
  let faults: SpecFaults

  /// Facts of every object that are no fields of its kind.
  static let facts: [String: NameMeaning] = [
    "id": .leaf, "uid": .leaf, "name": .leaf, "labels": .open, "createdAt": .leaf, "updatedAt": .leaf, "deletedAt": .leaf,
    "lastUsedAt": .leaf,
    "generation": .leaf, "observedGeneration": .leaf, "conditions": .open, "ready": .leaf,
  ]
  /// Types are values too: `type(x) == list`.
  private static let types: Set<String> = [
    "bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type", "optional_type",
  ]
  /// Further facts of runs. LANGUAGES: "Run".
  static let runFacts: [String: NameMeaning] = [
    "phase": .leaf, "finished": .leaf, "progress": .open, "steps": .open, "result": .open, "error": .open, "attempts": .leaf,
    "startedAt": .leaf, "finishedAt": .leaf,
  ]

  func check(_ expression: PendingExpression) {
    for path in expression.program.paths {
      guard let fault = fault(path, expression.scope) else { continue }
      faults.add(fault.message, at: place(of: path, in: expression), code: "cel", fix: fault.fix)
    }
  }

  private struct Fault {
    var message: String
    var fix: String?
  }

  /// Where the path stands in the text, as far as searching tells.
  private func place(of path: [String], in expression: PendingExpression) -> Place {
    let source = Array(expression.program.source.unicodeScalars)
    for text in [path.joined(separator: "."), path[0]] {
      let wanted = Array(text.unicodeScalars)
      guard source.count >= wanted.count else { continue }
      for start in 0...(source.count - wanted.count) where Array(source[start..<start + wanted.count]) == wanted {
        let before = start > 0 ? source[start - 1] : " "
        if before.properties.isAlphabetic || before == "." || before == "_" || before == "'" || before == "\"" { continue }
        let line = source[..<start].count { $0 == "\n" } + 1
        let column = start - (source[..<start].lastIndex(of: "\n") ?? -1)
        return expression.file.place(in: expression.node, line: line, column: column)
      }
    }
    return expression.file.place(expression.node)
  }

  private func fault(_ path: [String], _ scope: ExpressionScope) -> Fault? {
    let first = path[0]
    if let meaning = scope.names[first] { return walk(meaning, path, 1) }
    if let kind = scope.kind {
      guard let spec = kinds[kind] else { return nil }
      if let meaning = member(first, of: spec) { return walk(meaning, path, 1) }
    }
    if let meaning = scope.softNames[first] { return walk(meaning, path, 1) }
    if scope.isOpen || (path.count == 1 && Self.types.contains(first)) { return nil }
    let known = Array(scope.names.keys) + Array(scope.softNames.keys) + (scope.kind.flatMap { kinds[$0] }.map(names) ?? [])
    let near = nearestName(to: first, among: known)
    let text = near.map { "Did you mean \"\($0)\"?" } ?? "A text constant is written \"'\(first)'\"."
    let owner = scope.kind.map { " in \($0)" } ?? ""
    return Fault(message: "nothing is named \"\(first)\"\(owner)", fix: text)
  }

  private func walk(_ meaning: NameMeaning, _ path: [String], _ at: Int) -> Fault? {
    guard at < path.count else { return nil }
    let step = path[at]
    let before = path[..<at].joined(separator: ".")
    switch meaning {
    case .open: return nil
    case .leaf: return Fault(message: "\"\(before)\" is a single value and has no member \"\(step)\"")
    case .members(let members):
      if let next = members[step] { return walk(next, path, at + 1) }
      let near = nearestName(to: step, among: members.keys)
      return Fault(message: "\"\(before)\" has no member \"\(step)\"", fix: near.map { "Did you mean \"\($0)\"?" })
    case .object(let kind):
      guard let spec = kinds[kind] else { return nil }
      if let next = member(step, of: spec) { return walk(next, path, at + 1) }
      let near = nearestName(to: step, among: names(of: spec))
      let fix = near.map { "Did you mean \"\($0)\"?" } ?? "Fields of \(kind): \(spec.fields.map(\.name).joined(separator: ", "))."
      return Fault(message: "\(kind) has no field \"\(step)\"", fix: fix)
    }
  }

  private func names(of spec: KindSpec) -> [String] {
    spec.fields.map(\.name) + spec.inverses.map(\.name) + Self.facts.keys
      + (spec.storage == .run ? Array(Self.runFacts.keys) : [])
  }

  private func member(_ name: String, of spec: KindSpec) -> NameMeaning? {
    if let field = spec.field(name) { return meaning(of: field) }
    if spec.inverses.contains(where: { $0.name == name }) { return .leaf }
    if spec.storage == .run, let fact = Self.runFacts[name] { return fact }
    return Self.facts[name]
  }

  private func meaning(of field: FieldSpec) -> NameMeaning {
    // A secret shows only the hint kept beside it.
    if field.secret != nil { return .members(["hint": .leaf]) }
    if let reference = field.reference, field.type != .list { return .object(kind: reference.kind) }
    switch field.type {
    case .object: return .members(Dictionary(field.fields.map { ($0.name, meaning(of: $0)) }, uniquingKeysWith: { $1 }))
    case .map, .any, .blob: return .open
    default: return .leaf
    }
  }
}
