// `members.remove`, `members.change-role`, `members.transfer-ownership`: who may do what to whom within a tenant.
import Core
import Identity
import Kinds
import Ports

struct RemoveMemberHandler: DeskHandler {
  let name = "members.remove"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let member = try await MemberTarget.find(call, ports)
    let role = member.spec["role"]?.string ?? "user"
    guard role != "owner" else { throw AccountProblem.denied("owner", "The owner cannot be removed.") }
    guard !MemberTarget.isCaller(member, call) else { throw AccountProblem.denied("self", "Nobody removes himself.") }
    guard role == "user" || call.caller?.role == "owner" || call.caller?.isOperator == true else {
      throw AccountProblem.denied("owners_only", "Only the owner removes an admin.")
    }
    _ = try await ports.writes.write([AccountWrites.delete(member, force: true)])
    return .value(.emptyObject)
  }
}

struct ChangeMemberRoleHandler: DeskHandler {
  let name = "members.change-role"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let member = try await MemberTarget.find(call, ports)
    guard member.spec["role"]?.string != "owner" else {
      throw AccountProblem.denied("owner", "The owner's role changes only by handing the tenant over.")
    }
    _ = try await ports.writes.write([
      AccountWrites.patch(user: member, ["role": call.args["role"] ?? "user"], expecting: member.version)
    ])
    return .value(.emptyObject)
  }
}

struct TransferOwnershipHandler: DeskHandler {
  let name = "members.transfer-ownership"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let member = try await MemberTarget.find(call, ports)
    _ = try await ports.writes.write(
      try await Ownership.transfer(in: call.tenant, to: member, reads: ports.reads))
    return .value(.emptyObject)
  }
}

enum MemberTarget {
  /// The member that the path names. Throws `bad_id`, `not_found`.
  static func find(_ call: OperationCall, _ ports: OperationPorts) async throws -> StoredObject {
    let uid = try AccountProblem.uid(call.path["userId"], "Account", ports)
    guard let member = try await AccountReads(ports).member(uid, of: call.tenant) else { throw AccountProblem.missing("member") }
    return member
  }

  static func isCaller(_ member: StoredObject, _ call: OperationCall) -> Bool {
    if let user = call.caller?.user, user == member.uid { return true }
    guard let account = call.caller?.account else { return false }
    return member.spec["account"]?.string == account.description
  }
}

enum Ownership {
  /// The present owner becomes an admin and the other one owner, in one transaction. Nothing when it is so already.
  static func transfer(in tenant: UID, to member: StoredObject, reads: any ReadPort) async throws -> [Intent] {
    if member.spec["role"]?.string == "owner" { return [] }
    guard member.spec["active"] != false else { throw AccountProblem.denied("not_active", "The member is not active.") }
    let owner = try await reads.list(
      ObjectQuery(tenant: tenant, kind: "User", predicate: .compare(.spec(["role"]), .equal, "owner"), limit: 1)
    ).objects.first
    return (owner.map { [AccountWrites.patch(user: $0, ["role": "admin"], expecting: $0.version)] } ?? [])
      + [AccountWrites.patch(user: member, ["role": "owner"], expecting: member.version)]
  }
}
