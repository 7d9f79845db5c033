// Changes of single objects that people ask for by name: delete, rename, hand over. Each is one commit, or only a plan.
import Core
import Kinds
import Planning
import Ports

public struct ChangeService: Sendable {
  let engine: Engine

  public init(engine: Engine) { self.engine = engine }

  public var pauses: SetPauses { SetPauses(engine.store) }

  /// Who asks, and how.
  public struct Request: Sendable {
    public var actor: String
    public var user: UID?
    public var dryRun: Bool
    /// Token of an earlier question.
    public var confirm: String?
    public init(actor: String, user: UID? = nil, dryRun: Bool = false, confirm: String? = nil) {
      self.actor = actor
      self.user = user
      self.dryRun = dryRun
      self.confirm = confirm
    }
  }

  /// - Parameter cascade: dependents that would forbid it go too. Throws a question when much goes, or what is protected.
  public func delete(_ object: StoredObject, cascade: Bool, _ request: Request) async throws -> WriteOutcome {
    try await engine.commit(
      [Intent(.delete, target(object), force: cascade)], origin: origin(request, "delete"), dryRun: request.dryRun,
      deletions: DeletionQuestion(scope: "delete", tenant: object.tenant, actor: request.actor, token: request.confirm))
  }

  /// The object stays the same one: its uid, its history, and whatever refers to it.
  public func rename(_ object: StoredObject, to name: String, _ request: Request) async throws -> WriteOutcome {
    var intent = Intent(.patch, target(object))
    intent.newName = name
    return try await engine.commit([intent], origin: origin(request, "rename"), dryRun: request.dryRun)
  }

  /// Fields (none named: all that somebody manages) pass to another manager; nil: to nobody, so that anybody may set them.
  public func handOver(_ object: StoredObject, to manager: Manager?, fields: [String], _ request: Request) async throws
    -> WriteOutcome
  {
    var intent = Intent(.patch, target(object))
    intent.handover = Intent.Handover(to: manager, fields: fields)
    return try await engine.commit([intent], origin: origin(request, "handover"), dryRun: request.dryRun)
  }

  func target(_ object: StoredObject) -> Intent.Target { .uid(tenant: object.tenant, kind: object.kind, object.uid) }

  func origin(_ request: Request, _ action: String) -> Origin {
    Origin(manager: .api, actor: request.actor, action: action, user: request.user)
  }
}
