// `accounts.update`, `accounts.set-status`, `accounts.set-role`: what operators change of people.
import Core
import Identity
import Kinds
import Ports

struct UpdateAccountHandler: DeskHandler {
  let name = "accounts.update"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let account = try await AccountTarget.find(call, ports)
    let reads = AccountReads(ports)
    var fields = ObjectMap()
    if let title = call.args["displayName"]?.string?.trimmed {
      guard !title.isEmpty else { throw AccountProblem.invalid("bad_field", "A name to show is not empty.", "/displayName") }
      fields["title"] = .string(title)
    }
    if let email = call.args["email"]?.string.map(AccountReads.normal), email != account.spec["email"]?.string {
      guard try await reads.account(email: email) == nil else {
        throw Problem(.conflict, code: "conflict", "This address is in use.", pointer: "/email")
      }
      fields["email"] = .string(email)
      fields["emailVerified"] = false
    }
    if fields.isEmpty { return .value(.emptyObject) }
    // Memberships carry the address and the name: all of them change with it, or nothing does.
    var own = fields
    own["emailVerified"] = nil
    let users = try await reads.memberships(of: account.uid).map { AccountWrites.patch(user: $0.user, own) }
    _ = try await ports.writes.write([AccountWrites.patch(account.uid, fields)] + users)
    parts.forget(account.uid)
    return .value(.emptyObject)
  }
}

struct AccountStatusHandler: DeskHandler {
  let name = "accounts.set-status"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let account = try await AccountTarget.find(call, ports)
    let isActive = call.args["isActive"]?.bool ?? true
    let memberships = try await AccountReads(ports).memberships(of: account.uid)
    guard isActive || !AccountTarget.isRootOwner(memberships) else {
      throw AccountProblem.denied("root_owner", "The owner of the root tenant cannot be deactivated.")
    }
    _ = try await ports.writes.write([AccountWrites.patch(account.uid, ["active": .bool(isActive)])])
    // The sessions stay, and fail while the account is not active.
    parts.forget(account.uid)
    return .value(["isActive": .bool(isActive)])
  }
}

struct AccountRoleHandler: DeskHandler {
  let name = "accounts.set-role"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let uid = try AccountProblem.uid(call.path["userId"], "Account", ports)
    let tenant = try AccountProblem.uid(call.path["tenantId"], "Tenant", ports)
    let role = call.args["role"]?.string ?? ""
    let reads = AccountReads(ports)
    guard let membership = try await reads.memberships(of: uid).first(where: { $0.tenant.uid == tenant }) else {
      throw AccountProblem.missing("membership")
    }
    guard membership.role != role else { return .value(.emptyObject) }
    guard membership.role != "owner" || tenant != .rootTenant else {
      throw AccountProblem.denied("root_owner", "The owner of the root tenant hands it over himself.")
    }
    guard membership.role != "owner" else {
      throw AccountProblem.invalid("owner", "A tenant has an owner: make somebody else owner, who takes over.", "/role")
    }
    let intents =
      role == "owner"
      ? try await Ownership.transfer(in: tenant, to: membership.user, reads: ports.reads)
      : [AccountWrites.patch(user: membership.user, ["role": .string(role)], expecting: membership.user.version)]
    _ = try await ports.writes.write(intents)
    parts.forget(uid)
    return .value(.emptyObject)
  }
}
