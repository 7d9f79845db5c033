// plumb sync: asks git sources to look at their repositories now, and waits for the answer when asked.
import Core

enum SyncVerb {
  static let verb = Verb(
    name: "sync", summary: "Look at the repository of a git source now.", positionals: "SOURCE ...", positionalCount: 1...100,
    flags: [
      Flag("confirm", value: "COMMIT", "Go on with this commit, though it deletes much or rewrote history."),
      Flag("wait", "Wait until it was looked at and applied."), Flag.timeout("5m"),
    ],
    usesServer: true, examples: ["plumb sync shop --wait", "plumb sync shop --confirm 0123abcd"], run: run)

  /// Between two looks at a source that is waited for.
  static let pause: Duration = .milliseconds(200)

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    let timeout = try arguments.duration("timeout") ?? ApplyVerb.standardTimeout
    let names = try arguments.positionals.map {
      $0.contains("/") ? try ObjectName.one([$0]) : ObjectName(kind: "GitSource", name: $0)
    }
    let client = try APIClient(arguments)
    var asked: [(ObjectName, Value)] = []
    for name in names {
      var body = Value.emptyObject
      if let commit = arguments.value("confirm") { body["confirm"] = .string(commit) }
      asked.append((name, try client.post(name.path + ["sync"], body)["request"]))
      if !arguments.has("wait") { console.line("\(name.kind)/\(name.name) is asked to sync") }
    }
    guard arguments.has("wait") else { return .done }
    Interrupt.install()
    let deadline = ContinuousClock.now + timeout
    var isGood = true
    do {
      for (name, request) in asked { isGood = try wait(name, request, client, console, deadline) && isGood }
    } catch is Interrupted {
      console.error("interrupted: the sync goes on")
      return .interrupted
    } catch is TimedOut {
      return .timeout
    }
    return isGood ? .done : .failure
  }

  private struct TimedOut: Error {}

  /// Whether the source is ready once it answered.
  private static func wait(
    _ name: ObjectName, _ request: Value, _ client: APIClient, _ console: Console, _ deadline: ContinuousClock.Instant
  ) throws -> Bool {
    while true {
      let source = try client.get(name.path)
      let ready = (source["status"]["conditions"].list ?? []).first { $0["type"] == "Ready" } ?? .null
      let message = Table.clean(ready["message"].string ?? "")
      let isHeld = ["Suspended", "Paused"].contains(ready["reason"].string ?? "")
      if source["status"]["handled"]["request"] == request || isHeld {
        let isGood = ready["status"] == "True" && !isHeld
        if isGood {
          console.line("\(name.kind)/\(name.name): \(message)")
        } else {
          console.error("error: \(name.kind)/\(name.name): \(message)")
        }
        return isGood
      }
      if ContinuousClock.now >= deadline {
        console.error("error: \(name.kind)/\(name.name) has not answered: \(message)")
        throw TimedOut()
      }
      try Wait.sleep(pause)
    }
  }
}
