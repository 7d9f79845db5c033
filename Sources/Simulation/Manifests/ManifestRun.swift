// One run of a user's manifests: tenants, the state before, the apply under faults, quiet, and the question whether all is well.
import Core
import Kinds
import Manifests
import Planning
import Ports
import Reconciling

final class ManifestRun: @unchecked Sendable {
  private let simulation: ManifestSimulation
  private let request: ManifestSimulation.Request
  private let rates: FaultRates
  private let platform: SimulatedPlatform
  private(set) var isOver = false
  private(set) var outcome: ManifestOutcome

  init(
    _ simulation: ManifestSimulation, _ request: ManifestSimulation.Request, seed: UInt64, rates: FaultRates,
    executor: SimExecutor
  ) {
    self.simulation = simulation
    self.request = request
    self.rates = rates
    platform = SimulatedPlatform(simulation, replicas: request.replicas, seed: seed, skewed: rates.isAny, executor: executor)
    outcome = ManifestOutcome(seed: seed)
  }

  func run() async {
    platform.cluster.start()
    do {
      try await prepare()
      try await course()
    } catch let problems as Problems {
      outcome.refused = problems
    } catch let problem as Problem {
      outcome.refused = Problems(problem)
    } catch { outcome.problems.append("\(error)") }
    outcome.injected = platform.cluster.faults
    outcome.replicas = platform.cluster.starts
    outcome.timeline = platform.timeline.entries
    await platform.cluster.end()
    isOver = true
  }

  /// The tenants that the manifests speak of, and the state before.
  private func prepare() async throws {
    try await platform.makeRoot()
    let read = ManifestReader.read(files: (request.base + request.files).map { ($0.name, $0.bytes) }, catalog: simulation.catalog)
    let stated = Set(read.manifests.filter { $0.kind.name == "Tenant" }.map(\.name)).subtracting([request.tenant])
    for name in Set([request.tenant] + read.manifests.compactMap(\.tenant)).subtracting(stated).sorted() {
      try await platform.tenant(name)
    }
    guard !request.base.isEmpty else { return }
    _ = try await apply(request.base, prune: false)
    if let first = try await platform.settle(within: ManifestSimulation.patience).first {
      throw Problem(.failure, code: "base", "The state before does not become ready: \(first).", fix: "Simulate --base alone.")
    }
  }

  private func course() async throws {
    let timeline = platform.timeline
    timeline.begin()
    if rates.isAny { platform.cluster.fail(rates) }
    let healed = platform.clock.now() + request.duration
    let applied = try await apply(request.files, prune: request.prune)
    timeline.add(.client, "client", "hears that set \(request.set) is applied: \(applied)")
    if rates.isAny {
      let rest = healed - platform.clock.now()
      if rest > .zero { await platform.executor.pause(rest) }
      platform.cluster.heal()
      timeline.add(.replica, "world", "the faults end")
      // What is still on the wire must change nothing that is not put right again.
      await platform.executor.pause(Simulation.rest)
    }
    let open = try await platform.settle(within: ManifestSimulation.patience)
    outcome.converged = open.isEmpty
    outcome.took = open.isEmpty ? timeline.lastMove : nil
    outcome.problems = open + platform.store.violations + platform.standIns.violations
    if platform.processes.doubleStarts > 0 {
      outcome.problems.append("\(platform.processes.doubleStarts) starts of a process that was running")
    }
    outcome.problems += try await feedFaults()
    outcome.world = platform.world.state()
    timeline.add(.end, "world", open.isEmpty ? "all is as it should be" : "\(open.count) things are not as they should be")
  }

  private func apply(_ files: [ApplyFile], prune: Bool) async throws -> String {
    let tenant = try await platform.tenant(request.tenant)
    let outcome = try await platform.apply(
      ApplyRequest(
        set: request.set, owner: tenant, prune: prune, takeOver: request.takeOver, files: files, secrets: request.secrets))
    let plan = outcome.plan
    return "\(plan.count(.create)) created, \(plan.count(.update)) updated, \(plan.count(.delete)) deleted, "
      + "\(plan.count(.unchanged) + outcome.unchanged) unchanged"
  }

  /// The feed of each tenant is whole.
  private func feedFaults() async throws -> [String] {
    var faults: [String] = []
    for (name, tenant) in platform.tenants.sorted(by: { $0.key < $1.key }) {
      guard case .changes(let changes, _) = try await platform.memory.changes(tenant: tenant, after: 0, limit: 100_000) else {
        continue
      }
      let end = try await platform.memory.position(tenant: tenant)
      if changes.map(\.position) != Array(1..<(end + 1)) {
        faults.append("the feed of tenant \(name) has gaps or is out of order")
      }
    }
    return faults
  }
}
