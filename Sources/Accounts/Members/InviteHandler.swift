// `members.invite`: an invitation by mail, to people with an account and without.
import Core
import Identity
import Kinds
import Ports

struct InviteHandler: DeskHandler {
  let name = "members.invite"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let email = AccountReads.normal(call.args["email"]?.string ?? "")
    let role = call.args["role"]?.string ?? "user"
    guard role != "admin" || call.caller?.role == "owner" || call.caller?.isOperator == true else {
      throw AccountProblem.denied("owners_only", "Only owners invite admins.")
    }
    let keys = ["User", "Invitation"].map { ObjectKey(tenant: call.tenant, kind: $0, name: email) }
    let present = try await ports.reads.objects(named: keys).filter { !$0.deleted }
    let account = try await AccountReads(ports).account(email: email)
    if present.contains(where: { $0.kind == "User" && ($0.spec["account"]?.string != nil || account == nil) }) {
      throw Problem(.conflict, code: "conflict", "This person is a member already.", pointer: "/email")
    }
    let old = present.first { $0.kind == "Invitation" }
    if let old, Invitation.isOpen(old, at: call.now) {
      throw Problem(.conflict, code: "conflict", "This address is invited already.", pointer: "/email")
    }
    try await MemberLimit.check(call.tenant, ports)
    let uid = ports.newUID(for: "Invitation")
    let token = try await parts.kit.tokens.make(
      Invitation.purpose, ["tenant": .string(call.tenant.description), "invitation": .string(uid.description)])
    let tenant = try await ports.reads.objects(tenant: .rootTenant, uids: [call.tenant]).first
    let inviter = call.caller?.actor.split(separator: ":").last.map(String.init) ?? "Somebody"
    let path = account == nil ? "/signup?email=\(FormText.escape(email))" : "/accept-invitation"
    let mail = try await AccountMail(parts: parts, ports: ports, call: call).intent(
      account == nil ? "invitation-signup" : "invitation", to: email, language: account?.spec["language"]?.string, token: token,
      path: path, ["inviter": inviter, "tenant": tenant?.spec["title"]?.string ?? tenant?.name ?? ""])
    let fields: ObjectMap = [
      "email": .string(email), "role": .string(role), "invitedBy": .string(call.caller?.actor ?? ""),
      "expiresAt": .string((call.now + Invitation.life).description), "mailed": true,
    ]
    if let old { _ = try await ports.writes.write([AccountWrites.delete(old)]) }
    var intents = [Intent(.create, .new(tenant: call.tenant, kind: "Invitation"), fields: fields, newUID: uid), mail]
    if let account, ports.catalog.kind("Message") != nil {
      intents.append(
        Intent(
          .create, .new(tenant: .rootTenant, kind: "Message"),
          fields: [
            "user": .string(account.uid.description), "type": "invitation", "title": "An invitation",
            "body": .string("\(inviter) invites you to \(tenant?.spec["title"]?.string ?? "a tenant")."),
          ]))
    }
    _ = try await ports.writes.write(intents)
    return .value(.emptyObject)
  }
}

/// The most users that the tenant's plan allows, open invitations counted along. The planner holds the limit itself when they join.
enum MemberLimit {
  static func check(_ tenant: UID, _ ports: OperationPorts) async throws {
    let mine = Predicate.compare(.spec(["tenant"]), .equal, .string(tenant.description))
    guard
      let plan = try await ports.reads.list(
        ObjectQuery(tenant: .rootTenant, kind: "Subscription", predicate: mine, limit: 1)
      ).objects.first?.spec["plan"]?.string.flatMap({ UID($0) }),
      let most = try await ports.reads.objects(tenant: .rootTenant, uids: [plan]).first?.spec["userLimit"]?.int, most > 0
    else { return }
    let counts = try await ports.reads.count(["User", "Invitation"].map { ObjectQuery(tenant: tenant, kind: $0) })
    guard counts.reduce(0, +) < most else {
      throw AccountProblem.denied("limit_exceeded", "The plan allows \(most) users, members and invitations together.")
    }
  }
}
