// plumb wait: until an object is ready, gone, or has a condition.
import Core

enum WaitVerb {
  static let verb = Verb(
    name: "wait", summary: "Wait until objects are ready, gone, or have a condition.", positionals: "KIND/NAME ...",
    positionalCount: 1...100,
    flags: [
      Flag("for", value: "ready|deleted|condition=TYPE", "What to wait for; else ready. gone is deleted."), Flag.timeout("5m"),
    ],
    usesServer: true,
    notes: ["Exit code 8 when the time is over."],
    examples: ["plumb wait App/web --timeout 60s", "plumb wait App/web --for condition=Available"],
    run: run)

  /// Between two looks at an object whose condition is waited for.
  static let pause: Duration = .milliseconds(200)

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    let timeout = try arguments.duration("timeout") ?? ApplyVerb.standardTimeout
    let names = try ObjectName.many(arguments.positionals)
    let goal = arguments.value("for") ?? "ready"
    let client = try APIClient(arguments)
    do {
      switch goal {
      case "ready":
        let uids = try names.map { try client.get($0.path)["metadata"]["uid"] }
        return try Waiter(client: client, console: console, timeout: timeout).wait(for: ["uids": .list(uids)])
      case "deleted", "gone":
        let uids = try names.compactMap { try uid($0, client) }
        return try Waiter(client: client, console: console, timeout: timeout).wait(for: ["gone": .list(uids)])
      default:
        guard goal.hasPrefix("condition="), goal.utf8.count > 10 else {
          throw Arguments.problem(
            "flag_value", "--for cannot be \"\(goal)\"", fix: "Write ready, deleted, gone or condition=TYPE.")
        }
        return try waitForCondition(String(goal.dropFirst(10)), names, client, console, timeout)
      }
    } catch is Interrupted {
      console.error("interrupted: nothing was changed")
      return .interrupted
    }
  }

  /// Nil: it is gone already.
  private static func uid(_ name: ObjectName, _ client: APIClient) throws -> Value? {
    do { return try client.get(name.path)["metadata"]["uid"] } catch let problems as Problems {
      if problems.category == .missing, problems.list.contains(where: { $0.code == "not_found" }) { return nil }
      throw problems
    }
  }

  private static func waitForCondition(
    _ type: String, _ names: [ObjectName], _ client: APIClient, _ console: Console, _ timeout: Duration
  ) throws -> ExitCode {
    Interrupt.install()
    let deadline = ContinuousClock.now + timeout
    var left = names
    while true {
      left = try left.filter { name in
        let conditions = try client.get(name.path)["status"]["conditions"].list ?? []
        return !conditions.contains { $0["type"].string == type && $0["status"].string == "True" }
      }
      if left.isEmpty { return .done }
      if ContinuousClock.now >= deadline {
        for name in left {
          console.error("error: \(name.kind)/\(name.name) has no condition \(type) after \(Waiter.seconds(timeout))")
        }
        return .timeout
      }
      try Wait.sleep(pause)
    }
  }
}
