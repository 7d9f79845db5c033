// Values that `sets` and `do` compute are checked like members of a body, and their faults point to where in the request they came from.
import Core
import Expressions
import Kinds

struct ComputedFields {
  /// Names under which expressions see what was sent.
  private static let sent = ["args", "body"]

  private(set) var problems: [Problem] = []
  /// Field of the target → pointer into the request.
  private(set) var sources: [String: String] = [:]

  /// Notes where `value` came from, and what is wrong with it.
  /// - Parameter isTarget: the field is one of the object that the call is about.
  mutating func take(_ value: Value, _ field: FieldSpec?, _ program: CELProgram, _ context: RequestContext, isTarget: Bool) {
    guard let field, !value.isNull else { return }
    let source = Self.source(of: value, program, context)
    if isTarget, let source { sources[field.name] = source }
    // What an expression makes by itself is the spec's business, and what it sends on is the caller's.
    guard let source else { return }
    problems += FieldCheck.check(value, field: field, mode: .api, pointer: source).map(BodyReader.translated)
  }

  func finish() throws {
    if !problems.isEmpty { throw Problems(problems) }
  }

  /// The part of the request that the expression reads and that is the value, or the only item of it.
  private static func source(of value: Value, _ program: CELProgram, _ context: RequestContext) -> String? {
    for path in program.paths where path.count > 1 && sent.contains(path[0]) {
      var found: Value = path[0] == "args" ? .object(context.args) : context.body
      for step in path.dropFirst() { found = found.object?[step] ?? .null }
      if found.isNull { continue }
      if found == value || value.list == [found] || value.string != nil && value.string == found.string {
        return path.dropFirst().map { "/" + FieldCheck.escape($0) }.joined()
      }
    }
    return nil
  }
}
