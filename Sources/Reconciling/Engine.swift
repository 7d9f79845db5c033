// The engine's front door: every change of desired state goes through `write` or `apply`, and takes the same path.
import Core
import Kinds
import Planning
import Ports

/// Options of a write.
public struct WriteOptions: Sendable {
  /// Plan only; nothing is committed.
  public var dryRun: Bool
  /// Checked against the objects as they were planned, under lock, before effects: guards of one route.
  public init(dryRun: Bool = false) { self.dryRun = dryRun }
}

/// What a write did.
public struct WriteOutcome: Sendable {
  public var plan: Plan
  /// Feed position by tenant after the commit; empty for a dry run or when nothing changed.
  public var positions: [UID: Int]
  public init(plan: Plan, positions: [UID: Int]) {
    self.plan = plan
    self.positions = positions
  }
  /// The object that intent number `index` was about, as it is now. Nil when it was removed.
  public func object(_ index: Int) -> StoredObject? { plan.targets[index].flatMap { plan.results[$0] } }
}

/// What the views may ask of the engine.
public protocol WritePort: Sendable {
  /// Plans the intents together and commits them in one transaction; plans again when something moved (at most `Engine.maxAttempts` times).
  /// `guards` runs on every attempt with the target objects as read (index by intent), so that a decision rests on locked facts.
  /// Throws Problems.
  func write(
    _ intents: [Intent], origin: Origin, options: WriteOptions, guards: (@Sendable ([Int: StoredObject]) throws -> [Intent])?
  ) async throws -> WriteOutcome
}
