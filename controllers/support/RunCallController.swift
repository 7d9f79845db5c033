// Runs without Swift: `run.call` asks one service for one thing; the reply is the run's result.
import Core
import Expressions
import Kinds

/// One for each kind with `run.call`. Waits for the gate, calls at most `attempts` times, ends in time.
public struct RunCallController: KindController {
  private static let firstWait: Duration = .seconds(1)
  private static let longestWait: Duration = .seconds(60)

  public let kind: String
  private let spec: KindSpec
  private let run: KindSpec.Run
  private let call: KindSpec.RunCall

  /// Nil for kinds that call nothing.
  public init?(_ spec: KindSpec) {
    guard let run = spec.run, let call = run.call else { return nil }
    kind = spec.name
    self.spec = spec
    self.run = run
    self.call = call
  }

  public func decide(_ input: ReconcileInput) -> Decision {
    if input.deleting { return Decision(status: input.status, finished: true) }
    if RunStatus.isFinished(input.status) { return Decision(status: input.status) }
    var status = RunStatus(input)
    let scope = RunScope(input: input, kind: spec)
    if let reply = input.replies.last { return decide(reply, &status, input) }
    if input.spec["cancel"]?.bool == true { return Decision(status: status.ended("Cancelled", "it was cancelled")) }
    if status.attempts == 0 {
      if let reject = run.reject, scope.truth(reject) == true {
        return Decision(status: status.ended("Rejected", "the decision was no"))
      }
      // A gate that cannot be computed stays shut: nothing is done on a guess.
      if let gate = run.gate, scope.truth(gate) != false { return Decision(status: status.waiting("it waits for a decision")) }
    }
    if let next = input.status["nextAttemptAt"].timestamp, next > input.now {
      return Decision(status: input.status, lookAgain: next - input.now)
    }
    return begin(&status, scope, input)
  }

  private func begin(_ status: inout RunStatus, _ scope: RunScope, _ input: ReconcileInput) -> Decision {
    var arguments = ObjectMap()
    for (name, program) in call.with {
      switch program.evaluate(scope) {
      case .success(let value): arguments[name] = RunScope.stored(value)
      case .failure(let failure):
        return Decision(status: status.ended("Failed", "\(name) cannot be computed: \(failure)"))
      }
    }
    status.attempts += 1
    let step = Step(
      name: "call-\(status.attempts)", service: call.source, operation: call.op, arguments: .object(arguments), kind: call.kind,
      deadline: call.deadline, sensitive: spec.holdsSecrets)
    return Decision(
      status: status.running("\(call.source) \(call.op), attempt \(status.attempts)"), steps: [step],
      events: [("Calling", "\(call.source) \(call.op) is asked, attempt \(status.attempts)", false)])
  }

  private func decide(_ reply: StepReply, _ status: inout RunStatus, _ input: ReconcileInput) -> Decision {
    let said = reply.value["error"]["message"].string ?? reply.value["error"].string ?? "the call failed"
    switch reply.outcome {
    case .done:
      status.result = reply.value
      return Decision(status: status.succeeded("\(call.source) \(call.op) is done"))
    case .unknown:
      return Decision(
        status: status.ended("Unknown", "the reply of \(call.source) was lost, and the call is not repeated"),
        events: [("ReplyLost", said, true)])
    case .failed:
      status.result = reply.value
      if status.attempts >= run.attempts {
        return Decision(status: status.ended("Failed", said), events: [("Failed", said, true)])
      }
      let wait = Backoff.jittered(
        Backoff.delay(failures: status.attempts, initial: Self.firstWait, most: Self.longestWait),
        seed: input.metadata.uid.description + "\(status.attempts)")
      var next = status.running("attempt \(status.attempts) failed: \(said)")
      next["nextAttemptAt"] = .string((input.now + wait).description)
      return Decision(status: next, lookAgain: wait, events: [("AttemptFailed", said, true)])
    }
  }
}

/// What the expressions of a run read: its fields, what they refer to, `self`, `now`.
struct RunScope: CELScope {
  let input: ReconcileInput
  let kind: KindSpec

  func lookup(_ name: String) -> CELValue? {
    switch name {
    case "self": .object(RunObject(input: input, kind: kind))
    case "now": Self.time(input.now)
    default: RunObject(input: input, kind: kind).member(name)
    }
  }

  /// Nil when it cannot be computed.
  func truth(_ program: CELProgram) -> Bool? {
    guard case .success(.bool(let truth)) = program.evaluate(self) else { return nil }
    return truth
  }

  static func time(_ time: Timestamp) -> CELValue {
    let seconds = Int(time.seconds.rounded(.down))
    return .timestamp(seconds: seconds, nanos: Int32((time.microseconds - seconds * 1_000_000) * 1000))
  }

  /// Objects as their uids.
  static func stored(_ value: CELValue) -> Value {
    switch value {
    case .object(let object): .string(object.identity ?? "")
    case .list(let items): .list(items.map(stored))
    default: value.value
    }
  }
}

private struct RunObject: CELObject {
  let input: ReconcileInput
  let kind: KindSpec
  var keys: [String] { kind.fields.map(\.name) }
  var identity: String? { input.metadata.uid.description }

  func member(_ name: String) -> CELValue? {
    if let field = kind.field(name) {
      let value = field.isObserved ? input.status[name] : input.spec[name] ?? .null
      if field.reference != nil, let uid = value.string.flatMap({ UID($0) }), let target = input.related[uid] {
        return .object(RelatedObject(uid: uid, value: target))
      }
      if field.type == .timestamp, let time = value.timestamp { return RunScope.time(time) }
      return CELValue(value)
    }
    switch name {
    case "id", "uid": return .string(input.metadata.uid.description)
    case "name": return .string(input.metadata.name)
    case "createdAt": return RunScope.time(input.metadata.created)
    case "generation": return .int(input.metadata.generation)
    case "attempts": return .int(input.status["attempts"].int ?? 0)
    case "phase": return .string(input.status["phase"].string ?? "Queued")
    case "result", "error", "progress": return CELValue(input.status[name])
    default: return nil
    }
  }
}

/// An object that a field of the run names.
private struct RelatedObject: CELObject {
  let uid: UID
  let value: Value
  var keys: [String] { (value["spec"].object?.keys).map { Array($0) } ?? [] }
  var identity: String? { uid.description }

  func member(_ name: String) -> CELValue? {
    switch name {
    case "id", "uid": .string(uid.description)
    case "name": .string(value["name"].string ?? "")
    case "ready": .bool(value["ready"].bool ?? false)
    case "labels": CELValue(value["labels"])
    default: CELValue(value["spec"].object?[name] ?? value["status"][name])
    }
  }
}
