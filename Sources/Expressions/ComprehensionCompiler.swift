// Macros over lists and maps to loops.

extension Compiler {
  mutating func compile(_ comprehension: CELComprehension) -> Step {
    let range = compile(comprehension.range)
    let first = declare(comprehension.variable)
    let second = comprehension.second.map { declare($0) }
    let predicate = comprehension.predicate.map { compile($0) }
    let transform = comprehension.transform.map { compile($0) }
    forget(second == nil ? 1 : 2)
    let loop = Loop(
      kind: comprehension.kind, range: range, first: first, second: second, predicate: predicate, transform: transform)
    return { run in loop.run(run) }
  }
}

private struct Loop: Sendable {
  let kind: CELComprehension.Kind
  let range: Step
  let first: Int
  let second: Int?
  let predicate: Step?
  let transform: Step?

  func run(_ run: Run) -> CELValue {
    run.budget.spend(1)
    let over = range(run)
    var state = State()
    switch over {
    case .list(let items):
      for (at, item) in items.enumerated() {
        guard run.budget.spend(1) else { return .error(.limit) }
        run.slots[first] = second == nil ? item : .int(at)
        if let second { run.slots[second] = item }
        if let result = turn(run, &state) { return result }
      }
    case .map(let map):
      for (at, key) in map.keys.enumerated() {
        guard run.budget.spend(1) else { return .error(.limit) }
        run.slots[first] = key
        if let second { run.slots[second] = map.value(at: at) }
        if let result = turn(run, &state) { return result }
      }
    case .object(let object):
      for key in object.keys {
        guard run.budget.spend(1) else { return .error(.limit) }
        run.slots[first] = .string(key)
        if let second { run.slots[second] = object.member(key) ?? .null }
        if let result = turn(run, &state) { return result }
      }
    case .error: return over
    default: return .error(.noOverload(kind.rawValue, [over]))
    }
    return finish(state)
  }

  private struct State {
    /// The failure, or the value that is no boolean, that stands unless a later element decides.
    var doubt: CELValue?
    var count = 0
    var keys: [CELValue] = []
    var values: [CELValue] = []
  }

  /// One element. A value ends the loop.
  private func turn(_ run: Run, _ state: inout State) -> CELValue? {
    var condition = CELValue.bool(true)
    if let predicate { condition = predicate(run) }
    switch kind {
    case .all, .exists:
      let deciding = kind == .exists
      guard case .bool(let b) = condition else {
        if state.doubt == nil { state.doubt = refused(condition) }
        return nil
      }
      return b == deciding ? condition : nil
    case .existsOne:
      guard case .bool(let b) = condition else { return refused(condition) }
      if b { state.count += 1 }
      return nil
    case .filter:
      guard case .bool(let b) = condition else { return refused(condition) }
      if b { state.values.append(run.slots[first]) }
      return nil
    case .map, .transformList, .transformMap, .transformMapEntry:
      guard case .bool(let b) = condition else { return refused(condition) }
      guard b, let transform else { return nil }
      let key = run.slots[first]
      let value = transform(run)
      if case .error = value { return value }
      return collect(key, value, &state)
    }
  }

  private func collect(_ key: CELValue, _ value: CELValue, _ state: inout State) -> CELValue? {
    switch kind {
    case .transformMap:
      state.keys.append(key)
      state.values.append(value)
    case .transformMapEntry:
      guard case .map(let map) = value, map.count == 1 else {
        return .error(CELFailure("transformMapEntry: each result must be a map of one entry"))
      }
      state.keys.append(map.keys[0])
      state.values.append(map.value(at: 0))
    default: state.values.append(value)
    }
    return nil
  }

  private func finish(_ state: State) -> CELValue {
    switch kind {
    case .all: state.doubt ?? .bool(true)
    case .exists: state.doubt ?? .bool(false)
    case .existsOne: .bool(state.count == 1)
    case .filter, .map, .transformList: .list(state.values)
    case .transformMap, .transformMapEntry: CELMap.value(keys: state.keys, values: state.values)
    }
  }

  private func refused(_ condition: CELValue) -> CELValue {
    if case .error = condition { return condition }
    return .error(.noOverload(kind.rawValue, [condition]))
  }
}
