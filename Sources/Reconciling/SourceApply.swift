// Applies the manifests of a git source: the same path as any set, with the rights of the source and no others.
import Core
import Identity
import Kinds
import Planning
import Ports

public struct SourceApply: SourceApplying {
  /// Differences told of one source.
  static let mostDrift = 100
  static let registerAttempts = 20

  private let service: ApplyService
  private let store: any StorePort

  public init(service: ApplyService) {
    self.service = service
    store = service.engine.store
  }

  public func apply(_ set: SourceSet) async throws -> Value {
    let name = SourceSet.setName(set.name)
    let owner = try await tenantName(set.tenant)
    try await checkNames(set, owner)
    let caller = Caller(
      tenant: set.tenant, tenantName: owner, home: set.tenant, actor: "git:\(set.name)", role: "owner", scopes: ["*"],
      permissions: ["*"], isOperator: set.tenant == .rootTenant)
    var request = ApplyRequest(
      set: name, owner: set.tenant, prune: set.prune, dryRun: set.dryRun, takeOver: set.takeOver, sourceCommit: set.commit,
      files: set.files.map { ApplyFile(name: $0.name, bytes: $0.bytes) })
    request.reclaim = set.reclaim
    request.isConfirmed = set.confirmed
    request.fence = set.fence
    if !set.tenants.contains("*") { request.tenants = set.tenants.isEmpty ? [owner] : Set(set.tenants) }
    let outcome = try await service.apply(request, caller: caller)
    let plan = outcome.plan
    let objects = outcome.unchanged + plan.items.reduce(0) { $0 + ($1.action == .delete ? 0 : $1.intent == nil ? 0 : 1) }
    var value: Value = [
      "created": .int(plan.count(.create) + plan.count(.restore)), "updated": .int(plan.count(.update) + plan.count(.adopt)),
      "deleted": .int(plan.count(.delete)), "unchanged": .int(outcome.unchanged + plan.count(.unchanged)),
      "objects": .int(objects),
    ]
    if set.dryRun { value["drift"] = .list(Self.drift(plan)) }
    return value
  }

  public func isSettled(tenant: UID, name: String) async throws -> Bool {
    let stored = try await store.inventory(owner: tenant, set: SourceSet.setName(name))
    return stored.catalogDigest == service.engine.catalog.digest && stored.rows.allSatisfy { $0.current == $0.version }
  }

  public func pause(tenant: UID, name: String) async throws -> String? {
    let value = try await store.value(tenant: tenant, key: "set/\(SourceSet.setName(name))/pause")
    return value.map { $0["reason"].string ?? "It was paused." }
  }

  public func register(tenant: UID, uid: UID, url: String) async throws {
    guard let key = RepositoryKey.of(url).map(RepositoryKey.index) else { return }
    let entry: Value = ["tenant": .string(tenant.description), "uid": .string(uid.description)]
    for _ in 0..<Self.registerAttempts {
      let stored = try await store.value(tenant: .rootTenant, key: key)
      let list = stored?.list ?? []
      if list.contains(entry) { return }
      // The eldest go first: they may be of sources that are gone.
      let next = Value.list(Array((list + [entry]).suffix(RepositoryKey.mostSources)))
      if try await store.putValue(tenant: .rootTenant, key: key, next, expecting: .some(stored), expires: nil) { return }
    }
  }

  private func tenantName(_ uid: UID) async throws -> String {
    if uid == .rootTenant { return "root" }
    guard let tenant = try await store.objects(tenant: .rootTenant, uids: [uid]).first, !tenant.deleted else {
      throw Problem(.missing, code: "tenant", "The source's tenant does not exist any more.")
    }
    return tenant.name
  }

  /// A tenant's source must not speak in the name of one of the installation, nor of another tenant.
  private func checkNames(_ set: SourceSet, _ owner: String) async throws {
    if set.tenant == .rootTenant { return }
    if let other = set.tenants.first(where: { $0 != owner }) {
      throw Problem(
        .denied, code: "tenant_denied", "A source of tenant \(owner) may not write tenant \(other).",
        fix: "Name only its own tenant, or let the operator of the installation state the source in the root tenant.")
    }
    let key = ObjectKey(tenant: .rootTenant, kind: "GitSource", name: set.name)
    if try await store.objects(named: [key]).contains(where: { !$0.deleted }) {
      throw Problem(
        .conflict, code: "name_taken", "The installation has a source named \(set.name).", fix: "Choose another name.")
    }
  }

  /// What git would change of what is there now.
  private static func drift(_ plan: Plan) -> [Value] {
    var found: [Value] = []
    for item in plan.items where item.action != .unchanged && item.action != .adopt {
      func entry(_ field: String?, _ git: Value, _ live: Value) -> Value {
        ["object": .string(item.label), "field": Value(field), "git": git, "live": live]
      }
      switch item.action {
      case .create, .restore: found.append(entry(nil, "present", "deleted"))
      case .delete: found.append(entry(nil, "absent", "present"))
      default: found += item.changes.map { entry($0.path, $0.secret ? "(secret)" : $0.after, $0.secret ? "(secret)" : $0.before) }
      }
      if found.count >= mostDrift { return Array(found.prefix(mostDrift)) }
    }
    return found
  }
}
