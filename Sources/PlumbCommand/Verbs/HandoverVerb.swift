// plumb handover: fields of an object pass to another manager.
import Core

enum HandoverVerb {
  static let verb = Verb(
    name: "handover", summary: "Hand fields of an object to another manager.", positionals: "KIND/NAME", positionalCount: 1...2,
    flags: [
      Flag("to", value: "set:NAME|api|none", "Who manages them from now on; none leaves them to anybody."),
      Flag("field", value: "PATH", "A field such as replicas or env.LOG; else all that somebody manages.", repeats: true),
      Flag("dry-run", "Say what would be done, and do nothing."), Flag.output(["text", "json"]),
    ],
    usesServer: true, notes: ["Values stay as they are. See plumb blame for who manages what."],
    examples: ["plumb handover App/web --to set:shop", "plumb handover App/web --to none --field replicas"], run: run)

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    guard let to = arguments.value("to") else {
      throw Arguments.problem("arguments", "handover wants --to", fix: "Write --to set:NAME, --to api or --to none.")
    }
    let name = try ObjectName.one(arguments.positionals)
    let body: Value = [
      "to": .string(to), "fields": .list(arguments.values("field").map(Value.string)), "dryRun": .bool(arguments.has("dry-run")),
    ]
    let outcome = try APIClient(arguments).post(name.path + ["handover"], body)
    ChangeOutput.write(outcome, arguments, console, done: !arguments.has("dry-run"))
    return .done
  }
}
