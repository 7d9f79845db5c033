// A whole platform in the simulated world: replicas, store, services, and a client that applies sets and waits.
import Core
import Identity
import Kinds
import Planning
import Ports
import Reconciling

public final class SimulatedPlatform: @unchecked Sendable {
  private static let maxAttempts = 2000

  private let simulation: ManifestSimulation
  let executor: SimExecutor
  let clock: SimClock
  let timeline: SimulationTimeline
  let memory: MemoryStore
  let store: TimelineStore
  let standIns: StandInServices
  let processes: ProcessWorld
  let world: ManifestWorld
  let cluster: SimCluster
  private(set) var tenants: [String: UID] = ["root": .rootTenant]

  init(_ simulation: ManifestSimulation, replicas: Int, seed: UInt64, skewed: Bool, executor: SimExecutor) {
    self.simulation = simulation
    self.executor = executor
    let clock = SimClock(executor)
    let timeline = SimulationTimeline(clock: clock)
    let memory = MemoryStore(catalog: simulation.catalog, clock: clock)
    let processes = ProcessWorld(clock: clock)
    let store = TimelineStore(memory, timeline: timeline)
    let standIns = StandInServices(store: memory, timeline: timeline)
    self.clock = clock
    self.timeline = timeline
    self.memory = memory
    self.processes = processes
    self.store = store
    self.standIns = standIns
    world = ManifestWorld(
      memory: memory, processes: processes, catalog: simulation.catalog, controlled: Set(simulation.controllers.map(\.kind)),
      clock: clock)
    cluster = SimCluster(
      executor: executor, seed: seed, log: SimLog(clock: clock, enabled: false), size: replicas, skewed: skewed
    ) { link in
      link.tell = { sort, text in timeline.add(sort, link.name, text) }
      timeline.add(.replica, link.name, "starts")
      return SimReplica(
        link: link, store: store, services: [processes], catalog: simulation.catalog, controllers: simulation.controllers,
        cleanup: simulation.cleanup, log: SimLog(clock: clock, enabled: false), standIn: { standIns[$0] })
    }
  }

  /// Runs `body` against a platform without faults, on the calling thread. Throws what it throws, or that it did not end.
  /// - Parameter longest: in virtual time.
  public static func run(
    _ simulation: ManifestSimulation, seed: UInt64, replicas: Int = 2, longest: Duration = .seconds(1_000_000),
    _ body: @escaping @Sendable (SimulatedPlatform) async throws -> Void
  ) throws {
    let executor = SimExecutor(seed: seed, start: Simulation.start, maxSteps: .max)
    let platform = SimulatedPlatform(simulation, replicas: replicas, seed: seed, skewed: false, executor: executor)
    let outcome = Outcome()
    let task = Task(executorPreference: executor) {
      platform.cluster.start()
      do {
        try await platform.makeRoot()
        try await body(platform)
      } catch { outcome.error = error }
      await platform.cluster.end()
      outcome.isOver = true
    }
    let ended = executor.run(until: Simulation.start + longest) { outcome.isOver }
    task.cancel()
    if let error = outcome.error { throw error }
    if !ended { throw Problem(.timeout, code: "simulation", "It did not come to an end within \(executor.steps) steps.") }
  }

  /// Written and read on the simulation's only thread.
  private final class Outcome: @unchecked Sendable {
    var error: (any Error)?
    var isOver = false
  }

  func makeRoot() async throws {
    try await write(
      Intent(
        .create, .key(ObjectKey(tenant: .rootTenant, kind: "Tenant", name: "root")), fields: ["title": "Root"],
        writer: .controller,
        newUID: .rootTenant))
  }

  /// A tenant of this name, made when it is not there.
  @discardableResult public func tenant(_ name: String) async throws -> UID {
    if let known = tenants[name] { return known }
    let outcome = try await write(
      Intent(
        .create, .key(ObjectKey(tenant: .rootTenant, kind: "Tenant", name: name)), fields: ["title": .string(name)],
        writer: .controller))
    guard let uid = outcome.object(0)?.uid else { throw Problem(.failure, code: "tenant", "Tenant \(name) was not made.") }
    tenants[name] = uid
    return uid
  }

  @discardableResult private func write(_ intent: Intent) async throws -> WriteOutcome {
    guard let replica = cluster.any() else { throw Problem(.unavailable, code: "replica", "No replica lives.") }
    return try await replica.engine.write([intent], origin: Origin(manager: .api, actor: "system", action: "bootstrap"))
  }

  /// Asks until there is an answer, as a client that tries again does. What the manifests are refused for is thrown.
  public func apply(_ request: ApplyRequest) async throws -> ApplyOutcome {
    var request = request
    for attempt in 1...Self.maxAttempts {
      if let replica = cluster.any() {
        if attempt == 1 { timeline.add(.client, "client", "sends set \(request.set ?? "default") to \(replica.link.name)") }
        let service = ApplyService(engine: replica.engine, digest: simulation.digest)
        do { return try await service.apply(request, caller: .system(tenant: request.owner)) } catch let problems as Problems
          where !Self.passes(problems)
        {
          // A guard asks, and here the answer is yes.
          guard request.confirm == nil, let token = problems.list.compactMap({ $0.details["confirm_token"]?.string }).first else {
            throw problems
          }
          request.confirm = token
        } catch { timeline.add(.client, "client", "gets no answer and asks again") }
      }
      await executor.pause(.milliseconds(500))
    }
    throw Problem(.timeout, code: "apply", "Nobody answered the apply.")
  }

  /// A refusal that asking again may cure.
  private static func passes(_ problems: Problems) -> Bool {
    [.unavailable, .timeout, .limited].contains(problems.category)
      || problems.list.allSatisfy { ["busy", "deleting"].contains($0.code) }
  }

  /// Waits, in virtual time, until all is as it should be; what is not, when the time is over.
  /// - Parameter ready: objects must be ready too, not only looked at.
  public func settle(within limit: Duration, ready: Bool = true) async throws -> [String] {
    let latest = clock.now() + limit
    var open = try await world.unsettled(ready: ready)
    while !open.isEmpty, clock.now() < latest {
      await executor.pause(.milliseconds(500))
      open = try await world.unsettled(ready: ready)
    }
    return open
  }

  /// Live objects of a kind.
  public func objects(_ kind: String) -> [StoredObject] { world.objects.filter { $0.kind == kind } }
}
