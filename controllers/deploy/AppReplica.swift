// One replica of an app: what the runtime sees of it now, and what the controller remembers of it.
import Core
import Kinds

/// A replica in the runtime's observation.
struct ReplicaFact {
  enum State: String {
    case running
    /// It ended by itself, or something killed it.
    case exited
    /// The runtime was asked to stop it, or stopped it when it shut down.
    case stopped
  }
  let index: Int
  let pid: Int?
  let state: State
  let exitCode: Int?
  let signal: Int?
  let startedAt: Timestamp?
  let exitedAt: Timestamp?
  let revision: String
  let healthy: Bool?
  let wasHealthy: Bool
  let port: Int?

  init?(_ value: Value) {
    guard let index = value["index"].int, let state = State(rawValue: value["state"].string ?? "") else { return nil }
    self.index = index
    self.state = state
    pid = value["pid"].int
    exitCode = value["exitCode"].int
    signal = value["signal"].int
    startedAt = value["startedAt"].string.flatMap { Timestamp($0) }
    exitedAt = value["exitedAt"].string.flatMap { Timestamp($0) }
    revision = value["revision"].string ?? ""
    healthy = value["healthy"].bool
    wasHealthy = value["wasHealthy"].bool ?? false
    port = value["port"].int
  }

  /// Tells one end from another.
  var endKey: String { (exitedAt ?? startedAt)?.description ?? "unknown" }

  /// How the process ended, for people: `exited with code 1`, `was killed by signal 9 (SIGKILL)`.
  var ending: String {
    if let signal { return "was killed by signal \(signal)" + (Self.signalNames[signal].map { " (\($0))" } ?? "") }
    if let exitCode { return "exited with code \(exitCode)" }
    return "ended (how is not known: it was started by an earlier plumb)"
  }

  private static let signalNames = [
    1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL", 11: "SIGSEGV",
    13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM",
  ]
}

/// What `status.copies` keeps of a replica from one decision to the next.
struct ReplicaMemory {
  /// A run that lasted this long starts the backoff afresh.
  static let stableAfter: Duration = .seconds(5)
  /// Starts of one replica are at least this far apart.
  static let leastSpacing: Duration = .seconds(1)

  var index: Int
  var restarts = 0
  /// Ends and failed starts in a row, none of them after a stable run.
  var failures = 0
  /// Not started again before then.
  var notBefore: Timestamp?
  /// The end that was last counted, by its time.
  var countedExit: String?
  /// Why the next start is a restart; nil when it is not.
  var restartOf: String?
  var error: Value = .null

  init(index: Int) { self.index = index }

  init?(_ value: Value) {
    guard let index = value["index"].int else { return nil }
    self.index = index
    restarts = value["restarts"].int ?? 0
    failures = value["failures"].int ?? 0
    notBefore = value["notBefore"].string.flatMap { Timestamp($0) }
    countedExit = value["countedExit"].string
    restartOf = value["restartOf"].string
    error = value["error"]
  }

  /// The entry of `status.copies`: memory and fact together.
  func value(with fact: ReplicaFact?) -> Value {
    var entry: ObjectMap = ["index": .int(index), "state": .string(fact?.state.rawValue ?? "absent")]
    entry["pid"] = fact?.state == .running ? fact?.pid.map(Value.int) : nil
    entry["port"] = fact?.port.map(Value.int)
    entry["revision"] = fact.map { .string($0.revision) }
    entry["startedAt"] = fact?.startedAt.map { .string($0.description) }
    entry["healthy"] = fact?.state == .running ? fact?.healthy.map(Value.bool) : nil
    entry["restarts"] = .int(restarts)
    entry["failures"] = .int(failures)
    entry["notBefore"] = notBefore.map { .string($0.description) }
    entry["countedExit"] = countedExit.map(Value.string)
    entry["restartOf"] = restartOf.map(Value.string)
    if !error.isNull { entry["error"] = error }
    return .object(entry)
  }

  /// Counts an end that was not asked for, and sets when the next start may be.
  mutating func countExit(_ fact: ReplicaFact, settings: AppSettings, now: Timestamp) {
    let ended = fact.exitedAt ?? now
    countedExit = fact.endKey
    let lasted = fact.startedAt.map { ended - $0 } ?? .zero
    // A process that was up and then killed from outside is no sign of a program that cannot run.
    let killed = fact.signal.map { [2, 9, 15].contains($0) } ?? false
    let stable = lasted >= Self.stableAfter || fact.wasHealthy || killed && lasted >= Self.leastSpacing
    failures = stable ? 0 : failures + 1
    let earliest = fact.startedAt.map { $0 + Self.leastSpacing } ?? now
    // The first end in a row is followed by a start at once.
    notBefore = max(
      earliest, ended + Backoff.delay(failures: failures - 1, initial: settings.firstDelay, most: settings.mostDelay))
    restartOf = "it " + fact.ending
  }

  /// Counts a start that did not succeed.
  mutating func countFailedStart(_ error: Value, settings: AppSettings, now: Timestamp) {
    failures += 1
    self.error = error
    notBefore = now + Backoff.delay(failures: failures, initial: settings.firstDelay, most: settings.mostDelay)
  }
}
