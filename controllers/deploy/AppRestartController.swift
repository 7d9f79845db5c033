// AppRestart: every process of an app is started anew; the run ends when the app is up again.
import Core
import Kinds

public struct AppRestartController: KindController {
  /// A restart that takes longer is said to have timed out.
  static let most: Duration = .seconds(300)
  public let kind = "AppRestart"
  public init() {}

  public func decide(_ input: ReconcileInput) -> Decision {
    if input.deleting { return Decision(status: input.status, finished: true) }
    if RunStatus.isFinished(input.status) { return Decision(status: input.status) }
    var run = RunStatus(input)
    let uid = input.spec["app"]?.string.flatMap { UID($0) }
    guard let uid, let app = input.related[uid], app["deleting"].bool != true else {
      return Decision(status: run.ended("Rejected", "its app does not exist"))
    }
    if input.spec["cancel"]?.bool == true {
      return Decision(status: run.ended("Cancelled", "it was cancelled; the restart goes on if it had begun"))
    }
    let nonce = input.metadata.uid.description
    if app["spec"]["restartNonce"].string != nonce {
      // Another restart came after this one, and does what this one was to do.
      if run.attempts > 0 { return Decision(status: run.ended("Failed", "another restart took its place")) }
      if app["spec"]["running"].bool == false {
        return Decision(status: run.ended("Rejected", "the app is stopped: `running` is false"))
      }
      run.attempts = 1
      return Decision(
        status: run.running("the app restarts"), lookAgain: .seconds(1),
        events: [("Restarting", "the app \(app["name"].string ?? "") is asked to restart", false)],
        writes: [.update(kind: "App", uid: uid, spec: ["restartNonce": .string(nonce)])])
    }
    if app["ready"].bool == true {
      run.result = ["readyReplicas": app["status"]["readyReplicas"], "revision": app["status"]["revision"]]
      return Decision(status: run.succeeded("every process was started anew"))
    }
    if input.now - (input.status["startedAt"].timestamp ?? input.now) > Self.most {
      let conditions = (app["status"]["conditions"].list ?? []).compactMap { Condition($0) }
      let why = conditions.first { $0.type == "Ready" }.map { ": \($0.message)" } ?? ""
      return Decision(status: run.ended("TimedOut", "the app is not up after \(Int(Self.most.inSeconds)) seconds\(why)"))
    }
    let done = app["status"]["readyReplicas"].double ?? 0
    let total = max(app["spec"]["replicas"].double ?? 1, 1)
    return Decision(
      status: run.running("\(Int(done)) of \(Int(total)) replicas are up", progress: min(done / total, 1)), lookAgain: .seconds(1)
    )
  }
}
