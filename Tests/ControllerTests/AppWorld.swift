// A model of the process runtime and of the engine's loop, for tests of the App controller.
import Controllers
import Core
import Kinds

/// Processes that start, end and fall ill as a test says. Fails the run when an index is started while it runs.
final class AppWorld {
  struct Process {
    var pid: Int
    var state: String
    var revision: String
    var startedAt: Timestamp
    var exitedAt: Timestamp?
    var exitCode: Int?
    var signal: Int?
    var healthy: Bool?
    var wasHealthy = false
  }
  var now = Timestamp("2026-03-01T10:00:00Z")!
  var processes: [Int: Process] = [:]
  var spec: ObjectMap
  var status: Value = .null
  var related: [UID: Value] = [:]
  var needed: (Need) -> [Value] = { _ in [] }
  var deleting = false
  var commandError: Value = .null
  /// What a start of an index fails with; nil: it succeeds.
  var startError: (Int) -> Value? = { _ in nil }
  /// Health of a process that has just been started.
  var health: Bool?
  var faults: [String] = []
  var events: [(reason: String, message: String)] = []
  var records: [(kind: String, row: ObjectMap)] = []
  var limits: [StatusLimit] = []
  var stepsTaken = 0
  private var known = false
  private var nextPid = 100
  private var names: Set<String> = []
  private var replies: [StepReply] = []
  let controller = AppController()
  let uid = UID(high: 0x0199_0000_0000_7000, low: 0x8000_0000_0000_0007)

  init(spec: ObjectMap) { self.spec = spec }

  func input() -> ReconcileInput {
    var input = ReconcileInput(
      spec: spec,
      metadata: ObjectMetadata(tenant: .rootTenant, uid: uid, kind: "App", name: "web", generation: 1, labels: [:], created: now),
      deleting: deleting, status: status, world: observed, related: related, replies: replies, now: now)
    for _ in 0..<3 {
      let open = controller.needs(input).filter { input.needed[$0.name] == nil }
      if open.isEmpty { break }
      for need in open { input.needed[need.name] = needed(need) }
    }
    return input
  }

  private var observed: Value {
    let replicas = processes.sorted { $0.key < $1.key }.map { index, p -> Value in
      [
        "index": .int(index), "pid": .int(p.pid), "state": .string(p.state), "revision": .string(p.revision),
        "startedAt": .string(p.startedAt.description), "exitedAt": Value(p.exitedAt?.description), "exitCode": Value(p.exitCode),
        "signal": Value(p.signal), "healthy": p.healthy.map(Value.bool) ?? .null, "wasHealthy": .bool(p.wasHealthy),
      ]
    }
    return ["known": .bool(known), "replicas": .list(replicas), "commandError": commandError]
  }

  /// One decision, committed and carried out. Returns it.
  @discardableResult func turn() -> Decision {
    let decision = controller.decide(input())
    status = decision.status
    replies = []
    events += decision.events.map { ($0.reason, $0.message) }
    records += decision.records
    limits = decision.limits
    var started: Set<Int> = []
    for step in decision.steps {
      if !names.insert(step.name).inserted { faults.append("step name \(step.name) used twice") }
      let index = step.arguments["index"].int ?? -1
      if step.operation == "start", !started.insert(index).inserted { faults.append("two starts of \(index) in one decision") }
      stepsTaken += 1
      let reply = perform(step, index)
      replies.append(reply)
      if reply.outcome != .done { break }
    }
    return decision
  }

  private func perform(_ step: Step, _ index: Int) -> StepReply {
    switch step.operation {
    case "start":
      if processes[index]?.state == "running" { faults.append("start of \(index) while it runs") }
      if let error = startError(index) { return StepReply(step: step.name, outcome: .failed, value: ["error": error]) }
      nextPid += 1
      known = true
      processes[index] = Process(
        pid: nextPid, state: "running", revision: step.arguments["revision"].string ?? "", startedAt: now, healthy: health,
        wasHealthy: health == true)
    case "stop":
      processes[index]?.state = "stopped"
      processes[index]?.exitedAt = now
    case "forget":
      processes = [:]
      known = false
    default: faults.append("unknown operation \(step.operation)")
    }
    return StepReply(step: step.name, outcome: .done, value: .emptyObject)
  }

  func kill(_ index: Int, signal: Int? = 9, code: Int? = nil) {
    guard processes[index]?.state == "running" else { return }
    processes[index]?.state = "exited"
    processes[index]?.exitedAt = now
    processes[index]?.signal = code == nil ? signal : nil
    processes[index]?.exitCode = code
  }

  /// Turns until a decision has no steps and asks for no further look, time moving as asked. False when it does not settle.
  func settle(most: Int = 200) -> Bool {
    for _ in 0..<most {
      let decision = turn()
      if decision.finished { return true }
      if decision.steps.isEmpty {
        guard let wait = decision.lookAgain else { return true }
        now = now + wait
      } else {
        now = now + .milliseconds(20)
      }
    }
    return false
  }

  func condition(_ type: String) -> Condition? {
    (status["conditions"].list ?? []).compactMap { Condition($0) }.first { $0.type == type }
  }
  var running: [Int] { processes.filter { $0.value.state == "running" }.keys.sorted() }
  var revisions: Set<String> { Set(processes.values.filter { $0.state == "running" }.map(\.revision)) }
}
