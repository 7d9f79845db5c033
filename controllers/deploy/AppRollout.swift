// One decision about an app's processes: what ended, what starts, what is replaced, and what is said of it.
import Core
import Kinds

struct AppRollout {
  /// SIGTERM first; SIGKILL after this many seconds.
  static let graceSeconds = 10
  /// A process without health check counts as up after this long.
  static let settles: Duration = .seconds(1)
  /// Failed starts or early ends in a row after which the app is said to be in a crash loop.
  static let crashLoopFrom = 3

  let input: ReconcileInput
  let settings: AppSettings
  var conditions: ConditionSet
  private(set) var facts: [Int: ReplicaFact] = [:]
  private var memory: [Int: ReplicaMemory] = [:]
  private var status: Value
  private var steps: [Step] = []
  private var events: [(reason: String, message: String, warning: Bool)] = []
  private var records: [(kind: String, row: ObjectMap)] = []
  private var limits: [StatusLimit] = []
  private var lookAgain: Duration?
  var drift: [String] = []
  private var sequence: Int

  init(_ input: ReconcileInput) {
    self.input = input
    settings = AppSettings(input)
    conditions = ConditionSet(input)
    for fact in (input.world["replicas"].list ?? []).compactMap({ ReplicaFact($0) }) { facts[fact.index] = fact }
    for known in (input.status["copies"].list ?? []).compactMap({ ReplicaMemory($0) }) { memory[known.index] = known }
    sequence = input.status["sequence"].int ?? 0
    status = ["revision": .string(settings.revision)]
    for kept in ["placedServer", "placedOn", "lastExit"] where !input.status[kept].isNull { status[kept] = input.status[kept] }
    if input.status["revision"].string != settings.revision {
      for index in memory.keys {
        memory[index]?.failures = 0
        memory[index]?.notBefore = nil
        memory[index]?.error = .null
      }
    }
  }

  // MARK: Whole outcomes

  /// The runtime could not be asked: keep what is known, change nothing.
  mutating func unknown(_ reason: String, _ message: String) -> Decision {
    var kept = input.status
    conditions.set("Ready", .unknown, reason, message)
    kept["conditions"] = conditions.value
    return Decision(status: kept, lookAgain: .seconds(5))
  }

  /// No place for it yet. What runs already goes on.
  mutating func wait(_ reason: String, _ message: String) -> Decision {
    conditions.set("Ready", .no, reason, message)
    conditions.set("Progressing", .yes, reason, message)
    conditions.set("Placed", .no, reason, message)
    look(in: .seconds(5))
    return finish(phase: "Waiting")
  }

  mutating func setPlacement(server: UID?, name: String, limit: StatusLimit?, note: String?) {
    status["placedServer"] = Value(server?.description)
    status["placedOn"] = .string(name)
    if let limit { limits.append(limit) }
    if input.status["placedOn"].string != name {
      events.append(("Placed", server == nil ? "placed on this host" : "placed on server \(name)", false))
    }
    conditions.set("Placed", .yes, "Placed", note ?? (server == nil ? "it runs on this host" : "it is placed on server \(name)"))
  }

  mutating func stopAll(phase: String, _ truth: Condition.Truth, _ reason: String, _ message: String) -> Decision {
    for fact in running() { stop(fact, "Stopped", message) }
    memory = [:]
    let stopping = !steps.isEmpty
    conditions.set(
      "Ready", stopping ? .no : truth, stopping ? "Stopping" : reason, stopping ? "its processes are being stopped" : message)
    conditions.set("Progressing", stopping || truth == .no ? .yes : .no, stopping ? "Stopping" : reason, message)
    return finish(phase: stopping ? "Stopping" : phase)
  }

  /// Stops everything, then lets the runtime forget the app, then is finished.
  mutating func remove() -> Decision {
    guard input.world["replicas"].list != nil else {
      return unknown("RuntimeUnavailable", "waiting for the process runtime to stop its processes")
    }
    for fact in running() { stop(fact, "Stopped", "the app is being deleted") }
    if steps.isEmpty, input.world["known"].bool ?? !facts.isEmpty {
      step("forget", "forget", .emptyObject, .idempotent, .seconds(15))
    }
    conditions.set("Ready", .no, "Deleting", "it is being deleted")
    var decision = finish(phase: "Deleting")
    decision.finished = steps.isEmpty
    return decision
  }

  /// Towards `replicas` healthy processes of the present revision.
  mutating func converge() -> Decision {
    for index in memory.keys where index >= settings.replicas { memory[index] = nil }
    for index in 0..<settings.replicas where memory[index] == nil { memory[index] = ReplicaMemory(index: index) }
    readReplies()
    countExits()
    for fact in running() where fact.index >= settings.replicas {
      stop(fact, "ScaledDown", "the app has \(settings.replicas) replicas now")
    }
    seeDrift()
    let broken = input.world["commandError"]
    if broken.isNull {
      restartUnhealthy()
      startMissing()
      replaceOne()
    }
    state(broken)
    return finish(phase: phase(broken))
  }

  // MARK: What happened

  private mutating func readReplies() {
    for reply in input.replies where reply.outcome == .failed {
      let parts = reply.step.split(separator: "-")
      guard parts.count == 3, parts[0] == "start", let index = Int(parts[1]), memory[index] != nil else { continue }
      let error: Value = reply.value["error"]
      let message = error["message"].string ?? "the process could not be started"
      if memory[index]?.error != error { events.append(("StartFailed", "replica \(index): \(message)", true)) }
      memory[index]?.countFailedStart(error, settings: settings, now: input.now)
      record("failed", index, message: message)
    }
  }

  private mutating func countExits() {
    for index in 0..<settings.replicas {
      guard let fact = facts[index] else { continue }
      if fact.state == .running { memory[index]?.error = .null }
      guard fact.state == .exited, memory[index]?.countedExit != fact.endKey else { continue }
      memory[index]?.countExit(fact, settings: settings, now: input.now)
      let message = "replica \(index) (process \(fact.pid.map(String.init) ?? "?")) \(fact.ending)"
      events.append(("Exited", message, true))
      record("exited", index, exitCode: fact.exitCode, signal: fact.signal, message: message)
      status["lastExit"] = [
        "replica": .int(index), "exitCode": Value(fact.exitCode), "signal": Value(fact.signal),
        "at": Value(fact.exitedAt?.description),
        "message": .string(message),
      ]
    }
  }

  // MARK: What to do

  private mutating func restartUnhealthy() {
    for index in 0..<settings.replicas {
      guard let fact = facts[index], fact.state == .running, fact.revision == settings.revision, fact.healthy == false else {
        continue
      }
      stop(fact, "Unhealthy", "replica \(index) failed its health check")
      let lasted = fact.startedAt.map { input.now - $0 } ?? .zero
      let failures = fact.wasHealthy && lasted >= ReplicaMemory.stableAfter ? 0 : (memory[index]?.failures ?? 0) + 1
      memory[index]?.failures = failures
      let wait = Backoff.delay(failures: failures - 1, initial: settings.firstDelay, most: settings.mostDelay)
      memory[index]?.notBefore = input.now + wait
      memory[index]?.restartOf = "it failed its health check"
    }
  }

  private mutating func startMissing() {
    for index in 0..<settings.replicas where facts[index]?.state != .running {
      if let due = memory[index]?.notBefore, due > input.now { look(in: due - input.now) } else { start(index) }
    }
  }

  /// Replaces a process of an older revision, once each process of the present one is up.
  private mutating func replaceOne() {
    guard steps.isEmpty, let old = outdated().first else { return }
    for index in 0..<settings.replicas {
      guard let fact = facts[index], fact.state == .running else { return }
      if fact.revision == settings.revision, !isUp(fact) { return }
    }
    stop(old, "Replaced", "replica \(old.index) is replaced by revision \(settings.revision.prefix(8))")
    start(old.index)
  }

  private mutating func start(_ index: Int) {
    guard let known = memory[index] else { return }
    if let why = known.restartOf {
      events.append(("Restarted", "replica \(index) restarted after \(why)", false))
      record(
        "restarted", index, exitCode: facts[index]?.exitCode, signal: facts[index]?.signal, message: "restarted after \(why)")
      memory[index]?.restarts += 1
      memory[index]?.restartOf = nil
    } else if known.failures == 0 {
      events.append(("Started", "replica \(index) started with revision \(settings.revision.prefix(8))", false))
      record("started", index, message: "started with revision \(settings.revision.prefix(8))")
    }
    step("start-\(index)", "start", settings.start(index), .probed, .seconds(15))
  }

  private mutating func stop(_ fact: ReplicaFact, _ reason: String, _ message: String) {
    events.append((reason, message, reason == "Unhealthy"))
    let arguments: Value = ["index": .int(fact.index), "graceSeconds": .int(Self.graceSeconds)]
    step("stop-\(fact.index)", "stop", arguments, .idempotent, .seconds(Double(Self.graceSeconds + 10)))
  }

  // MARK: What is said

  private mutating func state(_ broken: Value) {
    let total = settings.replicas
    let ready = facts.values.filter { $0.index < total && $0.revision == settings.revision && isUp($0) }
    let old = outdated().count
    if ready.count == total, steps.isEmpty {
      let phrase = total == 1 ? "its process is running" : "all \(total) replicas are running"
      conditions.set("Ready", .yes, "Running", phrase)
      conditions.set("Progressing", .no, "Converged", "every replica is at revision \(settings.revision.prefix(8))")
      return
    }
    let (reason, message) = trouble(broken) ?? progress(ready: ready.count, old: old)
    conditions.set("Ready", .no, reason, message)
    let failing = old > 0 && (!broken.isNull || memory.values.contains { $0.failures >= Self.crashLoopFrom })
    conditions.set(
      "Progressing", failing ? .no : .yes, failing ? "RolloutFailed" : reason,
      failing ? "the change stopped: \(message); \(old) of \(total) replicas stay at the revision before" : message)
  }

  /// The first thing that is wrong, if anything is.
  private func trouble(_ broken: Value) -> (String, String)? {
    if !broken.isNull { return (camelCase(broken["code"].string), broken["message"].string ?? "its command cannot be run") }
    for known in memory.values.sorted(by: { $0.index < $1.index }) {
      let after = known.notBefore.map { $0 > input.now ? "; next start at \($0)" : "" } ?? ""
      if !known.error.isNull {
        return (camelCase(known.error["code"].string), (known.error["message"].string ?? "it cannot be started") + after)
      }
      if known.failures >= Self.crashLoopFrom {
        let last = status["lastExit"]["replica"].int == known.index ? status["lastExit"]["message"].string : nil
        let why = last.map { "\(known.failures) times in a row; \($0)" } ?? "\(known.failures) times in a row"
        return ("CrashLoop", "replica \(known.index) does not stay up, \(why)\(after)")
      }
    }
    if let ill = facts.values.filter({ $0.state == .running && $0.healthy == false }).min(by: { $0.index < $1.index }) {
      return ("Unhealthy", "replica \(ill.index) fails its health check")
    }
    return nil
  }

  private func progress(ready: Int, old: Int) -> (String, String) {
    old > 0
      ? ("RollingOut", "\(ready) of \(settings.replicas) replicas are at revision \(settings.revision.prefix(8))")
      : ("Starting", "\(ready) of \(settings.replicas) replicas are up")
  }

  private func phase(_ broken: Value) -> String {
    if conditions.list.contains(where: { $0.type == "Ready" && $0.truth == .yes }) { return "Running" }
    if !outdated().isEmpty { return "RollingOut" }
    if !broken.isNull || memory.values.contains(where: { !$0.error.isNull }) { return "Failed" }
    return memory.values.contains { $0.failures >= Self.crashLoopFrom } ? "CrashLoop" : "Starting"
  }

  // MARK: Parts

  func running() -> [ReplicaFact] { facts.values.filter { $0.state == .running }.sorted { $0.index < $1.index } }
  private func outdated() -> [ReplicaFact] {
    running().filter { $0.index < settings.replicas && $0.revision != settings.revision }
  }

  private func isUp(_ fact: ReplicaFact) -> Bool {
    guard fact.state == .running else { return false }
    if !settings.healthCheck.isNull { return fact.healthy == true }
    return fact.startedAt.map { input.now - $0 >= Self.settles } ?? true
  }

  private mutating func step(_ name: String, _ operation: String, _ arguments: Value, _ kind: Step.Class, _ deadline: Duration) {
    sequence += 1
    steps.append(
      Step(
        name: "\(name)-\(sequence)", service: "process", operation: operation, arguments: arguments, kind: kind,
        deadline: deadline,
        sensitive: operation == "start"))
  }

  private mutating func look(in wait: Duration) { lookAgain = min(lookAgain ?? wait, max(wait, .milliseconds(1))) }

  private mutating func record(_ type: String, _ index: Int, exitCode: Int? = nil, signal: Int? = nil, message: String) {
    records.append(
      (
        "AppEvent",
        [
          "app": .string(input.metadata.uid.description), "type": .string(type), "replica": .int(index),
          "exitCode": Value(exitCode),
          "signal": Value(signal), "message": .string(message),
        ]
      ))
  }

  private mutating func finish(phase: String) -> Decision {
    let live = running()
    if steps.isEmpty, input.world["replicas"].list != nil {
      for fact in live where fact.index < settings.replicas && !isUp(fact) {
        if settings.healthCheck.isNull, let started = fact.startedAt {
          look(in: started + Self.settles - input.now)
        } else {
          look(in: .seconds(5))
        }
      }
    }
    status["phase"] = .string(phase)
    status["readyReplicas"] = .int(live.filter { $0.revision == settings.revision && isUp($0) }.count)
    status["restarts"] = .int(max(input.status["restarts"].int ?? 0, 0) + records.filter { $0.row["type"] == "restarted" }.count)
    status["pids"] = .list(live.compactMap { $0.pid.map(Value.int) })
    status["url"] = live.isEmpty ? .null : Value(live.first?.port.map { "http://127.0.0.1:\($0)" })
    status["copies"] = .list(memory.values.sorted { $0.index < $1.index }.map { $0.value(with: facts[$0.index]) })
    status["sequence"] = .int(sequence)
    status["conditions"] = conditions.value
    var decision = Decision(
      status: status, steps: steps, lookAgain: steps.isEmpty ? lookAgain : nil, events: events, records: records, limits: limits)
    decision.drift = drift
    if !drift.isEmpty {
      decision.held = input.status
      for observed in ["readyReplicas", "pids", "url"] { decision.held[observed] = status[observed] }
      decision.held["phase"] = "Degraded"
    }
    return decision
  }

  /// `command_not_found` → `CommandNotFound`
  private func camelCase(_ code: String?) -> String {
    (code ?? "start_failed").split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }
}
