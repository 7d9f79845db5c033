// Sending a browser back to the front end, with tokens or a fault in the fragment, which no server sees.
import Core
import Identity
import Kinds
import Ports

struct FrontEnd: Sendable {
  let url: String
  let path: String

  init(url: String, path: String? = nil) {
    self.url = url
    self.path = path ?? "/auth/callback"
  }

  /// What `SignIn.finish` gave: tokens, or the challenge of a second factor.
  func reply(_ result: Value, status: Int) -> OperationReply {
    let members: [(String, String)] =
      result["access"].string.map { [("access_token", $0), ("refresh_token", result["refresh"].string ?? "")] }
      ?? [("second_factor", result["challenge"].string ?? "")]
    return reply(members, status)
  }

  func reply(_ problem: Problem, status: Int) -> OperationReply {
    reply([("error", problem.code), ("error_description", problem.message)], status)
  }

  private func reply(_ members: [(String, String)], _ status: Int) -> OperationReply {
    var reply = OperationReply.redirect(to: url + path + "#" + FormText.encode(members), status: status)
    reply.headers.append(("Cache-Control", "no-store"))
    return reply
  }
}
