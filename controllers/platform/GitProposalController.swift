// GitProposal: a change of the API becomes one commit on the branch for proposals, once.
import Core
import Kinds

public struct GitProposalController: KindController {
  static let attempts = 6
  static let firstRetry: Duration = .seconds(2)
  static let mostRetry: Duration = .seconds(60)

  public let kind = "GitProposal"
  public init() {}

  public func needs(_ input: ReconcileInput) -> [Need] {
    guard !RunStatus.isFinished(input.status), let credential = source(input)?["spec"]["credential"].string else { return [] }
    return [Need("credential", kind: "GitCredential", matches: [.init(.uid, among: [.string(credential)])])]
  }

  public func decide(_ input: ReconcileInput) -> Decision {
    if input.deleting { return Decision(status: input.status, finished: true) }
    if RunStatus.isFinished(input.status) { return Decision(status: input.status) }
    var run = RunStatus(input)
    guard let source = source(input), source["deleting"] != true else {
      return Decision(status: run.ended("Rejected", "its source does not exist any more"))
    }
    let object = "\(input.spec["objectKind"]?.string ?? "")/\(input.spec["objectName"]?.string ?? "")"
    if let reply = input.replies.last(where: { $0.step.hasPrefix("propose-") }) {
      if reply.outcome == .done {
        run.result = reply.value
        let commit = String((reply.value["commit"].string ?? "").prefix(12))
        let message = "\(object) is proposed in commit \(commit) on branch \(reply.value["branch"].string ?? "")"
        return Decision(status: run.succeeded(message), events: [("Proposed", message, false)])
      }
      let message = reply.value["error"]["message"].string ?? "it could not be pushed"
      if reply.value["error"]["attention"] == true || run.attempts >= Self.attempts {
        return Decision(status: run.ended("Failed", message), events: [("Failed", message, true)])
      }
      let wait = Backoff.delay(failures: run.attempts, initial: Self.firstRetry, most: Self.mostRetry)
      var status = run.running("it is tried again: \(message)")
      status["retryAt"] = .string((input.now + wait).description)
      return Decision(status: status, lookAgain: wait)
    }
    if let retry = input.status["retryAt"].timestamp, retry > input.now {
      return Decision(status: input.status, lookAgain: retry - input.now)
    }
    run.attempts += 1
    let step = Step(
      name: "propose-\(run.attempts)", service: "git", operation: "propose", arguments: arguments(input, source), kind: .probed,
      deadline: .seconds(16), sensitive: true)
    return Decision(status: run.running("a commit is made"), steps: [step])
  }

  private func source(_ input: ReconcileInput) -> Value? {
    input.spec["source"]?.string.flatMap { UID($0) }.flatMap { input.related[$0] }
  }

  private func arguments(_ input: ReconcileInput, _ source: Value) -> Value {
    let spec = source["spec"]
    let credential = input.needed["credential"]?.first?["spec"] ?? .null
    let name = source["name"].string ?? ""
    var value: Value = [
      "name": .string(name), "url": spec["url"], "branch": spec["branch"], "path": spec["path"], "limits": spec["limits"],
      "into": spec["writeBack"]["branch"].isNull ? .string("plumb/\(name)") : spec["writeBack"]["branch"],
      "author": spec["writeBack"]["author"],
      "id": .string(input.metadata.uid.description), "date": .int(input.metadata.created.microseconds / 1_000_000),
    ]
    for field in ["username", "token", "sshKey", "knownHosts"] { value[field] = credential[field] }
    for field in ["objectKind", "objectName", "objectTenant", "delete", "changes", "requestedBy"] {
      value[field] = input.spec[field] ?? .null
    }
    return value
  }
}
