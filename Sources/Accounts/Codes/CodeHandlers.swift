// `accounts.code-send`, `accounts.code-verify`: signing in with a short code that comes by mail or as a text message.
import Core
import Identity
import Kinds
import Ports

/// Where a code goes: to an address, or to a telephone.
enum CodeChannel: Sendable {
  case mail(String)
  case text(String)

  /// Exactly one of `email` and `phone`. Throws `missing_field`.
  init(_ call: OperationCall) throws {
    let email = call.args["email"]?.string.map(AccountReads.normal) ?? ""
    let phone = Self.normal(call.args["phone"]?.string ?? "")
    guard email.isEmpty != phone.isEmpty else {
      throw AccountProblem.invalid("missing_field", "Either an email or a phone is needed, not both.", "/email")
    }
    if email.isEmpty {
      guard Self.isNumber(phone) else { throw Self.noNumber }
      self = .text(phone)
    } else {
      self = .mail(email)
    }
  }

  static let noNumber = AccountProblem.invalid(
    "bad_field", "A telephone is written with + and its country's code, such as +4930123456.", "/phone")

  /// Without what people put between digits.
  static func normal(_ phone: String) -> String { phone.filter { !" -()/.".contains($0) } }

  static func isNumber(_ text: String) -> Bool {
    let digits = text.utf8.dropFirst()
    return text.hasPrefix("+") && (7...15).contains(digits.count) && digits.first != UInt8(ascii: "0")
      && digits.allSatisfy { (48...57).contains($0) }
  }

  /// What the code is for: one of another realm or way is another.
  func subject(_ realm: AccountRealm) -> String {
    switch self {
    case .mail(let address): "\(realm.directory)/mail/\(address)"
    case .text(let number): "\(realm.directory)/text/\(number)"
    }
  }

  var method: String {
    switch self {
    case .mail: "mail-code"
    case .text: "text-code"
    }
  }

  func account(_ realm: AccountRealm, _ ports: OperationPorts) async throws -> StoredObject? {
    let found: StoredObject?
    switch self {
    case .mail(let address): found = try await AccountReads(ports).account(email: address, directory: realm.directory)
    case .text(let number): found = try await AccountReads(ports).account(phone: number, directory: realm.directory)
    }
    return found.flatMap { AccountReads.isActive($0) ? $0 : nil }
  }

  /// The message that carries a code.
  func message(
    _ code: String, for account: StoredObject, _ parts: AccountDesk.Parts, _ ports: OperationPorts, _ call: OperationCall
  )
    async throws -> Intent
  {
    let mail = AccountMail(parts: parts, ports: ports, call: call)
    let language = account.spec["language"]?.string
    switch self {
    case .mail(let address):
      return try await mail.intent("sign-in-code", to: address, language: language, token: code, path: "/", [:])
    case .text(let number): return try await mail.text("sign-in-code", to: number, language: language, token: code)
    }
  }
}

struct SendCodeHandler: DeskHandler {
  let name = "accounts.code-send"
  let desk: AccountDesk
  /// Codes to one address or number in an hour; further requests are answered alike, and send nothing.
  private static let codes = 5

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let realm = AccountRealm(call)
    let channel = try CodeChannel(call)
    let subject = channel.subject(realm)
    return try await QuietWork.run(ports, since: call.now) {
      guard await parts.kit.limiter.take("code/\(subject)", count: Self.codes, window: .seconds(3600)) == nil,
        let account = try await channel.account(realm, ports)
      else { return }
      let code = try await parts.kit.tokens.makeCode(
        .signInCode, subject: subject, payload: ["account": .string(account.uid.description)])
      _ = try await ports.writes.write([try await channel.message(code, for: account, parts, ports, call)])
    }
  }
}

struct VerifyCodeHandler: DeskHandler {
  let name = "accounts.code-verify"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let realm = AccountRealm(call)
    let channel = try CodeChannel(call)
    let kept = try await parts.kit.tokens.takeCode(
      .signInCode, subject: channel.subject(realm), code: call.args["code"]?.string ?? "")
    guard let kept, let account = try await channel.account(realm, ports), kept["account"].string == account.uid.description
    else {
      let known = try await channel.account(realm, ports)
      try await AccountWrites.note(
        "user.sign_in_failed", "A wrong code was given", severity: .medium, account: known, call: call, ports: ports)
      throw Problem(.unauthenticated, code: "wrong_code", "The code is wrong, used or expired.", pointer: "/code")
    }
    var proven = account
    if case .mail = channel { proven = try await ProvenAddress.confirm(account, parts, ports) }
    return .value(try await SignIn(parts: parts, ports: ports, call: call).finish(proven, method: channel.method))
  }
}
