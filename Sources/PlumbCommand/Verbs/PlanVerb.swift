// plumb plan: pins what an apply would do in a file, so that apply --plan does exactly that.
import Core
import Glibc

enum PlanVerb {
  static let verb = Verb(
    name: "plan", summary: "Write down what an apply would do, to be applied later exactly so.",
    flags: SetInput.flags + [
      Flag(
        "output", short: "o", value: "FILE|-|json|markdown",
        "Where to write the plan, - being standard output; or show it as JSON or Markdown, as plumb diff does."),
      Flag("confirm", value: "TOKEN", "Go on after a guard asked; the token is in its message."),
    ],
    usesServer: true,
    notes: [
      "A file of the name json or markdown is ./json or ./markdown.",
      "Without --commit the plan pins the commit of the git repository that holds -f, if nothing there was changed since.",
      "The plan holds the manifests, and no secrets. Exit code 0: nothing to do, 2: changes.",
    ],
    examples: ["plumb plan -f shop/ --prune -o plan.json && plumb apply --plan plan.json"],
    run: run)

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    var input = try SetInput(arguments)
    if let token = arguments.value("confirm") { input.body["confirm"] = .string(token) }
    if input.body["commit"] == nil, let commit = GitRevision.commit(of: arguments.values("file")) {
      input.body["commit"] = .string(commit)
    }
    let plan = try APIClient(arguments).post(["plan"], .object(input.body))
    if ["json", "markdown", "text"].contains(arguments.value("output") ?? "") {
      return DiffVerb.show(plan, set: input.set, arguments, console)
    }
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
