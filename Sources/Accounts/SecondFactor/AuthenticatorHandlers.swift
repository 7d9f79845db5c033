// `accounts.totp-enroll`, `.totp-confirm`, `.totp-remove`, `.recovery-codes`, `.factors`: a person's own authenticator app.
import Core
import Crypto
import Identity
import Kinds
import Ports

/// A new seed, shown once. Nothing is asked at sign-in before a code of it was given.
struct EnrollAuthenticatorHandler: DeskHandler {
  let name = "accounts.totp-enroll"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let person = try await SignedInPerson(call, ports)
    let known = try await SecondFactor(parts: parts, ports: ports).authenticator(of: person.account.uid)
    guard known?.spec["confirmed"] != true else {
      throw Problem(.conflict, code: "enrolled", "An authenticator app is set up already.", fix: "Remove it first.")
    }
    let app = TimeCode.generate()
    let seed: Value = .string(Base64.encode(app.secret))
    let intent =
      known.map { SecondFactor.patch($0, ["seed": seed]) }
      ?? Intent(
        .create, .new(tenant: .rootTenant, kind: SecondFactor.kind),
        fields: [
          "name": .string(person.account.uid.description), "account": .string(person.account.uid.description), "seed": seed,
        ])
    _ = try await ports.writes.write([intent])
    let issuer = try await Settings.read(["app.name"], ports)["app.name"] ?? "Plumb"
    return .value([
      "secret": .string(Base32.encode(app.secret)),
      "address": .string(app.address(issuer: issuer, account: person.account.spec["email"]?.string ?? "")),
    ])
  }
}

struct ConfirmAuthenticatorHandler: DeskHandler {
  let name = "accounts.totp-confirm"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let person = try await SignedInPerson(call, ports)
    let factor = SecondFactor(parts: parts, ports: ports)
    guard let app = try await factor.authenticator(of: person.account.uid) else { throw AccountProblem.missing("authenticator") }
    guard app.spec["confirmed"] != true else {
      throw Problem(.conflict, code: "enrolled", "The authenticator app is confirmed already.")
    }
    _ = try await factor.check(
      call.args["code"]?.string ?? "", app, account: person.account, call: call, takesRecovery: false)
    let codes = SecondFactor.recoveryCodes(for: person.account.uid)
    _ = try await ports.writes.write([SecondFactor.patch(app, ["confirmed": true, "recoveryCodes": codes.stored])])
    try await AccountWrites.note(
      "user.second_factor_added", "A second factor was set up", severity: .high, account: person.account, call: call, ports: ports
    )
    return .value(["recoveryCodes": .list(codes.shown.map(Value.string))])
  }
}

/// Only who has the factor takes it away.
struct RemoveAuthenticatorHandler: DeskHandler {
  let name = "accounts.totp-remove"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let person = try await SignedInPerson(call, ports)
    let factor = SecondFactor(parts: parts, ports: ports)
    guard let app = try await factor.authenticator(of: person.account.uid) else { throw AccountProblem.missing("authenticator") }
    if app.spec["confirmed"] == true {
      _ = try await factor.check(call.args["code"]?.string ?? "", app, account: person.account, call: call)
    }
    _ = try await ports.writes.write([AccountWrites.delete(app)])
    try await AccountWrites.note(
      "user.second_factor_removed", "The second factor was taken away", severity: .high, account: person.account, call: call,
      ports: ports)
    return .value(.emptyObject)
  }
}

/// New recovery codes; those before are void.
struct RecoveryCodesHandler: DeskHandler {
  let name = "accounts.recovery-codes"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let person = try await SignedInPerson(call, ports)
    let factor = SecondFactor(parts: parts, ports: ports)
    guard let app = try await factor.confirmed(of: person.account.uid) else { throw AccountProblem.missing("authenticator") }
    _ = try await factor.check(
      call.args["code"]?.string ?? "", app, account: person.account, call: call, takesRecovery: false)
    let codes = SecondFactor.recoveryCodes(for: person.account.uid)
    _ = try await ports.writes.write([SecondFactor.patch(app, ["recoveryCodes": codes.stored])])
    try await AccountWrites.note(
      "user.recovery_codes_replaced", "Recovery codes were replaced", severity: .high, account: person.account, call: call,
      ports: ports)
    return .value(["recoveryCodes": .list(codes.shown.map(Value.string))])
  }
}

struct FactorsHandler: DeskHandler {
  let name = "accounts.factors"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let person = try await SignedInPerson(call, ports)
    let factor = SecondFactor(parts: parts, ports: ports)
    let app = try await factor.confirmed(of: person.account.uid)
    let passkeys = try await PasskeyStore(ports: ports).all(of: person.account.uid)
    return .value([
      "totp": .bool(app != nil), "recoveryCodesLeft": .int(try app.map(factor.recoveryHashes)?.count ?? 0),
      "passkeys": .int(passkeys.count), "phone": person.account.spec["phone"] ?? .null,
    ])
  }
}
