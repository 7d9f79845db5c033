// A run of the whole engine from one seed: wishes and faults, then quiet, then the question whether all is as it should be.
import Core
import Kinds
import Ports

public struct Simulation: Sendable {
  static let start = Timestamp(microseconds: 1_767_225_600_000_000)
  /// After the faults have ended nothing is on the wire any more within this time.
  static let rest = Duration.seconds(27)
  /// Then the world must be as it should be within this time: the longest wait of a retry, twice, and a rollout.
  static let patience = Duration.seconds(240)
  /// Nothing of a run takes longer, in virtual time.
  static let longest = Duration.seconds(3600)

  let catalog: KindCatalog
  let controllers: [any KindController]
  let cleanup: Set<String>

  /// - Parameters:
  ///   - controllers: those of the product; the one of `NotificationTest` is replaced by one that sends letters.
  public init(catalog: KindCatalog, controllers: [any KindController], cleanup: Set<String>) {
    self.catalog = catalog
    self.controllers = controllers.filter { $0.kind != "NotificationTest" } + [LetterController()]
    self.cleanup = cleanup
  }

  /// Runs a seed with faults; it must end as its wishes say. `compared`: runs it once more without any, which must end in the same world.
  public func check(seed: UInt64, compared: Bool, verbose: Bool = false) -> SimulationOutcome {
    var outcome = run(seed: seed, faulty: true, verbose: verbose)
    guard compared, outcome.faults.isEmpty else { return outcome }
    let calm = run(seed: seed, faulty: false)
    outcome.faults = calm.faults.map { "without faults: \($0)" }
    if calm.world != outcome.world { outcome.faults.append("it ended in another world than without faults") }
    return outcome
  }

  /// - Parameter point: one crash at one write, or the counting of writes.
  public func run(
    seed: UInt64, faulty: Bool, bug: PlantedBug? = nil, point: CrashPoint? = nil, verbose: Bool = false
  ) -> SimulationOutcome {
    let executor = SimExecutor(seed: seed &+ (faulty ? 0 : 0xca1_0000), start: Self.start)
    let run = SimulationRun(self, seed: seed, faulty: faulty, bug: bug, point: point, executor: executor, verbose: verbose)
    let task = Task(executorPreference: executor) { await run.run() }
    let ended = executor.run(until: Self.start + Self.longest) { run.isOver }
    task.cancel()
    var faults = run.faults
    if !ended { faults.append("the run did not end within \(executor.steps) steps") }
    if executor.foreign > 0 { faults.append("\(executor.foreign) jobs came from another thread") }
    return SimulationOutcome(
      seed: seed, faults: faults, trace: executor.trace, world: run.world, injected: run.cluster.faults,
      replicas: run.cluster.starts,
      steps: executor.steps, writes: point?.passed ?? 0, log: run.log.lines)
  }
}
