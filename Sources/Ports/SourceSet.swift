// The files of a git source at one commit, as the engine is asked to apply them.
import Core

public struct SourceSet: Sendable {
  /// The tenant and the name of the source.
  public var tenant: UID
  public var name: String
  /// The source commit, a git hash.
  public var commit: String
  public var files: [(name: String, bytes: [UInt8])]
  /// Delete what the set held before and holds no longer.
  public var prune: Bool
  /// Take over fields of others.
  public var takeOver: Bool
  /// Take back fields that others changed on objects of this set.
  public var reclaim: Bool
  /// Deletions that look like a mistake are meant.
  public var confirmed: Bool
  /// Names of the tenants that it may write, `*` for all; empty: its own.
  public var tenants: [String]
  public var fence: Fence?
  public var dryRun: Bool

  public init(
    tenant: UID, name: String, commit: String, files: [(name: String, bytes: [UInt8])], prune: Bool, takeOver: Bool,
    reclaim: Bool,
    confirmed: Bool, tenants: [String], fence: Fence?, dryRun: Bool
  ) {
    self.tenant = tenant
    self.name = name
    self.commit = commit
    self.files = files
    self.prune = prune
    self.takeOver = takeOver
    self.reclaim = reclaim
    self.confirmed = confirmed
    self.tenants = tenants
    self.fence = fence
    self.dryRun = dryRun
  }

  /// The name of a source's set, and with it of the manager of its fields.
  public static func setName(_ source: String) -> String { prefix + source }
  public static let prefix = "git:"
  /// The source whose set this is; nil for other sets.
  public static func source(ofSet set: String) -> String? { set.hasPrefix(prefix) ? String(set.dropFirst(prefix.count)) : nil }
}

/// Makes the manifests of a git source true.
public protocol SourceApplying: Sendable {
  /// `{created, updated, deleted, unchanged, objects}`; for a dry run also `drift`: `[{object, tenant, field, git, live}]`, at most
  /// 100. Throws Problems, CommitFailure.fenced.
  func apply(_ set: SourceSet) async throws -> Value
  /// Whether every object of the source's set is as it was applied last.
  func isSettled(tenant: UID, name: String) async throws -> Bool
  /// Why the source's set is paused, by a rollback or by hand; nil when it is not.
  func pause(tenant: UID, name: String) async throws -> String?
  /// Lists the source among those that events of its repository are for.
  func register(tenant: UID, uid: UID, url: String) async throws
}
