// A tree to closures: each node becomes one step, macro variables become slots.

struct Compiler {
  let functions: CELFunctions
  let lenient: Bool
  /// Macro variables in sight, innermost last.
  private var variables: [(name: String, slot: Int)] = []
  private(set) var slots = 0

  init(_ functions: CELFunctions, lenient: Bool) {
    self.functions = functions
    self.lenient = lenient
  }

  /// Names that mean a type where the scope has no such variable.
  private static let types: Set<String> = [
    "bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type", "optional_type",
    "google.protobuf.Timestamp", "google.protobuf.Duration", "net.IP", "net.CIDR",
  ]

  private static let nulls: Set<String> = ["google.protobuf.NullValue.NULL_VALUE", "NullValue.NULL_VALUE"]

  mutating func compile(_ tree: CELTree) -> Step {
    switch tree {
    case .literal(let value): return constant(value)
    case .identifier(let name, let absolute): return identifier(name, absolute)
    case .select(let operand, let field, let optional): return select(tree, operand, field, optional)
    case .has(let operand, let field):
      let operand = compile(operand)
      let lenient = lenient
      return { run in
        run.budget.spend(1)
        return Access.has(operand(run), field, lenient: lenient)
      }
    case .call(let name, nil, let arguments):
      return compileOperator(name, arguments) ?? call(name, arguments, receiver: false)
    case .call(let name, let receiver?, let arguments): return call(name, [receiver] + arguments, receiver: true)
    case .list(let elements): return list(elements)
    case .map(let entries): return map(entries)
    case .message(let name, let fields): return message(name, fields)
    case .comprehension(let comprehension): return compile(comprehension)
    case .bind(let name, let value, let body):
      let value = compile(value)
      let slot = declare(name)
      let body = compile(body)
      forget(1)
      return { run in
        run.budget.spend(1)
        run.slots[slot] = value(run)
        return body(run)
      }
    }
  }

  mutating func declare(_ name: String) -> Int {
    variables.append((name, slots))
    slots += 1
    return slots - 1
  }

  mutating func forget(_ count: Int) { variables.removeLast(count) }

  func constant(_ value: CELValue) -> Step {
    { run in
      run.budget.spend(1)
      return value
    }
  }

  private func slot(of name: String) -> Int? { variables.last { $0.name == name }?.slot }

  private func identifier(_ name: String, _ absolute: Bool) -> Step {
    if !absolute, let slot = slot(of: name) {
      return { run in
        run.budget.spend(1)
        return run.slots[slot]
      }
    }
    let missing: CELValue = Self.types.contains(name) ? .type(name) : .error(.noAttribute(name))
    return { run in
      run.budget.spend(1)
      return run.scope.lookup(name) ?? missing
    }
  }

  private mutating func select(_ tree: CELTree, _ operand: CELTree, _ field: String, _ optional: Bool) -> Step {
    let path = isFree(tree) ? tree.dottedName : nil
    let operand = compile(operand)
    let lenient = lenient
    if optional {
      return { run in
        run.budget.spend(1)
        return Access.selectOptionally(operand(run), field)
      }
    }
    guard let path else {
      return { run in
        run.budget.spend(1)
        return Access.select(operand(run), field, lenient: lenient)
      }
    }
    let type: CELValue? = Self.types.contains(path) ? .type(path) : Self.nulls.contains(path) ? .null : nil
    return { run in
      run.budget.spend(1)
      if run.bindsQualifiedNames, let value = run.scope.lookup(path) { return value }
      let value = Access.select(operand(run), field, lenient: lenient)
      if let type, case .error = value { return type }
      return value
    }
  }

  /// Whether a chain of selections starts at a name that is no macro variable.
  private func isFree(_ tree: CELTree) -> Bool {
    switch tree {
    case .identifier(let name, let absolute): absolute || slot(of: name) == nil
    case .select(let operand, _, false): isFree(operand)
    default: false
    }
  }

  private mutating func call(_ name: String, _ arguments: [CELTree], receiver: Bool) -> Step {
    if name == "matches", arguments.count == 2, case .literal(.string(let source)) = arguments[1],
      functions.find(name, count: 2, receiver: receiver) != nil, let pattern = try? Pattern(source)
    {
      let subject = compile(arguments[0])
      return { run in
        run.budget.spend(1)
        return StandardFunctions.matches(subject(run), pattern, &run.budget)
      }
    }
    let steps = arguments.map { compile($0) }
    guard let function = functions.find(name, count: arguments.count, receiver: receiver) else {
      return constant(.error(CELFailure("unbound function: \(name)")))
    }
    let body = function.body
    let takesFailures = function.takesFailures
    return { run in
      var values: [CELValue] = []
      values.reserveCapacity(steps.count)
      var cost = 1
      for step in steps {
        let value = step(run)
        if case .error = value, !takesFailures { return value }
        cost += value.weight
        values.append(value)
      }
      guard run.budget.spend(cost) else { return .error(.limit) }
      let result = body(values, &run.budget)
      run.budget.spend(result.weight)
      return result
    }
  }

  private mutating func list(_ elements: [CELElement]) -> Step {
    let literals = elements.compactMap { if case .literal(let value) = $0.value, !$0.optional { value } else { nil } }
    if literals.count == elements.count {
      let value = CELValue.list(literals)
      return { run in
        run.budget.spend(1)
        return value
      }
    }
    let steps = elements.map { (compile($0.value), $0.optional) }
    return { run in
      run.budget.spend(1 + steps.count)
      var values: [CELValue] = []
      values.reserveCapacity(steps.count)
      for (step, optional) in steps {
        let value = step(run)
        if case .error = value { return value }
        if !optional {
          values.append(value)
        } else if case .optional(let inner) = value {
          if let inner { values.append(inner) }
        } else {
          return .error(.noOverload("[?_]", [value]))
        }
      }
      return .list(values)
    }
  }

  private mutating func map(_ entries: [CELEntry]) -> Step {
    let steps = entries.map { (compile($0.key), compile($0.value), $0.optional) }
    return { run in
      run.budget.spend(1 + steps.count)
      var keys: [CELValue] = []
      var values: [CELValue] = []
      for (keyStep, valueStep, optional) in steps {
        let key = keyStep(run)
        if case .error = key { return key }
        var value = valueStep(run)
        if case .error = value { return value }
        if optional {
          guard case .optional(let inner) = value else { return .error(.noOverload("{?_: _}", [key, value])) }
          guard let inner else { continue }
          value = inner
        }
        keys.append(key)
        values.append(value)
      }
      return CELMap.value(keys: keys, values: values)
    }
  }

  private mutating func message(_ name: String, _ fields: [CELField]) -> Step {
    let steps = fields.map { ($0.name, compile($0.value), $0.optional) }
    return { run in
      run.budget.spend(1 + steps.count)
      var values: [String: CELValue] = [:]
      for (field, step, optional) in steps {
        var value = step(run)
        if case .error = value { return value }
        if optional {
          guard case .optional(let inner) = value else { return .error(.noOverload("\(name){?\(field): _}", [value])) }
          guard let inner else { continue }
          value = inner
        }
        values[field] = value
      }
      return WellKnownMessage.build(name, values)
    }
  }
}
