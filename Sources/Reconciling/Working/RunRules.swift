// What holds for every run, whatever it does: it ends in time, and then frees its keys.
import Core
import Kinds
import Planning
import Ports

extension Reconciler {
  static func isFinished(_ status: Value) -> Bool { status["phase"].string.map(RunPhase.finished.contains) ?? false }

  /// A run that is past its time is over, whatever its controller thinks. Nil: it goes on.
  func expire(_ object: StoredObject, _ kind: KindSpec, _ now: Timestamp) -> Decision? {
    guard kind.storage == .run, let run = kind.run else { return nil }
    if Self.isFinished(object.status) { return Decision(status: object.status) }
    guard now > object.created + run.timeout else { return nil }
    var status = object.status
    status["phase"] = "TimedOut"
    status["error"] = .string("Not done within \(Int(run.timeout.inSeconds)) s.")
    status["conditions"] = [
      Condition("Ready", .no, reason: "TimedOut", message: "Not done within \(Int(run.timeout.inSeconds)) s.", since: now).value
    ]
    return Decision(status: status, events: [("TimedOut", "Not done within \(Int(run.timeout.inSeconds)) s.", true)])
  }

  /// Keys that a run held while it was not finished are free again; those with a time of their own stay until it is over.
  static func releaseKeys(of object: StoredObject, _ kind: KindSpec, _ commit: inout Commit) {
    guard kind.unique.contains(where: { $0.condition != nil && $0.duration == nil }) else { return }
    let held = kind.unique.enumerated().filter { $0.element.condition == nil }.map { rule, unique in
      UniqueKey(rule: rule, value: JSON.canonical(.list(unique.fields.map { object.spec[$0] ?? .null })), global: unique.global)
    }
    let references = kind.references(in: object.spec).compactMap { path, _, value in
      value.string.flatMap { UID($0) }.map {
        ObjectReference(field: path.filter { Int($0) == nil }.joined(separator: "."), target: $0)
      }
    }
    commit.writes.append(ObjectWrite(.update, object, expected: object.version, uniqueKeys: held, references: references))
  }

  /// A controller that writes without bound is stopped with a condition that says so.
  func tooLarge(_ decision: Decision, _ object: StoredObject, _ now: Timestamp) -> Decision? {
    guard JSON.write(decision.status).count > Self.maxStatusBytes else { return nil }
    var status = object.status
    status["conditions"] = [
      Condition(
        "Ready", .no, reason: "StatusTooLarge", message: "The controller's status is over \(Self.maxStatusBytes) bytes.",
        since: now
      ).value
    ]
    return Decision(status: status, lookAgain: .seconds(60))
  }
}
