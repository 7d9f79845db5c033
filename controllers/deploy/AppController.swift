// App: its processes are those that its spec asks for, replaced one by one when what they are started from changes.
import Core
import Kinds

/// Observes `process` (see docs/RUNTIME.md) and answers with starts and stops. Pure.
public struct AppController: KindController {
  public let kind = "App"
  public let isBoundToHost = true
  public init() {}

  public func observation(_ input: ReconcileInput) -> (service: String, operation: String, arguments: Value)? {
    ("process", "observe", AppSettings(input).observation)
  }

  public func needs(_ input: ReconcileInput) -> [Need] {
    input.deleting ? [] : AppSettings.needs(input) + AppPlacement(input).needs()
  }

  public func decide(_ input: ReconcileInput) -> Decision {
    var rollout = AppRollout(input)
    if input.deleting { return rollout.remove() }
    let settings = rollout.settings
    guard input.world["replicas"].list != nil else {
      return rollout.unknown("RuntimeUnavailable", "the process runtime does not answer")
    }
    switch AppPlacement(input).place() {
    case .waiting(let reason, let message): return rollout.wait(reason, message)
    case .placed(let server, let name, let limit, let note):
      rollout.setPlacement(server: server, name: name, limit: limit, note: note)
    }
    if settings.command.isEmpty {
      return rollout.stopAll(phase: "NotBuilt", .no, "NotBuilt", "it has no command to run: the built-in runtime runs `command`")
    }
    if settings.replicas == 0 {
      let running = input.spec["running"]?.bool ?? true
      return rollout.stopAll(
        phase: "Stopped", .yes, "Stopped", running ? "it is scaled to 0 replicas" : "it is stopped: `running` is false")
    }
    return rollout.converge()
  }
}
