// `accounts.preflight-delete`, `accounts.delete`: no tenant is left without an owner, and none goes unasked.
import Core
import Identity
import Kinds
import Ports

/// A tenant that somebody owns, and who could take it over.
struct OwnedTenant: Sendable {
  let tenant: StoredObject
  let others: [StoredObject]

  static func all(_ memberships: [Membership], _ reads: AccountReads) async throws -> [OwnedTenant] {
    var owned: [OwnedTenant] = []
    for membership in memberships where membership.role == "owner" {
      let others = try await reads.members(of: membership.tenant.uid).filter { $0.uid != membership.user.uid }
      owned.append(OwnedTenant(tenant: membership.tenant, others: others))
    }
    return owned
  }

  func value(_ ids: any PublicIDs) -> Value {
    [
      "tenantId": .string(ids.text(tenant)), "tenantName": tenant.spec["title"] ?? .string(tenant.name),
      "isRoot": .bool(tenant.uid == .rootTenant),
      "otherMembers": .list(
        others.map { user in
          [
            "userId": .string(Self.person(user, ids)), "email": user.spec["email"] ?? .null,
            "displayName": user.spec["title"] ?? user.spec["email"] ?? .null, "role": user.spec["role"] ?? "user",
            "joinedAt": .string(user.created.description),
          ]
        }),
    ]
  }

  /// The id of the person behind a member; of the member itself where nobody is.
  private static func person(_ user: StoredObject, _ ids: any PublicIDs) -> String {
    guard let account = user.spec["account"]?.string.flatMap({ UID($0) }) else { return ids.text(user) }
    return ids.text(account, kind: "Account")
  }
}

struct PreflightDeleteHandler: DeskHandler {
  let name = "accounts.preflight-delete"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let account = try await AccountTarget.find(call, ports)
    let reads = AccountReads(ports)
    let owned = try await OwnedTenant.all(try await reads.memberships(of: account.uid), reads)
    // As the deletion itself: the root tenant is handed over first.
    let isStuck = owned.contains { $0.tenant.uid == .rootTenant }
    return .value(["canDelete": .bool(!isStuck), "ownerships": .list(owned.map { $0.value(ports.ids) })])
  }
}

struct DeleteAccountHandler: DeskHandler {
  let name = "accounts.delete"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let account = try await AccountTarget.find(call, ports)
    guard call.caller?.account != account.uid else { throw AccountProblem.denied("self", "Nobody deletes his own account here.") }
    let reads = AccountReads(ports)
    let memberships = try await reads.memberships(of: account.uid)
    guard !AccountTarget.isRootOwner(memberships) else {
      throw AccountProblem.denied("root_owner", "The owner of the root tenant cannot be deleted; he hands it over first.")
    }
    let owned = try await OwnedTenant.all(memberships, reads)
    let replacements = call.body["replacementOwners"].object ?? [:]
    let confirmed = Set(
      (call.body["confirmTenantDeletions"].list ?? []).compactMap(\.string).compactMap { ports.ids.uid($0, kind: "Tenant") })
    let wantedOwners = Dictionary(
      replacements.compactMap { id, owner in ports.ids.uid(id, kind: "Tenant").map { ($0, owner.string ?? "") } },
      uniquingKeysWith: { first, _ in first })
    var intents: [Intent] = []
    var problems: [Problem] = []
    var left = memberships.map(\.user)
    for one in owned {
      let id = ports.ids.text(one.tenant)
      let pointer = "/replacementOwners/\(id)"
      if let wanted = wantedOwners[one.tenant.uid] {
        let uid = ports.ids.uid(wanted, kind: "Account")
        guard let uid,
          let member = one.others.first(where: { $0.spec["account"]?.string == uid.description || $0.uid == uid })
        else {
          problems.append(
            AccountProblem.invalid("bad_owner", "The new owner of \(one.tenant.name) is no other member of it.", pointer))
          continue
        }
        // The leaving owner's membership goes in the same transaction.
        intents.append(AccountWrites.patch(user: member, ["role": "owner"], expecting: member.version))
      } else if confirmed.contains(one.tenant.uid) {
        intents += one.others.map { AccountWrites.delete($0, force: true) }
        intents.append(AccountWrites.delete(one.tenant, force: true))
      } else {
        problems.append(
          AccountProblem.invalid(
            "ownership", "The user owns \(one.tenant.name): name a new owner, or confirm that the tenant is deleted too.", pointer
          ))
      }
    }
    guard problems.isEmpty else { throw Problems(problems) }
    left.sort { $0.uid < $1.uid }
    _ = try await ports.writes.write(
      left.map { AccountWrites.delete($0, force: true) } + intents + [AccountWrites.delete(account, force: true)])
    try await parts.kit.sessions.endAll(of: account.uid)
    parts.forget(account.uid)
    return .value(.emptyObject)
  }
}
