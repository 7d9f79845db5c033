// plumb diff: what an apply would do, with exit codes for scripts.
import Core

enum DiffVerb {
  static let verb = Verb(
    name: "diff", summary: "Say what an apply would change. Exit code 0: nothing, 2: changes.",
    flags: SetInput.flags + [Flag.output(["text", "json", "markdown"])], usesServer: true,
    notes: ["Secrets are masked. Markdown is made for a comment on a pull request."],
    examples: ["plumb diff -f shop/", "plumb diff -f shop/ --prune -o markdown"],
    run: run)

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    let input = try SetInput(arguments)
    let plan = try APIClient(arguments).post(["plan"], .object(input.body))
    return show(plan, set: input.set, arguments, console)
  }

  /// Prints a plan; exit code 2 when it changes something.
  static func show(_ plan: Value, set: String, _ arguments: Arguments, _ console: Console) -> ExitCode {
    switch arguments.value("output") {
    case "json":
      var shown = plan.object ?? ObjectMap()
      shown["pinned"] = nil
      console.out(JSON.pretty(.object(shown)) + "\n")
    case "markdown": console.out(PlanMarkdown.write(plan, set: set))
    default: console.out(PlanText(console: console).write(plan, done: false))
    }
    return hasChanges(plan) ? .changes : .done
  }

  static func hasChanges(_ plan: Value) -> Bool {
    (plan["items"].list ?? []).contains { $0["action"].string != "unchanged" }
  }
}
