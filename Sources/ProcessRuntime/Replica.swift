// One replica as the supervisor holds it in memory.
import Core

/// Times are seconds of the monotonic clock.
struct Replica {
  var record: ReplicaRecord
  /// Becomes readable when the process ends; -1 when the kernel gave none, and then /proc is polled.
  var watch: Int32 = -1
  var health: HealthTracker?
  var probe: HealthProbe?
  /// It was asked to stop: its end is no crash.
  var stopping = false
  /// SIGKILL then.
  var killAt: Double?
  /// Stops being waited for then.
  var giveUpAt: Double?
  var waiters: [CheckedContinuation<Bool, Never>] = []

  var isRunning: Bool { record.state == .running }

  /// The entry of an observation; see docs/RUNTIME.md.
  var observation: Value {
    [
      "index": .int(record.index), "pid": isRunning ? .int(Int(record.pid)) : (record.pid > 0 ? .int(Int(record.pid)) : .null),
      "state": .string(record.state.rawValue), "exitCode": Value(record.exitCode), "signal": Value(record.signal),
      "startedAt": .string(record.startedAt.description), "exitedAt": Value(record.exitedAt?.description),
      "revision": .string(record.revision), "port": Value(record.port), "healthy": health?.healthy.map(Value.bool) ?? .null,
      "wasHealthy": .bool(record.wasHealthy), "healthError": Value(health?.lastError),
    ]
  }
}
