// `accounts.accept-invitation`: who is signed in joins the tenant that invited the address.
import Core
import Identity
import Kinds
import Ports

struct AcceptInvitationHandler: DeskHandler {
  let name = "accounts.accept-invitation"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let reads = AccountReads(ports)
    guard let uid = call.caller?.account, let account = try await reads.account(uid) else {
      throw Problem(.unauthenticated, code: "no_account", "Only who is signed in accepts an invitation.", fix: "Sign in.")
    }
    guard let invitation = try await Invitation.find(call.args["token"]?.string ?? "", parts, ports),
      invitation.email == account.spec["email"]?.string
    else { throw AccountProblem.badToken }
    do {
      var intents = invitation.accepted(by: uid, title: account.spec["title"])
      // A user that was declared for this address without a person becomes this person's.
      let key = ObjectKey(tenant: invitation.object.tenant, kind: "User", name: invitation.email)
      if let declared = try await ports.reads.objects(named: [key]).first, !declared.deleted {
        guard declared.spec["account"]?.string == nil else { throw AccountProblem.badToken }
        intents[0] = AccountWrites.patch(user: declared, ["account": .string(uid.description)])
      }
      intents.append(AccountWrites.patch(uid, ["emailVerified": true]))
      _ = try await ports.writes.write(intents)
    } catch let problems as Problems where problems.category == .missing || problems.category == .conflict {
      // Accepted at the same time elsewhere, or a member already.
      throw AccountProblem.badToken
    }
    try await invitation.use(parts)
    parts.forget(uid)
    return .value(try await SignIn.describe(account, lastLogin: nil, ports))
  }
}
