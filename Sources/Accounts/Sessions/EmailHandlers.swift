// `accounts.verify-email`, `accounts.resend-verification`: showing that an address is one's own.
import Core
import Identity
import Kinds
import Ports

struct VerifyEmailHandler: DeskHandler {
  let name = "accounts.verify-email"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    guard let kept = try await parts.kit.tokens.take(.verifyEmail, call.args["token"]?.string ?? ""),
      let uid = kept["account"].string.flatMap({ UID($0) }), let account = try await AccountReads(ports).account(uid),
      // A token that went to an address shows nothing of the next one.
      kept["email"] == account.spec["email"], AccountRealm(call).holds(account)
    else { throw AccountProblem.badToken }
    _ = try await ports.writes.write([AccountWrites.patch(uid, ["emailVerified": true])])
    return .value(.emptyObject)
  }
}

struct ResendVerificationHandler: DeskHandler {
  let name = "accounts.resend-verification"
  let desk: AccountDesk
  private static let pause = Duration.seconds(60)

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let email = AccountReads.normal(call.args["email"]?.string ?? "")
    let realm = AccountRealm(call)
    // Counted for every address, so that it tells nothing of any.
    try await Cooldown(key: "resend/\(realm.lockName(email))", pause: Self.pause).begin(ports, call.now)
    return try await QuietWork.run(ports, since: call.now) {
      guard let account = try await AccountReads(ports).account(email: email, directory: realm.directory),
        AccountReads.isActive(account),
        account.spec["emailVerified"] != true
      else { return }
      let token = try await parts.kit.tokens.make(
        .verifyEmail, ["account": .string(account.uid.description), "email": .string(email)])
      let mail = try await AccountMail(parts: parts, ports: ports, call: call).intent(
        "verify-email", to: email, language: account.spec["language"]?.string, token: token, path: "/verify-email",
        ["name": account.spec["title"]?.string ?? email])
      _ = try await ports.writes.write([mail])
    }
  }
}

/// One request for a name in a while, at whichever replica.
struct Cooldown: Sendable {
  let key: String
  let pause: Duration

  func begin(_ ports: OperationPorts, _ now: Timestamp) async throws {
    let name = "identity/cooldown/" + ports.sealing.hash(key)
    let until = now + pause
    let isFirst = try await ports.writes.putValue(
      tenant: .rootTenant, key: name, .string(until.description), expecting: .some(nil), expires: until)
    if isFirst { return }
    let left =
      try await ports.reads.value(tenant: .rootTenant, key: name)?.string.flatMap { Timestamp($0) }.map { $0 - now } ?? pause
    let seconds = max(1, Int(left.inSeconds.rounded(.up)))
    throw Problem(
      .limited, code: "too_soon", "This was asked for a moment ago.", fix: "Try again in \(seconds) s.",
      details: ["retryAfter": .int(seconds)])
  }
}

/// Work whose length would tell whether an account exists: the answer comes at the same time either way.
enum QuietWork {
  static let floor = Duration.milliseconds(400)

  static func run(_ ports: OperationPorts, since: Timestamp, _ work: () async throws -> Void) async throws -> OperationReply {
    try await work()
    let left = floor - (ports.clock.now() - since)
    if left > .zero { await ports.clock.sleep(left) }
    return .value(.emptyObject)
  }
}
