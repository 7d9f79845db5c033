// The engine's front door for sets of manifests: parsed, planned and committed as a whole, or only planned.
import Core
import Identity
import Planning
import Ports

/// One file of a set, as its author wrote it.
public struct ApplyFile: Sendable {
  /// As the user named it; places in problems and in blame carry it.
  public var name: String
  public var bytes: [UInt8]
  public init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
  }
}

/// A set of manifests to make true.
public struct ApplyRequest: Sendable {
  /// Name of the set in the owner's inventory; nil: `default`.
  public var set: String?
  /// The tenant that owns the set, and in which documents without `metadata.tenant` stand.
  public var owner: UID
  /// Delete what the set held before and holds no longer.
  public var prune: Bool
  /// Plan only; nothing is committed.
  public var dryRun: Bool
  /// Take over fields of other managers instead of failing.
  public var takeOver: Bool
  /// Token of an earlier refusal, single use.
  public var confirm: String?
  /// Source commit (a git hash), for blame and history.
  public var sourceCommit: String?
  public var files: [ApplyFile]
  /// Values of `{env: …}` and `{file: …}`, read by the client: `file#documentIndex#/spec/pointer` → plain text.
  /// Documents of a file are counted from 0, empty ones left out.
  public var secrets: [String: String]
  /// A pinned plan: do exactly this, or fail with `stale`.
  public var plan: Value?
  /// Take back fields that others changed on objects which this set holds already.
  public var reclaim = false
  /// Deletions that look like a mistake are meant.
  public var isConfirmed = false
  /// Names of the tenants that the set may state; nil: those that the caller may write.
  public var tenants: Set<String>?
  /// The commit happens only while this holds.
  public var fence: Fence?
  /// The objects must exist: they are taken over from the API, not made.
  public var adopt = false
  /// What becomes of drift of the set's objects from now on: `correct`, `report`, or `kind` as each kind says. Nil: as before.
  public var onDrift: String?

  public init(
    set: String? = nil, owner: UID, prune: Bool = false, dryRun: Bool = false, takeOver: Bool = false, confirm: String? = nil,
    sourceCommit: String? = nil, files: [ApplyFile], secrets: [String: String] = [:], plan: Value? = nil
  ) {
    self.set = set
    self.owner = owner
    self.prune = prune
    self.dryRun = dryRun
    self.takeOver = takeOver
    self.confirm = confirm
    self.sourceCommit = sourceCommit
    self.files = files
    self.secrets = secrets
    self.plan = plan
  }
}

/// What an apply did, or would do.
public struct ApplyOutcome: Sendable {
  public var plan: Plan
  /// Feed position by tenant after the commit; empty for a dry run or when nothing changed.
  public var positions: [UID: Int]
  /// Documents that the inventory knew by their hash: not parsed, and not in `plan.items`.
  public var unchanged: Int
  /// The plan as `plumb plan -o` writes it and `plumb apply --plan` sends it back.
  public var pinned: Value
  /// What the caller should know besides: the set is paused.
  public var notes: [String] = []

  public init(plan: Plan, positions: [UID: Int], unchanged: Int, pinned: Value) {
    self.plan = plan
    self.positions = positions
    self.unchanged = unchanged
    self.pinned = pinned
  }
}

public protocol ApplyPort: Sendable {
  /// Applies a set as `caller`, atomically. Throws Problems: all faults of the set at once, each with its place.
  func apply(_ request: ApplyRequest, caller: Caller) async throws -> ApplyOutcome
}
