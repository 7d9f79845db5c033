// plumb rename: another name for the same object; what refers to it follows.
import Core

enum RenameVerb {
  static let verb = Verb(
    name: "rename", summary: "Give an object another name; its uid, its history and all references stay.",
    positionals: "KIND/NAME NEW", positionalCount: 2...3,
    flags: [Flag("dry-run", "Say what would be done, and do nothing."), Flag.output(["text", "json"])], usesServer: true,
    notes: ["A manifest does the same with metadata.movedFrom: OLD beside its new name."],
    examples: ["plumb rename App/web shop-web"], run: run)

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    guard let new = arguments.positionals.last else { return .invalid }
    let name = try ObjectName.one(Array(arguments.positionals.dropLast()))
    // `plumb rename App/web App/shop-web` is meant alike.
    let word = new.hasPrefix(name.kind + "/") ? String(new.dropFirst(name.kind.count + 1)) : new
    let body: Value = ["name": .string(word), "dryRun": .bool(arguments.has("dry-run"))]
    let outcome = try APIClient(arguments).post(name.path + ["rename"], body)
    ChangeOutput.write(outcome, arguments, console, done: !arguments.has("dry-run"))
    return .done
  }
}

/// What a verb that changes single objects prints.
enum ChangeOutput {
  static func write(_ outcome: Value, _ arguments: Arguments, _ console: Console, done: Bool) {
    if arguments.value("output") == "json" {
      console.out(JSON.pretty(outcome) + "\n")
    } else {
      console.out(PlanText(console: console).write(outcome, done: done))
    }
    for note in (outcome["notes"].list ?? []).compactMap(\.string) { console.error("note: \(note)") }
    let paused = (outcome["paused"].list ?? []).compactMap(\.string)
    if !paused.isEmpty, arguments.value("output") != "json" {
      console.error(
        "note: \(done ? "the source of" : "this pauses the source of") \(paused.joined(separator: ", "))\(done ? " is paused" : ""); "
          + "go on with plumb resume --set \(paused[0])")
    }
  }
}
