// What is kept of a status between decisions, when to look again, and how a row that another hand changed is put right.
import Core
import Kinds
import Ports

extension Reconciler {
  /// A kind without a controller is as it should be once it is stored: whoever changed its observed row is put right.
  func restoreStatus(_ object: StoredObject, _ commit: inout Commit) {
    let now = engine.clock.now()
    let ready = Condition("Ready", .yes, reason: "Stored", message: "Nothing outside has to change.", since: now)
    let sane =
      object.conditions.count == 1 && object.conditions[0].type == "Ready" && object.conditions[0].truth == .yes
      && object.conditions[0].reason == "Stored" && object.observedGeneration == object.generation
      && object.status.object?.count == 1
    if sane { return }
    commit.statuses = [
      StatusWrite(
        tenant: object.tenant, uid: object.uid, kind: object.kind, generation: object.generation,
        status: ["conditions": [ready.value]])
    ]
    guard !object.status.isNull || object.observedGeneration > 0 else { return }
    drift.add(object.kind, "corrected")
    commit.story = [
      StoryEvent(
        tenant: object.tenant, uid: object.uid, kind: object.kind, name: object.name, at: now, reason: "DriftCorrected",
        message: "The observed state had been changed by another hand; it was restored.", warning: true)
    ]
  }

  /// What the controller asks for, and no later than its kind's `observe` says: a signal that got lost must not be the last word.
  /// The looks of many objects are spread by their uids.
  static func nextLook(_ decision: Decision, _ object: StoredObject, _ kind: KindSpec) -> Duration? {
    guard let every = kind.observe?.every else { return decision.lookAgain }
    let spread = Duration.microseconds(every.microseconds / 10_000 * Int(object.uid.low % 1000))
    return min(decision.lookAgain ?? every, every - spread)
  }

  /// Controllers say what drifts anew each time.
  static func withoutDrift(_ status: Value) -> Value {
    guard status.object?.has(DriftStatus.member) ?? false else { return status }
    var status = status
    status[DriftStatus.member] = nil
    status["conditions"] = .list((status["conditions"].list ?? []).filter { $0["type"].string != DriftStatus.condition })
    return status
  }

  /// Conditions keep the time since which they hold; a status that says nothing new is left alone.
  static func keepingSince(_ status: Value, _ object: StoredObject) -> Value {
    guard let list = status["conditions"].list else { return status }
    var status = status
    status["conditions"] = .list(
      list.map { value in Condition(value).map { $0.keepingSince(from: object.conditions).value } ?? value })
    return status
  }
}
