// This node among the nodes: registers itself, and notes once a minute how it does. One append a minute, whatever the load.
import Core
import Foundation
import Kinds
import Ports
import Reconciling
import RestView

final class NodeMonitor: @unchecked Sendable {
  static let every = Duration.seconds(60)
  /// Days that rows are looked back for by the longest range of the API; nodes not seen for longer are forgotten.
  static let forgetAfter = Duration.seconds(32 * 86_400)

  private let engine: Engine
  private let host: UID
  private let calls: CallTally
  private let rest: @Sendable () -> RestHandler?
  private let newUID: @Sendable () -> UID
  private let log: @Sendable (String) -> Void
  private var node: UID?
  private var last: Reading

  private struct Reading {
    var at: Timestamp
    var cpuSeconds: Double
    var requests: Int
    var seconds: Double
    var statements: Int
  }

  init(
    engine: Engine, host: UID, calls: CallTally, rest: @escaping @Sendable () -> RestHandler?,
    newUID: @escaping @Sendable () -> UID, log: @escaping @Sendable (String) -> Void
  ) {
    self.engine = engine
    self.host = host
    self.calls = calls
    self.rest = rest
    self.newUID = newUID
    self.log = log
    last = Reading(at: engine.clock.now(), cpuSeconds: 0, requests: 0, seconds: 0, statements: 0)
  }

  /// Runs until cancelled. The first row comes at once, so that a new node is seen.
  func run() async {
    guard engine.catalog.kind("Node") != nil, engine.catalog.kind("NodeSample") != nil else { return }
    last = read()
    var rounds = 0
    while !Task.isCancelled {
      do {
        if node == nil { node = try await register() }
        try await sample()
        if rounds % 60 == 0 { try await forget() }
      } catch { log("node: \(error)") }
      rounds += 1
      await engine.clock.sleep(Self.every)
    }
  }

  private func register() async throws -> UID? {
    let key = ObjectKey(tenant: .rootTenant, kind: "Node", name: host.description)
    let known = try await engine.store.objects(named: [key]).first { !$0.deleted }
    let fields: ObjectMap = [
      "hostname": .string(ProcessInfo.processInfo.hostName), "version": .string(PlumbVersion.text),
      "region": .string(ProcessInfo.processInfo.environment["PLUMB_REGION"] ?? "local"),
      "startedAt": .string(engine.clock.now().description),
    ]
    let intent =
      known.map { Intent(.patch, .uid(tenant: .rootTenant, kind: "Node", $0.uid), fields: fields, writer: .controller) }
      ?? Intent(.create, .key(key), fields: fields, writer: .controller)
    let outcome = try await engine.write([intent], origin: Origin(manager: .api, actor: "system", action: "register"))
    return outcome.object(0)?.uid ?? known?.uid
  }

  private func read() -> Reading {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    let routes = rest()?.routeCounts() ?? []
    return Reading(
      at: engine.clock.now(), cpuSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
      requests: routes.reduce(0) { $0 + $1.total }, seconds: routes.reduce(0) { $0 + $1.seconds },
      statements: engine.store.statementCount)
  }

  private func sample() async throws {
    guard let node else { return }
    let now = read()
    let elapsed = max(0.001, (now.at - last.at).inSeconds)
    let requests = now.requests - last.requests
    func rounded(_ number: Double) -> Value { .double((number * 100).rounded() / 100) }
    var rows = [
      RecordRow(
        tenant: .rootTenant, uid: newUID(), kind: "NodeSample", at: now.at,
        fields: [
          "node": .string(node.description), "cpu": rounded((now.cpuSeconds - last.cpuSeconds) / elapsed * 100),
          "memoryMB": rounded(Double(Metrics.residentBytes()) / 1_048_576), "requests": .int(requests),
          "latencyMs": requests > 0 ? rounded((now.seconds - last.seconds) * 1000 / Double(requests)) : 0,
        ])
    ]
    var made = calls.take()
    made["postgresql", default: 0] += max(0, now.statements - last.statements)
    for (name, count) in made.sorted(by: { $0.key < $1.key }) where count > 0 {
      rows.append(
        RecordRow(
          tenant: .rootTenant, uid: newUID(), kind: "IntegrationSample", at: now.at,
          fields: ["integration": .string(name), "calls": .int(count)]))
    }
    last = now
    try await engine.store.append(records: rows)
    try await engine.store.note(lastUsed: [(tenant: .rootTenant, uid: node, at: now.at)])
  }

  /// Nodes that are long gone.
  private func forget() async throws {
    let nodes = try await engine.store.list(ObjectQuery(tenant: .rootTenant, kind: "Node", limit: 1000)).objects
    let seen = try await engine.store.lastUsed(tenant: .rootTenant, uids: nodes.map(\.uid))
    let old = engine.clock.now() - Self.forgetAfter
    let gone = nodes.filter { $0.uid != node && (seen[$0.uid] ?? $0.created) < old }
    if gone.isEmpty { return }
    _ = try await engine.write(
      gone.map { Intent(.delete, .uid(tenant: .rootTenant, kind: "Node", $0.uid), writer: .controller) },
      origin: Origin(manager: .api, actor: "system", action: "forget"))
  }
}
