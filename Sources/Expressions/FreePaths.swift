// Which free variables a tree reads, as dotted paths.

enum FreePaths {
  /// Each path once, in the order of first use.
  static func of(_ tree: CELTree) -> [[String]] {
    var collector = Collector()
    collector.visit(tree)
    return collector.paths
  }

  private struct Collector {
    var paths: [[String]] = []
    var seen: Set<[String]> = []
    var bound: [String] = []

    mutating func visit(_ tree: CELTree) {
      if let path = path(tree) {
        if seen.insert(path).inserted { paths.append(path) }
        return
      }
      switch tree {
      case .literal, .identifier: break
      case .select(let operand, _, _), .has(let operand, _): visit(operand)
      case .call(_, let receiver, let arguments):
        if let receiver { visit(receiver) }
        for argument in arguments { visit(argument) }
      case .list(let elements): for element in elements { visit(element.value) }
      case .map(let entries):
        for entry in entries {
          visit(entry.key)
          visit(entry.value)
        }
      case .message(_, let fields): for field in fields { visit(field.value) }
      case .comprehension(let c):
        visit(c.range)
        let names = [c.variable] + (c.second.map { [$0] } ?? [])
        bound += names
        if let predicate = c.predicate { visit(predicate) }
        if let transform = c.transform { visit(transform) }
        bound.removeLast(names.count)
      case .bind(let name, let value, let body):
        visit(value)
        bound.append(name)
        visit(body)
        bound.removeLast()
      }
    }

    /// The path of a chain of selections (also `has` and `['name']`) from a free variable; nil for anything else.
    func path(_ tree: CELTree) -> [String]? {
      switch tree {
      case .identifier(let name, let absolute): absolute || !bound.contains(name) ? [name] : nil
      case .select(let operand, let field, _), .has(let operand, let field): path(operand).map { $0 + [field] }
      case .call(CELOperator.index, nil, let arguments), .call(CELOperator.optionalIndex, nil, let arguments):
        if arguments.count == 2, case .literal(.string(let key)) = arguments[1] {
          path(arguments[0]).map { $0 + [key] }
        } else {
          nil
        }
      default: nil
      }
    }
  }
}
