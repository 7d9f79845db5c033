// plumb rollback: an object or a whole set back to what it was.
import Core

enum RollbackVerb {
  static let verb = Verb(
    name: "rollback", summary: "Take an object, or a whole set, back to what it was.", positionals: "[KIND/NAME]",
    positionalCount: 0...2,
    flags: [
      Flag("to", value: "VERSION|TIME", "Version or moment (RFC 3339) to go back to; else the version before the present one."),
      Flag("set", value: "NAME", "The whole set; wants --to TIME."),
      Flag("confirm", value: "TOKEN", "Go on after a guard asked; the token is in its message."),
      Flag("dry-run", "Say what would be done, and do nothing."), Flag.output(["text", "json"]),
    ],
    usesServer: true,
    notes: [
      "What was deleted is made anew, with its uid and its history. The sources of the sets concerned are paused, so that they do",
      "not undo it: plumb resume --set NAME lets them go on.",
    ],
    examples: ["plumb rollback App/web", "plumb rollback App/web --to 3", "plumb rollback --set shop --to 2026-01-31T12:00:00Z"],
    run: run)

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    let dryRun = arguments.has("dry-run")
    var body: ObjectMap = ["dryRun": .bool(dryRun)]
    if let to = arguments.value("to") { body["to"] = .string(to) }
    let outcome: Value
    if let set = arguments.value("set") {
      guard arguments.positionals.isEmpty else {
        throw Arguments.problem("arguments", "a set and an object do not go together", fix: "Name one of the two.")
      }
      guard arguments.has("to") else {
        throw Arguments.problem("arguments", "a set goes back to a moment", fix: "Write --to TIME, such as 2026-01-31T12:00:00Z.")
      }
      if let token = arguments.value("confirm") { body["confirm"] = .string(token) }
      outcome = try APIClient(arguments).post(["sets", set, "rollback"], .object(body))
    } else {
      outcome = try APIClient(arguments).post(try ObjectName.one(arguments.positionals).path + ["rollback"], .object(body))
    }
    ChangeOutput.write(outcome, arguments, console, done: !dryRun)
    return .done
  }
}
