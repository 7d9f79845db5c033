// One run of a compiled program: where names come from, macro variables, and what is left of the cost limit.

/// A compiled subtree.
typealias Step = @Sendable (Run) -> CELValue

final class Run {
  let scope: any CELScope
  let bindsQualifiedNames: Bool
  var budget: CELBudget
  /// Macro variables, by the slot that the compiler gave each.
  var slots: [CELValue]

  init(_ scope: any CELScope, limit: Int, slots: Int) {
    self.scope = scope
    bindsQualifiedNames = scope.bindsQualifiedNames
    budget = CELBudget(limit)
    self.slots = slots == 0 ? [] : Array(repeating: .null, count: slots)
  }
}

extension CELValue {
  /// What it costs to copy this value: elements of a list or map, sixteenths of a text.
  var weight: Int {
    switch self {
    case .string(let s): s.utf8.count >> 4
    case .bytes(let b): b.count >> 4
    case .list(let items): items.count
    case .map(let map): map.count
    default: 0
    }
  }

  /// Spends one unit for each value inside this one, so that a result that shares its parts many times is not unfolded for free.
  func spendWhole(_ budget: inout CELBudget) {
    guard budget.spend(1 + weight) else { return }
    switch self {
    case .list(let items):
      for item in items where !budget.isSpent { item.spendWhole(&budget) }
    case .map(let map) where !map.isWrapped:
      for at in 0..<map.count where !budget.isSpent { map.value(at: at).spendWhole(&budget) }
    default: break
    }
  }
}
