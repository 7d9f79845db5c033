// What the planner is told besides the wishes and the facts: the catalog, the time, who asks, and how secrets are minted.
import Core
import Kinds
import Ports

public struct PlanningContext: Sendable {
  public var catalog: KindCatalog
  public var now: Timestamp
  public var origin: Origin
  public var minting: any Minting
  /// Kinds whose controllers must clean up before an object goes.
  public var cleanup: Set<String>
  /// Someone was asked: deletions take dependents along, and what `metadata.protect` protects goes too.
  public var confirmed = false
  /// Compiled policies, remembered from plan to plan.
  public var policies: PolicyPrograms
  /// What git sources say of writes by the API, by the manager of their fields; absent: refuse.
  public var writeBack: [Manager: WriteBackMode] = [:]
  public init(
    catalog: KindCatalog, now: Timestamp, origin: Origin, minting: any Minting, cleanup: Set<String>,
    policies: PolicyPrograms = PolicyPrograms()
  ) {
    self.policies = policies
    self.catalog = catalog
    self.now = now
    self.origin = origin
    self.minting = minting
    self.cleanup = cleanup
  }
}

/// Either more must be read first, or the decision stands.
public enum PlanningStep: Sendable {
  case needs([Fact])
  case done(Plan)
}
