// The conditions of one decision, keeping the time of those that did not move.
import Core
import Kinds

struct ConditionSet {
  private let now: Timestamp
  private let earlier: [Condition]
  private(set) var list: [Condition] = []

  init(_ input: ReconcileInput) {
    now = input.now
    earlier = input.conditions
  }

  /// States a condition; one of the same type that was stated before is replaced.
  mutating func set(_ type: String, _ truth: Condition.Truth, _ reason: String, _ message: String) {
    let condition = Condition(type, truth, reason: reason, message: message, since: now).keepingSince(from: earlier)
    if let at = list.firstIndex(where: { $0.type == type }) { list[at] = condition } else { list.append(condition) }
  }

  var value: Value { .list(list.map(\.value)) }
}
