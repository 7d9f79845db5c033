// One evaluation of an alert rule: the change of state, the firing's record, and the messages that follow.
import Core
import Kinds

struct AlertEvaluation {
  private let input: ReconcileInput
  private var status: Value
  private var conditions: ConditionSet
  private var outbox: AlertOutbox
  private var events: [(reason: String, message: String, warning: Bool)] = []
  private var writes: [ControllerWrite] = []

  init(_ input: ReconcileInput) {
    self.input = input
    status = input.status.isNull ? ["state": "inactive", "silenced": false] : input.status
    conditions = ConditionSet(input)
    outbox = AlertOutbox(input)
  }

  /// The rule is disabled: what fires is over, and nobody is told.
  mutating func switchedOff() -> Decision {
    if status["state"] == "firing" { closeFirings() }
    status["state"] = "inactive"
    status["since"] = .null
    outbox.clear()
    conditions.set("Ready", .yes, "Disabled", "it is not evaluated: `enabled` is false")
    conditions.set("Firing", .no, "Disabled", "it is not evaluated")
    return finish(lookAgain: nil)
  }

  /// It cannot be evaluated: its state stays as it is.
  mutating func stuck(_ truth: Condition.Truth, _ reason: String, _ message: String) -> Decision {
    conditions.set("Ready", truth, reason, message)
    return finish(lookAgain: interval)
  }

  mutating func evaluate(_ value: Double, holds: Bool, words: String) -> Decision {
    let before = status["state"].string ?? "inactive"
    let lasting = input.spec["forDuration"]?.duration ?? .zero
    let silence = activeSilence
    status["value"] = .double(value)
    status["silenced"] = .bool(silence != nil)
    var lookAgain = interval
    let since = before == "inactive" ? input.now : status["since"].timestamp ?? input.now
    let facts =
      "\(number(value)) \(words) in \(text(input.spec["window"]?.duration ?? .seconds(300))), "
      + "threshold \(number(input.spec["threshold"]?.double ?? 0))"
    if !holds {
      if before == "firing" {
        closeFirings()
        events.append(("Resolved", "resolved: \(facts)", false))
        tell("alert.resolved", value, facts, silence)
      }
      status["state"] = "inactive"
      status["since"] = .null
    } else if before == "firing" {
      status["state"] = "firing"
    } else if input.now - since >= lasting {
      status["state"] = "firing"
      status["since"] = .string(since.description)
      status["firedAt"] = .string(input.now.description)
      openFiring(value, silenced: silence != nil)
      events.append(("Firing", "firing: \(facts)", true))
      tell("alert.firing", value, facts, silence)
    } else {
      status["state"] = "pending"
      status["since"] = .string(since.description)
      lookAgain = min(lookAgain, since + lasting - input.now)
      if before == "inactive" { events.append(("Pending", "pending: \(facts)", false)) }
    }
    let state = status["state"].string ?? "inactive"
    conditions.set("Ready", .yes, "Evaluated", "it is evaluated every \(text(interval))")
    conditions.set(
      "Firing", state == "firing" ? .yes : .no, state.prefix(1).uppercased() + state.dropFirst(),
      silence.map { "\(state), silenced: \($0)" } ?? state)
    return finish(lookAgain: lookAgain)
  }

  // MARK: Parts

  private var interval: Duration { .seconds(max(input.spec["intervalSeconds"]?.double ?? 30, 1)) }

  /// Why notifications are held back now; nil when they are not.
  private var activeSilence: String? {
    let active = (input.needed["silences"] ?? []).first { silence in
      let starts = silence["spec"]["startsAt"].timestamp ?? Timestamp(microseconds: 0)
      guard silence["deleting"].bool != true, let ends = silence["spec"]["endsAt"].timestamp else { return false }
      return starts <= input.now && input.now < ends
    }
    return active.map { $0["spec"]["reason"].string ?? $0["name"].string ?? "a silence" }
  }

  private mutating func openFiring(_ value: Double, silenced: Bool) {
    writes.append(
      .create(
        kind: "AlertFiring", name: nil,
        spec: [
          "rule": .string(input.metadata.uid.description), "state": "firing", "severity": input.spec["severity"] ?? "warning",
          "value": .double(value),
          "threshold": input.spec["threshold"] ?? .null, "startedAt": .string(input.now.description), "silenced": .bool(silenced),
        ]))
  }

  private mutating func closeFirings() {
    for firing in input.needed["firings"] ?? [] {
      guard let uid = firing["uid"].string.flatMap({ UID($0) }) else { continue }
      writes.append(
        .update(kind: "AlertFiring", uid: uid, spec: ["state": "resolved", "resolvedAt": .string(input.now.description)]))
    }
  }

  private mutating func tell(_ type: String, _ value: Double, _ facts: String, _ silence: String?) {
    if let silence {
      events.append(("Silenced", "nobody is told: \(silence)", false))
      return
    }
    let name = input.spec["title"]?.string ?? input.metadata.name
    outbox.add(
      type: type, title: "\(type == "alert.firing" ? "Firing" : "Resolved"): \(name)", text: facts,
      dedupe: "plumb-\(input.metadata.uid)-\(status["firedAt"].string ?? "")",
      data: ["rule": .string(input.metadata.name), "ruleId": .string(input.metadata.uid.description), "value": .double(value)])
  }

  private mutating func finish(lookAgain: Duration?) -> Decision {
    let steps = outbox.steps(&events)
    status["notifications"] = outbox.value
    status["sequence"] = .int(outbox.sequence)
    status["conditions"] = conditions.value
    let next = [lookAgain, outbox.nextDue].compactMap { $0 }.min()
    return Decision(status: status, steps: steps, lookAgain: next, events: events, writes: writes)
  }

  private func number(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value)
  }

  private func text(_ duration: Duration) -> String {
    let seconds = Int(duration.inSeconds)
    return seconds % 3600 == 0 && seconds > 0
      ? "\(seconds / 3600)h" : seconds % 60 == 0 && seconds > 0 ? "\(seconds / 60)m" : "\(seconds)s"
  }
}
