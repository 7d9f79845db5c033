// Who caused a commit: kept in history, shown by blame and in the audit log.
import Core

/// Who caused a commit, for history, blame and audit.
public struct Origin: Sendable, Hashable {
  public var manager: Manager
  /// `user:…`, `key:…`, `controller:…`.
  public var actor: String
  /// Source commit, when there is one.
  public var commit: String?
  /// What was done, for `plumb events`: `apply`, `rollback`, `reconcile`, or an operation id.
  public var action: String
  /// The person behind the actor, for the audit log. Not kept in history.
  public var user: UID?
  public init(manager: Manager, actor: String, commit: String? = nil, action: String, user: UID? = nil) {
    self.user = user
    self.manager = manager
    self.actor = actor
    self.commit = commit
    self.action = action
  }
}
