// Operators to closures. Failures are values here: `&&` and `||` let either side decide.

extension Compiler {
  /// Nil: `name` is no operator.
  mutating func compileOperator(_ name: String, _ arguments: [CELTree]) -> Step? {
    switch (name, arguments.count) {
    case (CELOperator.conditional, 3): return conditional(compile(arguments[0]), compile(arguments[1]), compile(arguments[2]))
    case (CELOperator.not, 1): return not(compile(arguments[0]))
    case (CELOperator.negate, 1):
      let operand = compile(arguments[0])
      return { run in
        run.budget.spend(1)
        return Arithmetic.negate(operand(run))
      }
    case (_, 2): return binary(name, arguments)
    default: return nil
    }
  }

  private mutating func binary(_ name: String, _ arguments: [CELTree]) -> Step? {
    guard Self.binaries.contains(name) else { return nil }
    let left = compile(arguments[0])
    let right = compile(arguments[1])
    let lenient = lenient
    switch name {
    case CELOperator.and: return logical(name, left, right, deciding: false)
    case CELOperator.or: return logical(name, left, right, deciding: true)
    case CELOperator.equals: return equality(left, right, equal: true)
    case CELOperator.notEquals: return equality(left, right, equal: false)
    case CELOperator.less: return order(name, left, right) { $0 < 0 }
    case CELOperator.lessOrEqual: return order(name, left, right) { $0 <= 0 }
    case CELOperator.greater: return order(name, left, right) { $0 > 0 }
    case CELOperator.greaterOrEqual: return order(name, left, right) { $0 >= 0 }
    case CELOperator.add: return pair(left, right) { Arithmetic.add($0, $1, &$2) }
    case CELOperator.subtract: return pair(left, right) { a, b, _ in Arithmetic.subtract(a, b) }
    case CELOperator.multiply: return pair(left, right) { a, b, _ in Arithmetic.multiply(a, b) }
    case CELOperator.divide: return pair(left, right) { a, b, _ in Arithmetic.divide(a, b) }
    case CELOperator.modulo: return pair(left, right) { a, b, _ in Arithmetic.modulo(a, b) }
    case CELOperator.contained: return pair(left, right) { $0.isIn($1, &$2) }
    case CELOperator.index: return pair(left, right) { a, b, _ in Access.index(a, b, lenient: lenient) }
    default: return pair(left, right) { a, b, _ in Access.indexOptionally(a, b) }
    }
  }

  private static let binaries: Set<String> = [
    CELOperator.and, CELOperator.or, CELOperator.equals, CELOperator.notEquals, CELOperator.less, CELOperator.lessOrEqual,
    CELOperator.greater, CELOperator.greaterOrEqual, CELOperator.add, CELOperator.subtract, CELOperator.multiply,
    CELOperator.divide, CELOperator.modulo, CELOperator.contained, CELOperator.index, CELOperator.optionalIndex,
  ]

  private func pair(
    _ left: @escaping Step, _ right: @escaping Step,
    _ body: @escaping @Sendable (CELValue, CELValue, inout CELBudget) -> CELValue
  ) -> Step {
    { run in
      run.budget.spend(1)
      let a = left(run)
      let b = right(run)
      return body(a, b, &run.budget)
    }
  }

  private func conditional(_ condition: @escaping Step, _ yes: @escaping Step, _ no: @escaping Step) -> Step {
    { run in
      run.budget.spend(1)
      switch condition(run) {
      case .bool(true): return yes(run)
      case .bool(false): return no(run)
      case .error(let failure): return .error(failure)
      case let other: return .error(.noOverload(CELOperator.conditional, [other]))
      }
    }
  }

  private func not(_ operand: @escaping Step) -> Step {
    { run in
      run.budget.spend(1)
      switch operand(run) {
      case .bool(let b): return .bool(!b)
      case .error(let failure): return .error(failure)
      case let other: return .error(.noOverload(CELOperator.not, [other]))
      }
    }
  }

  /// `&&` (false decides) and `||` (true decides): the deciding value wins over any failure on the other side.
  private func logical(_ name: String, _ left: @escaping Step, _ right: @escaping Step, deciding: Bool) -> Step {
    { run in
      run.budget.spend(1)
      let a = left(run)
      if case .bool(deciding) = a { return a }
      let b = right(run)
      return combine(name, a, b, deciding: deciding)
    }
  }

  private func equality(_ left: @escaping Step, _ right: @escaping Step, equal: Bool) -> Step {
    { run in
      run.budget.spend(1)
      let a = left(run)
      if case .error = a { return a }
      let b = right(run)
      if case .error = b { return b }
      return .bool(a.equals(b, &run.budget) == equal)
    }
  }

  private func order(
    _ name: String, _ left: @escaping Step, _ right: @escaping Step, _ accepts: @escaping @Sendable (Int) -> Bool
  )
    -> Step
  {
    { run in
      run.budget.spend(1)
      let a = left(run)
      let b = right(run)
      return a.compared(name, b, &run.budget, accepts)
    }
  }
}

/// The logical sum or product of two results, of which the first does not decide.
func combine(_ name: String, _ a: CELValue, _ b: CELValue, deciding: Bool) -> CELValue {
  if case .bool(deciding) = b { return b }
  if case .error = a { return a }
  if case .error = b { return b }
  if case .bool = a, case .bool = b { return a }
  return .error(.noOverload(name, [a, b]))
}
