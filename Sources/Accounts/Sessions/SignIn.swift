// The end of every way to sign in: a session, its tokens, and who it is.
import Core
import Identity
import Ports

struct SignIn: Sendable {
  let parts: AccountDesk.Parts
  let ports: OperationPorts
  let call: OperationCall

  /// Tokens; or, where the person has a second factor, `{challenge, factors}`, which leads to them.
  /// - Parameter isStrong: what was shown is two factors by itself.
  func finish(_ account: StoredObject, method: String, isStrong: Bool = false) async throws -> Value {
    guard !isStrong, let factor = try await SecondFactor(parts: parts, ports: ports).confirmed(of: account.uid) else {
      return try await result(account, method: method)
    }
    guard call.with["secondFactor"]?.bool == true else {
      throw Problem(
        .unauthenticated, code: "second_factor_required",
        "This account signs in with a second factor, which is not asked for here.",
        fix: "Sign in where the second factor was set up.")
    }
    let challenge = try await parts.kit.tokens.make(
      .secondFactor, ["account": .string(account.uid.description), "method": .string(method)])
    return [
      "challenge": .string(challenge), "factors": .list(SecondFactor.names(factor)),
      "expiresIn": .int(Int(OneTimeTokens.Purpose.secondFactor.life.inSeconds)),
    ]
  }

  /// `{access, refresh, account, memberships}`; the family's reply puts it into its shape.
  func result(_ account: StoredObject, method: String) async throws -> Value {
    let now = ports.clock.now()
    let session = try await parts.kit.sessions.open(
      account.uid, realm: account.spec["realm"]?.string ?? AccountReads.staff, agent: call.header("User-Agent"),
      address: call.remoteAddress, method: method)
    parts.forget(account.uid)
    try await parts.kit.store.note(lastUsed: [(.rootTenant, account.uid, now)])
    try await AccountWrites.note(
      "user.signed_in", "Signed in by \(method)", severity: .low, account: account, call: call, ports: ports)
    return try await result(account, session: session, lastLogin: now)
  }

  func result(_ account: StoredObject, session: Session, lastLogin: Timestamp?) async throws -> Value {
    let pair = try await parts.kit.issuer.pair(session, account: account.uid)
    var value = try await Self.describe(account, lastLogin: lastLogin, ports)
    value["access"] = .string(pair.access)
    value["refresh"] = .string(pair.refresh)
    value["expiresIn"] = .int(Int(TokenIssuer.accessLife.inSeconds))
    return value
  }

  /// `{account, memberships}`.
  static func describe(_ account: StoredObject, lastLogin: Timestamp?, _ ports: OperationPorts) async throws -> Value {
    let memberships = try await AccountReads(ports).memberships(of: account.uid)
    return [
      "account": AccountReads.value(account, lastLogin: lastLogin, ports.ids),
      "memberships": .list(memberships.map { $0.value(ports.ids) }),
    ]
  }

  /// When the account was last signed in to.
  static func lastLogin(_ account: UID, _ ports: OperationPorts) async throws -> Timestamp? {
    try await ports.reads.lastUsed(tenant: .rootTenant, uids: [account])[account]
  }
}
