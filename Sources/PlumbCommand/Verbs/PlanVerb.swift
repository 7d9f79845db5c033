// plumb plan: pins what an apply would do in a file, so that apply --plan does exactly that.
import Core
import Glibc

enum PlanVerb {
  static let verb = Verb(
    name: "plan", summary: "Write down what an apply would do, to be applied later exactly so.",
    flags: SetInput.flags + [
      Flag("output", short: "o", value: "FILE", "Where to write the plan; - is standard output."),
      Flag("confirm", value: "TOKEN", "Go on after a guard asked; the token is in its message."),
    ],
    usesServer: true,
    notes: ["The plan holds the manifests, and no secrets. Exit code 0: nothing to do, 2: changes."],
    examples: ["plumb plan -f shop/ --prune -o plan.json && plumb apply --plan plan.json"],
    run: run)

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    var input = try SetInput(arguments)
    if let token = arguments.value("confirm") { input.body["confirm"] = .string(token) }
    let plan = try APIClient(arguments).post(["plan"], .object(input.body))
    let text = input.planFile(pinned: plan["pinned"], summary: plan["summary"])
    let code: ExitCode = DiffVerb.hasChanges(plan) ? .changes : .done
    guard let path = arguments.value("output"), path != "-" else {
      if arguments.has("output") { console.out(text) } else { console.out(PlanText(console: console).write(plan, done: false)) }
      return code
    }
    console.out(PlanText(console: console).write(plan, done: false))
    try FileWriter.write(Array(text.utf8), to: path)
    console.line("plan written to \(path)")
    return code
  }
}
