// `accounts.forgot-password`, `accounts.reset-password`, `accounts.change-password`.
import Core
import Identity
import Kinds
import Ports

struct ForgotPasswordHandler: DeskHandler {
  let name = "accounts.forgot-password"
  let desk: AccountDesk
  /// Mails to one address in an hour; further requests are answered alike, and send nothing.
  private static let mails = 5

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let email = AccountReads.normal(call.args["email"]?.string ?? "")
    let realm = AccountRealm(call)
    return try await QuietWork.run(ports, since: call.now) {
      guard await parts.kit.limiter.take("forgot/\(realm.lockName(email))", count: Self.mails, window: .seconds(3600)) == nil,
        let account = try await AccountReads(ports).account(email: email, directory: realm.directory),
        AccountReads.isActive(account),
        AccountReads.hasPassword(account)
      else { return }
      let token = try await parts.kit.tokens.make(
        .resetPassword, ["account": .string(account.uid.description), "email": .string(email)])
      let mail = try await AccountMail(parts: parts, ports: ports, call: call).intent(
        "reset-password", to: email, language: account.spec["language"]?.string, token: token, path: "/reset-password",
        ["name": account.spec["title"]?.string ?? email])
      _ = try await ports.writes.write([mail])
    }
  }
}

struct ResetPasswordHandler: DeskHandler {
  let name = "accounts.reset-password"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let token = call.args["token"]?.string ?? ""
    let password = call.args["newPassword"]?.string ?? ""
    // A weak password does not use the token up.
    let faults = parts.kit.policy.faults(password, pointer: "/newPassword")
    guard faults.isEmpty else { throw Problems(faults) }
    guard let kept = try await parts.kit.tokens.take(.resetPassword, token),
      let uid = kept["account"].string.flatMap({ UID($0) }),
      let account = try await AccountReads(ports).account(uid), AccountReads.isActive(account),
      kept["email"] == account.spec["email"], AccountRealm(call).holds(account)
    else { throw AccountProblem.badToken }
    // Who reads the mails of the address has shown that it is his.
    _ = try await ports.writes.write([AccountWrites.patch(uid, ["password": .string(password), "emailVerified": true])])
    try await parts.kit.sessions.endAll(of: uid)
    try await parts.kit.lockOut.succeeded(AccountRealm.lockName(of: account))
    parts.forget(uid)
    try await AccountWrites.note(
      "user.password_reset", "Password reset, and all sessions ended", severity: .high, account: account, call: call, ports: ports
    )
    return .value(.emptyObject)
  }
}

struct ChangePasswordHandler: DeskHandler {
  let name = "accounts.change-password"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    guard let uid = call.caller?.account, call.caller?.session != nil, let account = try await AccountReads(ports).account(uid)
    else {
      throw Problem(.unauthenticated, code: "no_session", "Only who is signed in changes a password.", fix: "Sign in.")
    }
    let email = account.spec["email"]?.string ?? ""
    let password = call.args["newPassword"]?.string ?? ""
    let faults = parts.kit.policy.faults(
      password, personal: [email, account.spec["title"]?.string ?? ""], pointer: "/newPassword")
    guard faults.isEmpty else { throw Problems(faults) }
    if let stored = AccountReads.passwordHash(account) {
      // Guessing here is counted like guessing at the door.
      let name = AccountRealm.lockName(of: account)
      try await parts.kit.lockOut.check(name)
      guard try await parts.kit.vault.verifyPassword(call.args["currentPassword"]?.string ?? "", hash: stored) else {
        if try await parts.kit.lockOut.failed(name) {
          try await AccountWrites.note(
            "user.locked", "Locked after \(LoginGuard.failures) wrong passwords", severity: .high, account: account, call: call,
            ports: ports)
        }
        throw Problem(.unauthenticated, code: "wrong_password", "The current password is wrong.", pointer: "/currentPassword")
      }
      try await parts.kit.lockOut.succeeded(name)
    }
    _ = try await ports.writes.write([AccountWrites.patch(uid, ["password": .string(password)])])
    try await parts.kit.sessions.endAll(of: uid, except: call.caller?.session)
    parts.forget(uid)
    try await AccountWrites.note(
      "user.password_changed", "Password changed, and other sessions ended", severity: .medium, account: account, call: call,
      ports: ports)
    return .value(.emptyObject)
  }
}
