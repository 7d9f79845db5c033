// `accounts.passkey-options`, `.passkey-register`, `.passkeys`, `.passkey-remove`: a person's own passkeys.
import Core
import Crypto
import Identity
import Kinds
import Ports

struct PasskeyOptionsHandler: DeskHandler {
  let name = "accounts.passkey-options"
  let desk: AccountDesk

  /// `{publicKey}`: what `navigator.credentials.create` takes, bytes as base64url.
  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let account = try await SignedInPerson(call, ports).account
    let site = try await PasskeySite.read(parts, ports).party
    let present = try await PasskeyStore(ports: ports).all(of: account.uid)
    let email = account.spec["email"]?.string ?? ""
    let challenge = try await PasskeyChallenge(parts: parts).make(["register": .string(account.uid.description)])
    return .value([
      "publicKey": [
        "challenge": .string(challenge), "rp": ["id": .string(site.id), "name": .string(site.name)],
        "user": [
          "id": .string(Base64URL.encode(Array(account.uid.description.utf8))), "name": .string(email),
          "displayName": account.spec["title"] ?? .string(email),
        ],
        "pubKeyCredParams": [["type": "public-key", "alg": -7], ["type": "public-key", "alg": -257]],
        "excludeCredentials": .list(present.map { ["type": "public-key", "id": $0.spec["credential"] ?? .null] }),
        "authenticatorSelection": ["residentKey": "required", "userVerification": "required"], "attestation": "none",
        "timeout": .int(OneTimeTokens.Purpose.challenge.life.microseconds / 1000),
      ]
    ])
  }
}

struct PasskeyRegisterHandler: DeskHandler {
  let name = "accounts.passkey-register"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let account = try await SignedInPerson(call, ports).account
    let client = try PasskeyInput.bytes(call, "clientDataJSON")
    let (challenge, payload) = try await PasskeyChallenge(parts: parts).take(from: client)
    guard payload["register"].string == account.uid.description else { throw PasskeyInput.refused }
    let passkey = try await PasskeySite.read(parts, ports).party.register(
      challenge: challenge, clientData: client, attestation: try PasskeyInput.bytes(call, "attestationObject"))
    let store = PasskeyStore(ports: ports)
    guard try await store.all(of: account.uid).count < PasskeyStore.limit else {
      throw Problem(
        .refused, code: "limit_exceeded", "A person has at most \(PasskeyStore.limit) passkeys.", fix: "Remove one first.")
    }
    var fields: ObjectMap = [
      "account": .string(account.uid.description), "credential": .string(Base64URL.encode(passkey.id)),
      "key": .string(Base64URL.encode(passkey.key)), "count": .int(passkey.count), "model": .string(Hex.encode(passkey.model)),
      "backedUp": .bool(passkey.isBackedUp),
    ]
    if let label = call.args["label"]?.string?.trimmed, !label.isEmpty { fields["label"] = .string(label) }
    let made = try await ports.writes.write([Intent(.create, .new(tenant: .rootTenant, kind: PasskeyStore.kind), fields: fields)])
    guard let object = made.objects[0] else { throw AccountProblem.missing("passkey") }
    return .value(PasskeyInput.shown(object, ports))
  }
}

struct ListPasskeysHandler: DeskHandler {
  let name = "accounts.passkeys"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let account = try await SignedInPerson(call, ports).account
    let all = try await PasskeyStore(ports: ports).all(of: account.uid)
    let used = try await ports.reads.lastUsed(tenant: .rootTenant, uids: all.map(\.uid))
    return .value(["passkeys": .list(all.map { PasskeyInput.shown($0, ports, lastUsed: used[$0.uid]) })])
  }
}

struct RemovePasskeyHandler: DeskHandler {
  let name = "accounts.passkey-remove"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let account = try await SignedInPerson(call, ports).account
    let wanted = call.path["passkeyId"].flatMap { ports.ids.uid($0, kind: PasskeyStore.kind) }
    guard let object = try await PasskeyStore(ports: ports).all(of: account.uid).first(where: { $0.uid == wanted }) else {
      throw AccountProblem.missing("passkey")
    }
    _ = try await ports.writes.write([AccountWrites.delete(object)])
    return .value(.emptyObject)
  }
}

enum PasskeyInput {
  static let refused = Problem(.invalid, code: "passkey_refused", "The answer belongs to another registration or sign-in.")

  /// A member in base64url.
  static func bytes(_ call: OperationCall, _ name: String) throws -> [UInt8] {
    guard let bytes = call.args[name]?.string.flatMap({ Base64URL.decode($0) }) else {
      throw AccountProblem.invalid("bad_field", "\(name) is no base64url.", "/\(name)")
    }
    return bytes
  }

  static func shown(_ object: StoredObject, _ ports: OperationPorts, lastUsed: Timestamp? = nil) -> Value {
    [
      "id": .string(ports.ids.text(object)), "label": object.spec["label"] ?? .null,
      "credentialId": object.spec["credential"] ?? .null, "isBackedUp": object.spec["backedUp"] ?? false,
      "createdAt": .string(object.created.description), "lastUsedAt": Value(lastUsed?.description),
    ]
  }
}
