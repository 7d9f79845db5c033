// A small engine for tests of controllers: observe, need, decide, commit, take steps, until nothing is left to do.
import Core
import Kinds

final class ControllerLoop {
  let controller: any KindController
  var now = Timestamp("2026-03-01T10:00:00Z")!
  var spec: ObjectMap
  var metadata: ObjectMetadata
  var status: Value = .null
  var related: [UID: Value] = [:]
  var observe: (Value) -> Value = { _ in .null }
  var need: (Need) -> [Value] = { _ in [] }
  /// How a step ends. Steps after one that is not done are dropped.
  var perform: (Step) -> StepReply = { StepReply(step: $0.name, outcome: .done, value: .emptyObject) }
  var events: [(reason: String, message: String)] = []
  var records: [(kind: String, row: ObjectMap)] = []
  var writes: [ControllerWrite] = []
  var observations = 0
  private var names: Set<String> = []
  private(set) var repeatedNames: [String] = []
  private var replies: [StepReply] = []

  init(_ controller: any KindController, name: String = "it", spec: ObjectMap) {
    self.controller = controller
    self.spec = spec
    metadata = ObjectMetadata(
      tenant: .rootTenant, uid: UID(high: 0x0199_0000_0000_7000, low: 0x8000_0000_0000_0001), kind: controller.kind, name: name,
      generation: 1, labels: [:],
      created: Timestamp("2026-03-01T10:00:00Z")!)
  }

  @discardableResult func turn() -> Decision {
    var input = ReconcileInput(spec: spec, metadata: metadata, status: status, related: related, replies: replies, now: now)
    if let question = controller.observation(input) {
      observations += 1
      input.world = observe(question.arguments)
    }
    for _ in 0..<3 {
      let open = controller.needs(input).filter { input.needed[$0.name] == nil }
      if open.isEmpty { break }
      for question in open { input.needed[question.name] = need(question) }
    }
    let decision = controller.decide(input)
    status = decision.status
    events += decision.events.map { ($0.reason, $0.message) }
    records += decision.records
    writes += decision.writes
    replies = []
    for step in decision.steps {
      if !names.insert(step.name).inserted { repeatedNames.append(step.name) }
      let reply = perform(step)
      replies.append(reply)
      if reply.outcome != .done { break }
    }
    return decision
  }

  /// Turns until no step is left; the last decision.
  @discardableResult func run(most: Int = 100) -> Decision {
    var decision = turn()
    for _ in 0..<most where !decision.steps.isEmpty { decision = turn() }
    return decision
  }

  /// Runs, and lets time pass to each look that is asked for, until `end` or until nothing more is asked for.
  func run(until end: Timestamp, most: Int = 10_000) {
    for _ in 0..<most {
      let decision = run()
      guard let wait = decision.lookAgain, now + wait <= end else { return }
      now = now + wait
    }
  }

  func condition(_ type: String) -> Condition? {
    (status["conditions"].list ?? []).compactMap { Condition($0) }.first { $0.type == type }
  }
}
