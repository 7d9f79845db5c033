// `accounts.refresh`, `accounts.logout`, `accounts.me`: what happens to a session after signing in.
import Core
import Identity
import Kinds
import Ports

struct RefreshHandler: DeskHandler {
  let name = "accounts.refresh"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let token = try await parts.kit.issuer.refresh(call.args["refreshToken"]?.string ?? "")
    guard let account = try await AccountReads(ports).account(token.account), AccountReads.isActive(account),
      token.realm == AccountRealm(call).name
    else {
      throw Self.ended
    }
    switch try await parts.kit.sessions.renew(token) {
    case .renewed(let session):
      parts.forget(account.uid)
      let last = try await SignIn.lastLogin(account.uid, ports)
      return .value(try await SignIn(parts: parts, ports: ports, call: call).result(account, session: session, lastLogin: last))
    case .replayed:
      parts.forget(account.uid)
      try await AccountWrites.note(
        "session.replayed", "A refresh token was used twice, and its session was ended", severity: .high, account: account,
        call: call, ports: ports)
      throw Self.ended
    case .gone: throw Self.ended
    }
  }

  private static let ended = Problem(.unauthenticated, code: "bad_token", "The session has ended.", fix: "Sign in again.")
}

struct LogoutHandler: DeskHandler {
  let name = "accounts.logout"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    guard let account = call.caller?.account, let session = call.caller?.session else {
      throw AccountProblem.invalid("no_session", "An API key has no session to end; revoke the key instead.")
    }
    try await parts.kit.sessions.end(session, of: account)
    // A refresh token of the same person's other session ends that one too; anything else is not looked at.
    if let text = call.body["refreshToken"].string, let other = try? await parts.kit.issuer.refresh(text),
      other.account == account
    {
      try await parts.kit.sessions.end(other.session, of: account)
    }
    parts.forget(account)
    let object = try await AccountReads(ports).account(account)
    try await AccountWrites.note("user.signed_out", "Signed out", severity: .low, account: object, call: call, ports: ports)
    return .value(.emptyObject)
  }
}

struct WhoAmIHandler: DeskHandler {
  let name = "accounts.me"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    guard let uid = call.caller?.account, let account = try await AccountReads(ports).account(uid) else {
      throw Problem(.unauthenticated, code: "no_account", "This key acts for no person.", fix: "Sign in.")
    }
    let last = try await SignIn.lastLogin(uid, ports)
    return .value(try await SignIn.describe(account, lastLogin: last, ports))
  }
}
