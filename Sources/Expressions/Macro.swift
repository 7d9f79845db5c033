// Macros: calls that the parser rewrites.

enum Macro {
  struct Problem: Error { let message: String }

  /// The most values of `cel.block`: each nests one level deeper.
  private static let blockLimit = 50

  /// How much higher than its arguments an expansion may be.
  static func height(_ name: String) -> Int { name == "block" ? blockLimit : 4 }

  static let names = [
    "has", "all", "exists", "exists_one", "existsOne", "map", "filter", "transformList", "transformMap", "transformMapEntry",
    "optMap", "optFlatMap",
  ]

  /// Nil: no macro, but a call.
  static func expand(_ name: String, receiver: CELTree?, _ arguments: [CELTree]) -> Result<CELTree, Problem>? {
    guard let receiver else {
      guard name == "has", arguments.count == 1 else { return nil }
      guard case .select(let operand, let field, false) = arguments[0] else {
        return .failure(Problem(message: "has() takes the selection of a field, such as has(a.b)"))
      }
      return .success(.has(operand, field: field))
    }
    if case .identifier("cel", _) = receiver { return namespace(name, arguments) }
    switch (name, arguments.count) {
    case ("optMap", 2), ("optFlatMap", 2): return optional(name, receiver, arguments)
    case ("all", 2), ("all", 3): return loop(.all, receiver, arguments, variables: arguments.count - 1)
    case ("exists", 2), ("exists", 3): return loop(.exists, receiver, arguments, variables: arguments.count - 1)
    case ("exists_one", 2), ("exists_one", 3), ("existsOne", 2), ("existsOne", 3):
      return loop(.existsOne, receiver, arguments, variables: arguments.count - 1)
    case ("filter", 2): return loop(.filter, receiver, arguments, variables: 1)
    case ("map", 2), ("map", 3): return loop(.map, receiver, arguments, variables: 1)
    case ("transformList", 3), ("transformList", 4): return loop(.transformList, receiver, arguments, variables: 2)
    case ("transformMap", 3), ("transformMap", 4): return loop(.transformMap, receiver, arguments, variables: 2)
    case ("transformMapEntry", 3), ("transformMapEntry", 4): return loop(.transformMapEntry, receiver, arguments, variables: 2)
    default: return nil
    }
  }

  private static func loop(
    _ kind: CELComprehension.Kind, _ range: CELTree, _ arguments: [CELTree], variables: Int
  ) -> Result<CELTree, Problem> {
    var names: [String] = []
    for argument in arguments.prefix(variables) {
      guard let name = variable(argument) else {
        return .failure(Problem(message: "a macro's variable is a plain name, such as x in items.all(x, x > 0)"))
      }
      names.append(name)
    }
    if names.count == 2, names[0] == names[1] { return .failure(Problem(message: "the two variables of a macro have two names")) }
    let rest = arguments.dropFirst(variables)
    let transforms: Bool
    switch kind {
    case .all, .exists, .existsOne, .filter: transforms = false
    case .map, .transformList, .transformMap, .transformMapEntry: transforms = true
    }
    return .success(
      .comprehension(
        CELComprehension(
          kind: kind, range: range, variable: names[0], second: names.count == 2 ? names[1] : nil,
          predicate: transforms && rest.count == 1 ? nil : rest.first, transform: transforms ? rest.last : nil)))
  }

  private static func variable(_ tree: CELTree) -> String? {
    if case .identifier(let name, false) = tree { name } else { nil }
  }

  /// `cel.bind(x, value, body)`, and what optimizers write: `cel.block([values], body)` with `cel.index(n)`, `cel.iterVar(n, m)`.
  private static func namespace(_ name: String, _ arguments: [CELTree]) -> Result<CELTree, Problem>? {
    switch (name, arguments.count) {
    case ("bind", 3): break
    case ("index", 1), ("iterVar", 2):
      let numbers = arguments.compactMap { if case .literal(.int(let n)) = $0 { String(n) } else { nil } }
      guard numbers.count == arguments.count else { return .failure(Problem(message: "cel.\(name) takes integer literals")) }
      return .success(.identifier("@\(name)\(numbers.joined(separator: ":"))"))
    case ("block", 2):
      guard case .list(let values) = arguments[0] else {
        return .failure(Problem(message: "cel.block takes a list of values first"))
      }
      if values.count > blockLimit { return .failure(Problem(message: "cel.block takes at most \(blockLimit) values")) }
      return .success(values.enumerated().reversed().reduce(arguments[1]) { .bind("@index\($1.offset)", $1.element.value, $0) })
    default: return nil
    }
    guard let variable = variable(arguments[0]) else {
      return .failure(Problem(message: "the first argument of cel.bind is a plain name"))
    }
    return .success(.bind(variable, arguments[1], arguments[2]))
  }

  /// `x.optMap(v, e)`: e of the value as an optional, or none. `x.optFlatMap(v, e)`: e is an optional itself.
  private static func optional(_ name: String, _ receiver: CELTree, _ arguments: [CELTree]) -> Result<CELTree, Problem> {
    guard let variable = variable(arguments[0]) else {
      return .failure(Problem(message: "the first argument of \(name) is a plain name"))
    }
    // No source can name this variable.
    let held = "@optional"
    let value = CELTree.call("value", receiver: .identifier(held), [])
    let body = CELTree.bind(variable, value, arguments[1])
    let some = name == "optMap" ? CELTree.call("optional.of", receiver: nil, [body]) : body
    let none = CELTree.call("optional.none", receiver: nil, [])
    let test = CELTree.call("hasValue", receiver: .identifier(held), [])
    return .success(.bind(held, receiver, .call(CELOperator.conditional, receiver: nil, [test, some, none])))
  }
}
