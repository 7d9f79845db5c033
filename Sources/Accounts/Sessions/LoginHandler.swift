// `accounts.login`: address and password. Whether the account exists shows neither in the answer nor in its time.
import Core
import Crypto
import Identity
import Kinds
import Ports

struct LoginHandler: DeskHandler {
  let name = "accounts.login"
  let desk: AccountDesk
  /// What is verified where there is nothing to verify, so that it takes as long.
  private static let decoy = PasswordHash(password: randomToken(length: 20)).text

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let email = AccountReads.normal(call.args["email"]?.string ?? "")
    let password = call.args["password"]?.string ?? ""
    let realm = AccountRealm(call)
    let name = realm.lockName(email)
    try await parts.kit.lockOut.check(name)
    let account = try await AccountReads(ports).account(email: email, directory: realm.directory)
    let stored = account.flatMap(AccountReads.passwordHash)
    let isRight = try await parts.kit.vault.verifyPassword(password, hash: stored ?? Self.decoy)
    guard let account, stored != nil, isRight, AccountReads.isActive(account) else {
      let locks = try await parts.kit.lockOut.failed(name)
      try await AccountWrites.note(
        locks ? "user.locked" : "user.sign_in_failed",
        locks ? "Locked after \(LoginGuard.failures) failed attempts to sign in" : "An attempt to sign in failed",
        severity: locks ? .high : .medium, account: account, call: call, ports: ports)
      throw Problem(.unauthenticated, code: "wrong_credentials", "The address or the password is wrong.")
    }
    try await parts.kit.lockOut.succeeded(name)
    if let stored, PasswordHash(text: stored)?.needsUpgrade ?? false {
      // Another login may be doing the same: the one that comes second changes nothing that matters.
      _ = try? await ports.writes.write([AccountWrites.patch(account.uid, ["password": .string(password)])])
    }
    return .value(try await SignIn(parts: parts, ports: ports, call: call).finish(account, method: "password"))
  }
}
