// GitSource: looks at its repository on its interval, and applies what it finds there as one set, once all guards agree.
import Core
import Kinds

/// A look is an observation and runs by itself; an apply is a journaled step, harmless to repeat. Whatever fails, what was applied
/// last stays in force, and the conditions say what happened: `Ready`, `Synced`, `Stalled`, and where they matter `Progressing`,
/// `Suspended`, `Verified`, `Drifted`.
public struct GitSourceController: KindController {
  static let firstRetry: Duration = .seconds(5)
  static let mostRetry: Duration = .seconds(600)
  /// A look that has not come back is asked for again.
  static let patience: Duration = .seconds(15)
  static let mostErrors = 20

  public let kind = "GitSource"
  public init() {}

  public func observation(_ input: ReconcileInput) -> (service: String, operation: String, arguments: Value)? {
    guard !input.deleting else { return nil }
    let settings = GitSettings(input)
    let isWaiting = settings.suspension != nil || GitDependencies(input).waiting != nil
    return ("git", "look", settings.look(isDue: !isWaiting && settings.isDue))
  }

  public func decide(_ input: ReconcileInput) -> Decision {
    if input.deleting { return Decision(status: input.status, finished: true) }
    let settings = GitSettings(input)
    var sync = GitSync(input, settings)
    if let pause = input.world["pause"].string { return sync.suspended("Paused", "it is paused: \(pause)") }
    if let (reason, message) = settings.suspension { return sync.suspended(reason, message) }
    if let reply = input.replies.last(where: { $0.step.hasPrefix("apply-") }) { return sync.take(reply) }
    if let waiting = GitDependencies(input).waiting { return sync.waiting(for: waiting) }
    guard settings.isDue else { return sync.resting() }
    let look = input.world["look"]
    guard look["key"].string == settings.key else { return sync.looking() }
    if let error = look["error"].object { return sync.failed(.object(error), commit: nil) }
    return sync.found(look)
  }
}

/// The sources that must be ready first.
struct GitDependencies {
  /// The first that is not ready.
  let waiting: String?

  init(_ input: ReconcileInput) {
    let wanted = (input.spec["dependsOn"]?.list ?? []).compactMap { $0.string.flatMap { UID($0) } }
    waiting =
      wanted.lazy.compactMap { uid -> String? in
        guard let other = input.related[uid], uid != input.metadata.uid else { return uid.description }
        return other["ready"] == true ? nil : other["name"].string ?? uid.description
      }.first
  }
}
