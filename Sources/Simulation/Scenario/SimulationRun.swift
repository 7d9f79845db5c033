// One run: its parts, put together, and its course.
import Core
import Kinds
import Ports

final class SimulationRun: @unchecked Sendable {
  private let seed: UInt64
  private let faulty: Bool
  private let executor: SimExecutor
  private let clock: SimClock
  private let scenario: Scenario
  private let tenants: [UID]
  private let watched: WatchedStore
  private let reader: WorldReader
  private let surroundings: SurroundingsReader
  private let client: SimClient
  private let watcher: SimWatcher
  private let rest: Duration
  let cluster: SimCluster
  let log: SimLog
  private(set) var faults: [String] = []
  private(set) var world: WorldState?
  private(set) var isOver = false

  init(
    _ simulation: Simulation, seed: UInt64, faulty: Bool, bug: PlantedBug?, point: CrashPoint?, executor: SimExecutor,
    verbose: Bool
  ) {
    self.seed = seed
    self.faulty = faulty
    self.executor = executor
    let clock = SimClock(executor)
    self.clock = clock
    scenario = Scenario(seed: seed)
    tenants = (0..<scenario.tenants).map { UID(high: 0x7000, low: 0x8000_0000_0000_00a0 | UInt64($0)) }
    let log = SimLog(clock: clock, enabled: verbose)
    self.log = log
    let memory = MemoryStore(catalog: simulation.catalog, clock: clock)
    let processes = ProcessWorld(clock: clock, forgetful: bug == .repeatedEffect)
    let letters = LetterWorld()
    let hooks = HookWorld()
    let repository = RepositoryWorld()
    let store: any StorePort =
      bug.map { PlantedStore(memory, bug: $0, random: SeededRandom(seed: seed ^ 0xb06), clock: clock) } ?? memory
    let watched = WatchedStore(store, world: processes, executor: executor, log: log)
    self.watched = watched
    let controllers = simulation.controllers.map { bug?.planted(in: $0) ?? $0 }
    cluster = SimCluster(
      executor: executor, seed: seed, log: log, size: scenario.replicas, point: point, skewed: faulty
    ) { link in
      SimReplica(
        link: link, store: watched, services: [processes, letters, hooks], repository: repository, catalog: simulation.catalog,
        controllers: controllers, cleanup: simulation.cleanup, log: log)
    }
    client = SimClient(
      cluster: cluster, executor: executor, world: processes, repository: repository, store: memory, seed: seed, log: log)
    watcher = SimWatcher(cluster: cluster, executor: executor, tenants: tenants, seed: seed)
    rest = faulty || point != nil ? Simulation.rest : .seconds(5)
    reader = WorldReader(store: memory, world: processes, letters: letters, tenants: tenants, clock: clock)
    surroundings = SurroundingsReader(
      store: memory, hooks: hooks, repository: repository, tenants: tenants, lastPush: scenario.pushes,
      lastPlan: scenario.moves.last ?? 0)
  }

  func run() async {
    cluster.start()
    await client.setUp(scenario, tenants)
    if faulty { cluster.fail(FaultRates.drawn(SeededRandom(seed: seed ^ 0xfa_0175))) }
    let start = clock.now()
    let watching = Task(executorPreference: executor) { await self.watcher.run() }
    await withTaskGroup(of: Void.self) { group in
      for lane in scenario.lanes {
        group.addTask { await self.client.make(lane, self.tenants[lane.tenant], from: start) }
      }
      group.addTask {
        await self.executor.pause(Scenario.duration)
        self.cluster.heal()
        self.log.add("the faults end")
      }
    }
    do { try await settle() } catch { faults.append("the store failed: \(error)") }
    watcher.stop()
    await watching.value
    await cluster.end()
    isOver = true
  }

  private func settle() async throws {
    await executor.pause(rest)
    let latest = clock.now() + Simulation.patience
    var open = try await unsettled()
    while !open.isEmpty, clock.now() < latest {
      await executor.pause(.seconds(1))
      open = try await unsettled()
    }
    for (number, tenant) in tenants.enumerated() {
      let end = try await reader.store.position(tenant: tenant)
      let patience = clock.now() + Simulation.rest
      while watcher.position(tenant) < end, clock.now() < patience { await executor.pause(.seconds(1)) }
      faults += watcher.faults(number, tenant, end: end)
    }
    faults += client.refused.map { "a wish was never granted: \($0)" }
    faults += open
    faults += watched.violations
    faults += try await reader.broken() + surroundings.broken()
    faults += try await reader.lost(client.promises)
    var state = try await reader.state()
    (state.pools, state.credits) = try await surroundings.state()
    world = state
    let wanted = scenario.desired
    for name in Set(wanted.keys).union(state.apps.keys).sorted() where wanted[name] != state.apps[name]?.desired {
      faults.append(
        "\(name) is to be \(wanted[name].map { JSON.text(.object($0)) } ?? "gone"), and the store has \(state.apps[name].map { JSON.text(.object($0.desired)) } ?? "nothing")"
      )
    }
  }

  private func unsettled() async throws -> [String] { try await reader.unsettled() + surroundings.unsettled() }
}
