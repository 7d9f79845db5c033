// What a write route is about to ask of the engine.
import Core
import Kinds
import Planning
import Ports

struct WritePlan {
  /// The target's intent comes first, those of effects follow.
  var intents: [Intent] = []
  /// Names of effects (`as`) → position of the intent.
  var named: [(name: String, intent: Int, kind: KindSpec)] = []
  /// Some value rests on the target as it was read: it must not have moved.
  var dependsOnTarget = false
  var computed = ComputedFields()
}

/// How planner problems read to a client who knows only the names of the body.
struct ProblemTranslation {
  /// Field → the name in the body.
  let shown: [String: String]
  /// Field → where in the request its value came from.
  let sources: [String: String]
  let ids: IDCodec
  let kind: KindSpec?
  /// The member of the body whose items are written one by one.
  let list: String?

  init(_ route: ServedRoute, _ sources: [String: String] = [:]) {
    kind = route.kind
    self.sources = sources
    list = route.spec.each?.member
    var shown: [String: String] = [:]
    for member in route.spec.body { shown[member.field] = member.shown }
    for bind in route.spec.binds { if let name = bind.source.last, shown[bind.field] == nil { shown[bind.field] = name } }
    self.shown = shown
    ids = route.family.ids
  }

  func translated(_ problem: Problem) -> Problem {
    let isReference = problem.code == "missing_reference"
    var problem = BodyReader.translated(problem)
    if problem.code == "not_found" { problem.code = ProblemCode.missing }
    let item = list.flatMap { list in problem.place?.item.map { "/\(list)/\($0)" } } ?? ""
    guard let pointer = problem.pointer, pointer.hasPrefix("/spec/") else {
      if !item.isEmpty {
        problem.pointer = item
        problem.place = nil
      }
      return problem
    }
    let rest = pointer.dropFirst(6)
    let field = String(rest.prefix { $0 != "/" })
    let name = shown[field] ?? Spelling.shown(field, ids.family.spelling)
    problem.pointer = item + (sources[field] ?? "/" + name) + rest.dropFirst(field.count)
    if name != field, problem.message.hasPrefix(field + " ") { problem.message = name + problem.message.dropFirst(field.count) }
    if isReference, let declared = kind?.field(field), let target = (declared.reference ?? declared.of?.reference)?.kind {
      problem.details["target"] = nil
      problem.message = "there is no such \(Spelling.words(target))"
      problem.fix = nil
    }
    problem.object = nil
    problem.place = nil
    return problem
  }

  func translated(_ problems: Problems) -> Problems { Problems(problems.list.map(translated)) }
}
