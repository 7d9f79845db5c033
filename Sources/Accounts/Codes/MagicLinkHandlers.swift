// `accounts.magic-link`, `accounts.magic-link-use`: signing in with a link in a mail.
import Core
import Identity
import Kinds
import Ports

struct MagicLinkHandler: DeskHandler {
  let name = "accounts.magic-link"
  let desk: AccountDesk
  /// Mails to one address in an hour; further requests are answered alike, and send nothing.
  private static let mails = 5

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let realm = AccountRealm(call)
    let email = AccountReads.normal(call.args["email"]?.string ?? "")
    return try await QuietWork.run(ports, since: call.now) {
      guard await parts.kit.limiter.take("magic/\(realm.lockName(email))", count: Self.mails, window: .seconds(3600)) == nil,
        let account = try await AccountReads(ports).account(email: email, directory: realm.directory),
        AccountReads.isActive(account)
      else { return }
      let token = try await parts.kit.tokens.make(
        .magicLink, ["account": .string(account.uid.description), "email": .string(email)])
      let mail = try await AccountMail(parts: parts, ports: ports, call: call).intent(
        "magic-link", to: email, language: account.spec["language"]?.string, token: token,
        path: call.with["path"]?.string ?? "/auth/magic", ["name": account.spec["title"]?.string ?? email])
      _ = try await ports.writes.write([mail])
    }
  }
}

struct UseMagicLinkHandler: DeskHandler {
  let name = "accounts.magic-link-use"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    guard let kept = try await parts.kit.tokens.take(.magicLink, call.args["token"]?.string ?? ""),
      let uid = kept["account"].string.flatMap({ UID($0) }), let account = try await AccountReads(ports).account(uid),
      AccountReads.isActive(account), AccountRealm(call).holds(account), kept["email"] == account.spec["email"]
    else { throw AccountProblem.badToken }
    let proven = try await ProvenAddress.confirm(account, parts, ports)
    return .value(try await SignIn(parts: parts, ports: ports, call: call).finish(proven, method: "magic-link"))
  }
}
