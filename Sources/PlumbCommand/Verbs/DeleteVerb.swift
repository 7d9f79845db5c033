// plumb delete: takes objects away, and waits until they are gone when asked.
import Core

enum DeleteVerb {
  static let verb = Verb(
    name: "delete", summary: "Delete objects by name.", positionals: "KIND/NAME ...", positionalCount: 1...100,
    flags: [
      Flag("cascade", "Delete what depends on them too."),
      Flag("confirm", value: "TOKEN", "Go on after a guard asked; the token is in its message."),
      Flag("dry-run", "Say what would be deleted, and do nothing."), Flag("wait", "Wait until they are gone."),
      Flag.timeout("5m"),
      Flag.output(["text", "json"]),
    ],
    usesServer: true, examples: ["plumb delete App/web --wait", "plumb delete Project/shop --cascade"], run: run)

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    let timeout = try arguments.duration("timeout") ?? ApplyVerb.standardTimeout
    let names = try ObjectName.many(arguments.positionals)
    let client = try APIClient(arguments)
    var problems: [Problem] = []
    var gone: [Value] = []
    for name in names {
      do {
        let query = [
          ("cascade", arguments.has("cascade") ? "true" : nil), ("confirm", arguments.value("confirm")),
          ("dryRun", arguments.has("dry-run") ? "true" : nil),
        ]
        let outcome = try client.delete(name.path, query: query)
        gone += (outcome["items"].list ?? []).filter { $0["action"].string == "delete" }.map { $0["uid"] }
        if arguments.value("output") == "json" {
          console.out(JSON.pretty(outcome) + "\n")
        } else {
          console.out(PlanText(console: console).write(outcome, done: !arguments.has("dry-run")))
        }
      } catch let fault as Problems { problems += fault.list }
    }
    if !problems.isEmpty { throw Problems(problems) }
    guard arguments.has("wait"), !arguments.has("dry-run"), !gone.isEmpty else { return .done }
    do {
      return try Waiter(client: client, console: console, timeout: timeout).wait(for: ["gone": .list(gone)])
    } catch is Interrupted {
      console.error("interrupted: the deletion goes on; see plumb get")
      return .interrupted
    }
  }
}
