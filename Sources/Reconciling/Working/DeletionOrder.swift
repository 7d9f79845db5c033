// Objects that go, go in order: one that others still refer to waits until those are gone.
import Core
import Kinds
import Ports

extension Reconciler {
  /// Between two looks, should the wake of the last dependent be lost.
  static let dependentLook = Duration.seconds(2)
  /// A circle of objects that go must not wait for itself for ever.
  static let longestDeletionWait = Duration.seconds(300)
  private static let mostNamed = 3

  /// Dependents that are looked at, of each object.
  static let mostDependents = 50

  /// The object waits until these are gone.
  static func wait(for holders: [StoredObject], _ object: StoredObject, _ now: Timestamp) -> Decision {
    let names = Set(holders.map(\.label)).sorted()
    let message =
      "it waits until \(names.prefix(mostNamed).joined(separator: ", "))\(names.count > mostNamed ? " and others are" : names.count > 1 ? " are" : " is") gone"
    var status = object.status.isNull ? .emptyObject : object.status
    let others = object.conditions.filter { $0.type != "Ready" && $0.type != "Progressing" }
    status["conditions"] = .list(
      ([
        Condition("Ready", .no, reason: "WaitingForDependents", message: message, since: now),
        Condition("Progressing", .yes, reason: "WaitingForDependents", message: message, since: now),
      ] + others).map { $0.keepingSince(from: object.conditions).value })
    return Decision(status: status, lookAgain: dependentLook)
  }
}
