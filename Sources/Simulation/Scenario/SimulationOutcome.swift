// How a run of a simulation went.
import Core

public struct SimulationOutcome: Sendable {
  public var seed: UInt64
  /// What is wrong; empty when all is well.
  public var faults: [String]
  /// The same for every run of a seed.
  public var trace: UInt64
  /// How it ended. Nil when it did not.
  public var world: WorldState?
  public var injected: Int
  public var replicas: Int
  public var steps: Int
  /// Writes and effects, where they were counted.
  public var writes: Int
  public var log: [String]

  public var description: String {
    "seed \(seed): \(faults.prefix(5).joined(separator: "; "))\(faults.count > 5 ? "; …" : "")\nreplay with: PLUMB_SEED=\(seed) make simulate"
  }
}
