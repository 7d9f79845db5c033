// `accounts.phone-set`, `accounts.phone-confirm`: showing that a telephone is one's own.
import Core
import Identity
import Kinds
import Ports

struct SetPhoneHandler: DeskHandler {
  let name = "accounts.phone-set"
  let desk: AccountDesk
  /// Messages that one person has sent to telephones in an hour.
  private static let messages = 5

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let account = try await SignedInPerson(call, ports).account
    let phone = CodeChannel.normal(call.args["phone"]?.string ?? "")
    guard CodeChannel.isNumber(phone) else { throw CodeChannel.noNumber }
    if let wait = await parts.kit.limiter.take("phone/\(account.uid)", count: Self.messages, window: .seconds(3600)) {
      throw Problem(
        .limited, code: "too_soon", "At most \(Self.messages) messages an hour are sent.", fix: "Try again in \(wait) s.",
        details: ["retryAfter": .int(wait)])
    }
    let code = try await parts.kit.tokens.makeCode(.confirmPhone, subject: "\(account.uid)/\(phone)")
    let text = try await AccountMail(parts: parts, ports: ports, call: call).text(
      "sign-in-code", to: phone, language: account.spec["language"]?.string, token: code)
    _ = try await ports.writes.write([text])
    return .value(.emptyObject)
  }
}

struct ConfirmPhoneHandler: DeskHandler {
  let name = "accounts.phone-confirm"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let account = try await SignedInPerson(call, ports).account
    let phone = CodeChannel.normal(call.args["phone"]?.string ?? "")
    let code = call.args["code"]?.string ?? ""
    guard try await parts.kit.tokens.takeCode(.confirmPhone, subject: "\(account.uid)/\(phone)", code: code) != nil else {
      throw AccountProblem.invalid("wrong_code", "The code is wrong, used or expired.", "/code")
    }
    _ = try await ports.writes.write([AccountWrites.patch(account.uid, ["phone": .string(phone)])])
    return .value(["phone": .string(phone)])
  }
}
