// A user's manifests in the simulated world: applied while things fail, then looked at: did it get where it should, and as without faults?
import Core
import Kinds
import Ports
import Reconciling

public struct ManifestSimulation: Sendable {
  /// Things fail for so long after the apply, unless the caller says otherwise.
  public static let duration = Duration.seconds(60)
  /// After the faults it must be as it should be within this time.
  static let patience = Duration.seconds(900)
  /// Nothing of a run takes longer, in virtual time.
  static let longest = Duration.seconds(4 * 3600)
  static let mostReplicas = 5

  public struct Request: Sendable {
    public var files: [ApplyFile]
    /// What is there before: applied, and waited for, before anything fails.
    public var base: [ApplyFile]
    public var set: String
    public var prune: Bool
    public var takeOver: Bool
    /// The tenant that documents without one stand in.
    public var tenant: String
    public var secrets: [String: String]
    public var replicas: Int
    public var duration: Duration
    public init(
      files: [ApplyFile], base: [ApplyFile] = [], set: String, prune: Bool = false, takeOver: Bool = false,
      tenant: String = "main",
      secrets: [String: String] = [:], replicas: Int = 2, duration: Duration = ManifestSimulation.duration
    ) {
      self.files = files
      self.base = base
      self.set = set
      self.prune = prune
      self.takeOver = takeOver
      self.tenant = tenant
      self.secrets = secrets
      self.replicas = min(max(1, replicas), ManifestSimulation.mostReplicas)
      self.duration = duration
    }
  }

  let catalog: KindCatalog
  let controllers: [any KindController]
  let cleanup: Set<String>
  let digest: @Sendable ([UInt8]) -> [UInt8]

  /// - Parameter digest: SHA-256.
  public init(
    catalog: KindCatalog, controllers: [any KindController], cleanup: Set<String>,
    digest: @escaping @Sendable ([UInt8]) -> [UInt8]
  ) {
    self.catalog = catalog
    self.controllers = controllers
    self.cleanup = cleanup
    self.digest = digest
  }

  /// Runs the manifests without faults, and from the seed with them; compares. Throws the Problems of manifests that cannot be applied.
  public func check(_ request: Request, seed: UInt64, rates: FaultRates) throws -> ManifestOutcome {
    let calm = run(request, seed: seed, rates: .none)
    if let problems = calm.refused { throw problems }
    guard calm.converged, calm.problems.isEmpty else {
      var outcome = calm
      outcome.problems = calm.problems.map { "without faults: \($0)" }
      return outcome
    }
    var outcome = run(request, seed: seed, rates: rates)
    if let problems = outcome.refused { throw problems }
    outcome.sameWorld = outcome.world == calm.world
    if outcome.converged, !outcome.sameWorld {
      outcome.problems += Self.differences(calm.world, outcome.world)
    }
    return outcome
  }

  private func run(_ request: Request, seed: UInt64, rates: FaultRates) -> ManifestOutcome {
    let executor = SimExecutor(seed: seed, start: Simulation.start)
    let run = ManifestRun(self, request, seed: seed, rates: rates, executor: executor)
    let task = Task(executorPreference: executor) { await run.run() }
    let ended = executor.run(until: Simulation.start + Self.longest) { run.isOver }
    task.cancel()
    var outcome = run.outcome
    if !ended { outcome.problems.append("it did not come to an end within \(executor.steps) steps") }
    return outcome
  }

  private static func differences(_ calm: [String: Value], _ faulted: [String: Value]) -> [String] {
    Set(calm.keys).union(faulted.keys).sorted().filter { calm[$0] != faulted[$0] }.prefix(20).map { name in
      "\(name) is \(faulted[name].map { JSON.text($0) } ?? "gone"), and without faults \(calm[name].map { JSON.text($0) } ?? "gone")"
    }
  }
}

public struct ManifestOutcome: Sendable {
  public var seed: UInt64
  public var converged = false
  /// Time from the end of the last fault or the apply, whichever was later, until all was as it should be.
  public var took: Duration?
  public var sameWorld = true
  /// What is wrong; empty when all is well.
  public var problems: [String] = []
  public var injected = 0
  public var replicas = 0
  public var timeline: [TimelineEntry] = []
  /// Kind/name → what it is like in the end.
  public var world: [String: Value] = [:]
  /// Why the manifests cannot be applied at all.
  var refused: Problems?

  public var isGood: Bool { converged && sameWorld && problems.isEmpty }

  public var value: Value {
    [
      "seed": .int(Int(truncatingIfNeeded: seed)), "converged": .bool(converged), "sameWorld": .bool(sameWorld),
      "seconds": took.map { .double($0.inSeconds) } ?? .null, "faults": .int(injected), "replicas": .int(replicas),
      "problems": .list(problems.map(Value.string)),
      "timeline": .list(
        timeline.map {
          ["at": .double($0.at.inSeconds), "sort": .string($0.sort.rawValue), "who": .string($0.who), "text": .string($0.text)]
        }),
      "objects": .object(ObjectMap(world.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })),
    ]
  }
}
