// The sets and lists extensions of CEL.

enum CollectionFunctions {
  static func add(to set: inout CELFunctions) {
    pair("sets.contains", &set) { a, b, budget in holds(a, all: b, &budget) }
    pair("sets.equivalent", &set) { a, b, budget in holds(a, all: b, &budget) && holds(b, all: a, &budget) }
    pair("sets.intersects", &set) { a, b, budget in
      let known = Members(a, &budget)
      return b.contains { known.has($0, &budget) }
    }
    set.add("lists.range", 1...1, .global) { arguments, budget in
      guard case .int(let count) = arguments[0] else { return fault("lists.range", arguments) }
      guard count >= 0 else { return .error(CELFailure("a range cannot have \(count) members")) }
      guard budget.spend(count) else { return .error(.limit) }
      return .list((0..<count).map(CELValue.int))
    }
    set.add("slice", 3...3, .receiver) { arguments, budget in
      guard case .list(let items) = arguments[0], case .int(let from) = arguments[1], case .int(let to) = arguments[2] else {
        return fault("slice", arguments)
      }
      guard from >= 0, from <= to, to <= items.count else {
        return .error(CELFailure("a slice from \(from) to \(to) does not lie within \(items.count) members"))
      }
      guard budget.spend(to - from) else { return .error(.limit) }
      return .list(Array(items[from..<to]))
    }
    let texts = set.find("reverse", count: 1, receiver: true)
    set.add("reverse", 1...1, .both) { arguments, budget in
      guard case .list(let items) = arguments[0] else { return texts?.body(arguments, &budget) ?? fault("reverse", arguments) }
      guard budget.spend(items.count) else { return .error(.limit) }
      return .list(items.reversed())
    }
  }

  /// The members of a list, found at once where they can be keys.
  private struct Members {
    private var keys: Set<CELKey> = []
    private var others: [CELValue] = []

    init(_ items: [CELValue], _ budget: inout CELBudget) {
      guard budget.spend(items.count) else { return }
      for item in items { if let key = CELKey(item) { keys.insert(key) } else { others.append(item) } }
    }

    func has(_ item: CELValue, _ budget: inout CELBudget) -> Bool {
      guard budget.spend(1) else { return false }
      if let key = CELKey(item), keys.contains(key) { return true }
      return others.contains { other in budget.spend(1) && other.equals(item, &budget) }
    }
  }

  private static func holds(_ a: [CELValue], all b: [CELValue], _ budget: inout CELBudget) -> Bool {
    let known = Members(a, &budget)
    return b.allSatisfy { known.has($0, &budget) }
  }

  private static func pair(
    _ name: String, _ set: inout CELFunctions, _ body: @escaping @Sendable ([CELValue], [CELValue], inout CELBudget) -> Bool
  ) {
    set.add(name, 2...2, .global) { arguments, budget in
      guard case .list(let a) = arguments[0], case .list(let b) = arguments[1] else { return fault(name, arguments) }
      let result = body(a, b, &budget)
      return budget.isSpent ? .error(.limit) : .bool(result)
    }
  }

  private static func fault(_ name: String, _ arguments: [CELValue]) -> CELValue { .error(.noOverload(name, arguments)) }
}
