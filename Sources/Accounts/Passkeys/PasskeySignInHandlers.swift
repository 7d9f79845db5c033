// `accounts.passkey-login-options`, `accounts.passkey-login`: signing in with a passkey, without saying who one is.
import Core
import Crypto
import Identity
import Kinds
import Ports

struct PasskeyLoginOptionsHandler: DeskHandler {
  let name = "accounts.passkey-login-options"
  let desk: AccountDesk

  /// `{publicKey}`: what `navigator.credentials.get` takes. No keys are named, so that nobody learns who has some.
  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let site = try await PasskeySite.read(parts, ports).party
    let challenge = try await PasskeyChallenge(parts: parts).make(["login": .string(AccountRealm(call).directory)])
    return .value([
      "publicKey": [
        "challenge": .string(challenge), "rpId": .string(site.id), "allowCredentials": [], "userVerification": "required",
        "timeout": .int(OneTimeTokens.Purpose.challenge.life.microseconds / 1000),
      ]
    ])
  }
}

struct PasskeyLoginHandler: DeskHandler {
  let name = "accounts.passkey-login"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let realm = AccountRealm(call)
    let client = try PasskeyInput.bytes(call, "clientDataJSON")
    let (challenge, payload) = try await PasskeyChallenge(parts: parts).take(from: client)
    guard payload["login"].string == realm.directory else { throw PasskeyInput.refused }
    let credential = Base64URL.encode(try PasskeyInput.bytes(call, "credentialId"))
    guard let object = try await PasskeyStore(ports: ports).object(credential: credential),
      let passkey = PasskeyStore.passkey(object), let uid = object.spec["account"]?.string.flatMap({ UID($0) }),
      let account = try await AccountReads(ports).account(uid), AccountReads.isActive(account), realm.holds(account)
    else { throw Problem(.unauthenticated, code: "unknown_passkey", "This passkey is not known here.") }
    let used: Passkey
    do {
      used = try await PasskeySite.read(parts, ports).party.authenticate(
        passkey, challenge: challenge, clientData: client,
        authenticatorData: try PasskeyInput.bytes(call, "authenticatorData"), signature: try PasskeyInput.bytes(call, "signature")
      )
    } catch let problem as Problem where problem.category == .unauthenticated {
      try await AccountWrites.note(
        "user.sign_in_failed", "A passkey was refused", severity: .medium, account: account, call: call, ports: ports)
      throw problem
    }
    try await parts.kit.store.note(lastUsed: [(.rootTenant, object.uid, call.now)])
    _ = try await ports.writes.write([
      Intent(
        .patch, .uid(tenant: .rootTenant, kind: PasskeyStore.kind, object.uid),
        fields: ["count": .int(used.count), "backedUp": .bool(used.isBackedUp)], expectedVersion: object.version)
    ])
    // Having the key and having been verified by the authenticator are two factors.
    return .value(try await SignIn(parts: parts, ports: ports, call: call).finish(account, method: "passkey", isStrong: true))
  }
}
