// The second factor of a person as it is stored: an authenticator app and recovery codes, and the checking of what a person gives.
import Core
import Crypto
import Identity
import Kinds
import Ports

struct SecondFactor: Sendable {
  static let kind = "Authenticator"
  private static let seedContext = "Authenticator.seed"
  private static let codesContext = "Authenticator.recoveryCodes"
  /// The last step is remembered for longer than a code of it would be taken.
  private static let memory = Duration.seconds(600)

  /// How somebody proved to be himself.
  enum Proof: String, Sendable { case totp, recovery }

  let parts: AccountDesk.Parts
  let ports: OperationPorts

  /// The person's authenticator, confirmed or not.
  func authenticator(of account: UID) async throws -> StoredObject? {
    guard ports.catalog.kind(Self.kind) != nil else { return nil }
    let key = ObjectKey(tenant: .rootTenant, kind: Self.kind, name: account.description)
    return try await ports.reads.objects(named: [key]).first { !$0.deleted && $0.deleting == nil }
  }

  /// The one that is asked for at sign-in.
  func confirmed(of account: UID) async throws -> StoredObject? {
    try await authenticator(of: account).flatMap { $0.spec["confirmed"] == true ? $0 : nil }
  }

  /// What may be given: `totp`, and `recovery` while codes are left.
  static func names(_ authenticator: StoredObject) -> [Value] {
    authenticator.spec["recoveryCodes"]?["$sealed"].string == nil ? ["totp"] : ["totp", "recovery"]
  }

  func app(_ authenticator: StoredObject) throws -> TimeCode {
    guard let sealed = authenticator.spec["seed"]?["$sealed"].string,
      let seed = Base64.decode(try ports.sealing.open(sealed, context: Self.seedContext))
    else { throw Problem(.failure, code: "sealed", "A stored secret is damaged.") }
    return TimeCode(secret: seed)
  }

  func recoveryHashes(_ authenticator: StoredObject) throws -> [String] {
    guard let sealed = authenticator.spec["recoveryCodes"]?["$sealed"].string else { return [] }
    let text = try ports.sealing.open(sealed, context: Self.codesContext)
    return (try? JSON.parse(text))?.list?.compactMap(\.string) ?? []
  }

  /// New recovery codes: what is shown, and what is stored.
  static func recoveryCodes(for account: UID) -> (shown: [String], stored: Value) {
    let codes = RecoveryCodes.make()
    return (codes, stored(codes.map { RecoveryCodes.hash($0, account: account.description) }))
  }

  private static func stored(_ hashes: [String]) -> Value {
    hashes.isEmpty ? .null : .string(JSON.text(.list(hashes.map(Value.string))))
  }

  /// Checks a code of the app, or one for recovery, and uses it up: of two who give the same one, one is let in. Wrong ones are counted
  /// as wrong passwords are. Throws `wrong_code` (unauthenticated), `locked` (limited).
  func check(
    _ code: String, _ authenticator: StoredObject, account: StoredObject, call: OperationCall, takesRecovery: Bool = true
  )
    async throws -> Proof
  {
    let name = "factor/\(account.uid)"
    try await parts.kit.lockOut.check(name)
    let given = String(code.filter { !$0.isWhitespace }.prefix(40))
    if try await useTime(given, authenticator, account.uid) {
      try await parts.kit.lockOut.succeeded(name)
      return .totp
    }
    if takesRecovery, try await useRecovery(given, authenticator, account.uid) {
      try await parts.kit.lockOut.succeeded(name)
      try await AccountWrites.note(
        "user.recovery_code_used", "A recovery code was used", severity: .high, account: account, call: call, ports: ports)
      return .recovery
    }
    let locks = try await parts.kit.lockOut.failed(name)
    try await AccountWrites.note(
      locks ? "user.locked" : "user.second_factor_failed",
      locks ? "Locked after \(LoginGuard.failures) wrong codes" : "A wrong code was given", severity: locks ? .high : .medium,
      account: account, call: call, ports: ports)
    throw Problem(.unauthenticated, code: "wrong_code", "The code is wrong, or was used before.", pointer: "/code")
  }

  /// The step of a code that was used is kept at one place for all replicas, and only rises.
  private func useTime(_ code: String, _ authenticator: StoredObject, _ account: UID) async throws -> Bool {
    let key = "identity/totp/\(account)"
    let now = ports.clock.now()
    let last = try await ports.reads.value(tenant: .rootTenant, key: key)
    guard let step = try app(authenticator).accepted(code, at: now, after: last?.int) else { return false }
    return try await ports.writes.putValue(
      tenant: .rootTenant, key: key, .int(step), expecting: .some(last), expires: now + Self.memory)
  }

  private func useRecovery(_ code: String, _ authenticator: StoredObject, _ account: UID) async throws -> Bool {
    guard
      let left = RecoveryCodes.use(code, of: try recoveryHashes(authenticator), account: account.description)
    else { return false }
    do {
      _ = try await ports.writes.write([Self.patch(authenticator, ["recoveryCodes": Self.stored(left)])])
      return true
    } catch let problems as Problems where problems.category == .stale || problems.category == .conflict {
      return false
    }
  }

  static func patch(_ authenticator: StoredObject, _ fields: ObjectMap) -> Intent {
    Intent(
      .patch, .uid(tenant: .rootTenant, kind: kind, authenticator.uid), fields: fields, expectedVersion: authenticator.version)
  }
}
