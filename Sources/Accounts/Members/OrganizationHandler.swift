// `accounts.organization`: describes the organization behind the caller's tenant; who is in none founds one, and owns it.
import Core
import Identity
import Kinds
import Ports

struct OrganizationHandler: DeskHandler {
  let name = "accounts.organization"
  let desk: AccountDesk
  /// Tries to find a free short name for the tenant.
  private static let attempts = 4
  private static let kind = "TenantProfile"

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    guard let caller = call.caller else { throw AccountProblem.missing("organization") }
    if caller.tenant == Caller.nowhere { return try await found(caller, call, ports) }
    let key = ObjectKey(tenant: caller.tenant, kind: Self.kind, name: "default")
    let known = try await ports.reads.objects(named: [key]).first { $0.deleting == nil }
    let intent =
      known.map { Intent(.replace, .uid(tenant: caller.tenant, kind: Self.kind, $0.uid), fields: call.fields) }
      ?? Intent(.create, .new(tenant: caller.tenant, kind: Self.kind), fields: call.fields)
    let made = try await ports.writes.write([intent])
    let tenant = try await ports.reads.objects(tenant: .rootTenant, uids: [caller.tenant]).first
    return Self.reply(made.objects[0], of: caller.tenant, since: tenant?.created)
  }

  /// The tenant, its subscription, its owner and its description, or none of them.
  private func found(_ caller: Caller, _ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    guard let uid = caller.account, let account = try await ports.reads.objects(tenant: .rootTenant, uids: [uid]).first else {
      throw AccountProblem.denied("no_person", "Only a person can found an organization.")
    }
    let parts = try desk.parts()
    let title = call.fields["title"]?.string ?? ""
    for attempt in 1...Self.attempts {
      let tenant = ports.newUID(for: "Tenant")
      let slug = try await TeamName.free(title, isLast: attempt > 1, reads: ports.reads)
      let intents = [
        Intent(
          .create, .new(tenant: .rootTenant, kind: "Tenant"), fields: ["name": .string(slug), "title": .string(title)],
          newUID: tenant),
        AccountWrites.join(
          tenant, account: uid, email: account.spec["email"]?.string ?? "", title: account.spec["title"], role: "owner"),
        Intent(.create, .new(tenant: .rootTenant, kind: "Subscription"), fields: ["tenant": .string(tenant.description)]),
        Intent(.create, .new(tenant: tenant, kind: Self.kind), fields: call.fields),
      ]
      do {
        let made = try await ports.writes.write(intents)
        // The token says nothing of tenants: what is remembered of the person does.
        parts.forget(uid)
        return Self.reply(made.objects[3], of: tenant, since: call.now)
      } catch let problems as Problems where problems.category == .conflict && attempt < Self.attempts {
        continue
      }
    }
    throw Problem(.conflict, code: "conflict", "No free name was found for the organization.", fix: "Try again.")
  }

  private static func reply(_ profile: StoredObject?, of tenant: UID, since: Timestamp?) -> OperationReply {
    var shown: ObjectMap = ["id": .string(tenant.description), "name": profile?.spec["title"] ?? .null]
    for field in ["phone", "address", "taxIdType", "taxIdValue"] { shown[field] = profile?.spec[field] ?? .null }
    shown["createdAt"] = Value((since ?? profile?.created)?.description)
    shown["updatedAt"] = Value(profile?.updated.description)
    return .value(.object(shown))
  }
}
