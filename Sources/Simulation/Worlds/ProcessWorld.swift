// The processes of a simulated host: the contract of the process runtime (docs/RUNTIME.md), in memory. Outlives its workers.
import Core
import Foundation
import Kinds
import Ports

/// Stands for the `process` service.
public final class ProcessWorld: ServicePort, @unchecked Sendable {
  public let name = "process"
  public let answersAtOnce = true

  struct Child: Sendable, Hashable {
    var pid: Int
    var revision: String
    var key: String
    var startedAt: Timestamp
    var running: Bool
    var exitedAt: Timestamp?
  }

  private let lock = NSLock()
  private let clock: any Clock
  private var children: [UID: [Int: Child]] = [:]
  private var tenants: [UID: UID] = [:]
  /// Index and revision of all that was ever started, by app.
  private var everStarted: [UID: Set<String>] = [:]
  private var listeners: [AsyncStream<(tenant: UID, uid: UID, kind: String)>.Continuation] = []
  private var nextPID = 100
  /// Starts of an index while a child of it was running: must stay 0.
  private(set) var doubleStarts = 0
  /// A runtime that does not know what it started, and starts it again: a planted bug.
  private let forgetful: Bool

  init(clock: any Clock, forgetful: Bool = false) {
    self.clock = clock
    self.forgetful = forgetful
  }

  /// Running children: index → revision.
  func running(_ app: UID) -> [Int: String] {
    lock.withLock { (children[app] ?? [:]).filter { $0.value.running }.mapValues(\.revision) }
  }

  /// Apps with a running child.
  var apps: [UID] { lock.withLock { children.filter { $0.value.contains { $0.value.running } }.keys.sorted() } }

  func wasStarted(_ app: UID, index: Int, revision: String) -> Bool {
    lock.withLock { everStarted[app]?.contains("\(index)/\(revision)") ?? false }
  }

  /// A child ends by itself.
  func kill(_ app: UID, index: Int) {
    let wake: (tenant: UID, uid: UID, kind: String)? = lock.withLock {
      guard let child = children[app]?[index], child.running, let tenant = tenants[app] else { return nil }
      children[app]?[index]?.running = false
      children[app]?[index]?.exitedAt = clock.now()
      return (tenant, app, "App")
    }
    if let wake { for listener in lock.withLock({ listeners }) { listener.yield(wake) } }
  }

  public func wakes() -> AsyncStream<(tenant: UID, uid: UID, kind: String)> {
    let (stream, end) = AsyncStream<(tenant: UID, uid: UID, kind: String)>.makeStream(bufferingPolicy: .bufferingNewest(100))
    lock.withLock { listeners.append(end) }
    return stream
  }

  public func observe(_ metadata: ObjectMetadata, operation: String, arguments: Value) async throws -> Value {
    // Who runs is healthy.
    let checked = !arguments["healthCheck"].isNull
    let list = lock.withLock { (children[metadata.uid] ?? [:]).sorted { $0.key < $1.key } }
    return [
      "known": .bool(!list.isEmpty), "commandError": .null,
      "replicas": .list(
        list.map { index, child in
          [
            "index": .int(index), "pid": .int(child.pid), "state": child.running ? "running" : "exited",
            "exitCode": child.running ? .null : 1, "signal": .null, "startedAt": .string(child.startedAt.description),
            "exitedAt": Value(child.exitedAt?.description), "revision": .string(child.revision), "port": 0,
            "healthy": checked && child.running ? true : .null, "wasHealthy": .bool(checked), "healthError": .null,
          ]
        }),
    ]
  }

  public func perform(_ step: Step, key: String, metadata: ObjectMetadata) async -> StepReply {
    lock.withLock {
      let index = step.arguments["index"].int ?? 0
      switch step.operation {
      case "start": return start(step, index, key, metadata)
      case "stop":
        children[metadata.uid]?[index] = nil
        return StepReply(step: step.name, outcome: .done, value: .emptyObject)
      case "forget":
        children[metadata.uid] = nil
        return StepReply(step: step.name, outcome: .done, value: .emptyObject)
      default: return StepReply(step: step.name, outcome: .failed, value: ["error": ["code": "operation", "message": "unknown"]])
      }
    }
  }

  private func start(_ step: Step, _ index: Int, _ key: String, _ metadata: ObjectMetadata) -> StepReply {
    if let child = children[metadata.uid]?[index], child.running {
      if !forgetful, child.key == key { return reply(step, child) }
      doubleStarts += 1
      if !forgetful {
        return StepReply(
          step: step.name, outcome: .failed, value: ["error": ["code": "already_running", "message": "simulated"]])
      }
    }
    nextPID += 1
    let child = Child(
      pid: nextPID, revision: step.arguments["revision"].string ?? "", key: key, startedAt: clock.now(), running: true,
      exitedAt: nil)
    children[metadata.uid, default: [:]][index] = child
    tenants[metadata.uid] = metadata.tenant
    everStarted[metadata.uid, default: []].insert("\(index)/\(child.revision)")
    return reply(step, child)
  }

  public func probe(_ step: Step, key: String, metadata: ObjectMetadata) async -> StepReply? {
    if forgetful { return nil }
    return lock.withLock {
      guard step.operation == "start", let child = children[metadata.uid]?[step.arguments["index"].int ?? -1], child.key == key
      else { return nil }
      return reply(step, child)
    }
  }

  private func reply(_ step: Step, _ child: Child) -> StepReply {
    StepReply(step: step.name, outcome: .done, value: ["pid": .int(child.pid), "port": 0])
  }
}
