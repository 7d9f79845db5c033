// `accounts.second-factor`: the second step of a sign-in, with the challenge that the first one gave.
import Core
import Identity
import Kinds
import Ports

struct SecondFactorHandler: DeskHandler {
  let name = "accounts.second-factor"
  let desk: AccountDesk

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let parts = try desk.parts()
    let challenge = call.args["challenge"]?.string ?? ""
    let factor = SecondFactor(parts: parts, ports: ports)
    guard let kept = try await parts.kit.tokens.peek(.secondFactor, challenge),
      let uid = kept["account"].string.flatMap({ UID($0) }), let account = try await AccountReads(ports).account(uid),
      AccountReads.isActive(account), AccountRealm(call).holds(account), let app = try await factor.confirmed(of: uid)
    else { throw Self.over }
    let proof = try await factor.check(call.args["code"]?.string ?? "", app, account: account, call: call)
    // The first step is good for one second step.
    guard try await parts.kit.tokens.take(.secondFactor, challenge) != nil else { throw Self.over }
    let method = "\(kept["method"].string ?? "password")+\(proof.rawValue)"
    return .value(try await SignIn(parts: parts, ports: ports, call: call).result(account, method: method))
  }

  private static let over = Problem(
    .unauthenticated, code: "bad_challenge", "This sign-in was not begun, or is over.", fix: "Sign in again.")
}
