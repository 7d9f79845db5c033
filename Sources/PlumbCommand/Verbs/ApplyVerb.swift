// plumb apply: makes a set of manifests true, and waits for it when asked.
import Core

enum ApplyVerb {
  static let verb = Verb(
    name: "apply", summary: "Make the manifests of files or folders true, whole or not at all.",
    flags: SetInput.flags + [
      Flag("plan", value: "FILE", "Do exactly what plumb plan -o wrote, or fail with exit code 6."),
      Flag("dry-run", "Say what would be done, and do nothing."),
      Flag("confirm", value: "TOKEN", "Go on after a guard asked; the token is in its message."),
      Flag(
        "on-drift", value: "correct|report|kind",
        "What becomes of drift of the set's objects from now on; kind: as each kind says.",
        choices: ["correct", "report", "kind"]),
      Flag("wait", "Wait until everything in the set is ready."), Flag.timeout("5m"), Flag.output(["text", "json"]),
    ],
    usesServer: true,
    notes: ["Ctrl-C during --wait leaves the apply in place."],
    examples: [
      "plumb apply -f shop/ --wait", "plumb apply -f shop.yaml --set shop --prune", "plumb apply --plan plan.json",
      "cat app.yaml | plumb apply -f - --set app",
    ],
    run: run)

  static let standardTimeout: Duration = .seconds(300)

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    let timeout = try arguments.duration("timeout") ?? standardTimeout
    if arguments.has("plan"), arguments.has("file") {
      throw Arguments.problem("plan_and_files", "--plan and -f do not go together", fix: "A plan holds its manifests.")
    }
    var input = try arguments.value("plan").map { try SetInput(plan: $0) } ?? SetInput(arguments)
    let dryRun = arguments.has("dry-run")
    input.body["dryRun"] = .bool(dryRun)
    if let token = arguments.value("confirm") { input.body["confirm"] = .string(token) }
    if let word = arguments.value("on-drift") { input.body["onDrift"] = .string(word) }
    let client = try APIClient(arguments)
    let outcome = try client.post(["apply"], .object(input.body))
    let isJSON = arguments.value("output") == "json"
    if isJSON {
      console.out(JSON.pretty(outcome) + "\n")
    } else {
      console.out(PlanText(console: console).write(outcome, done: !dryRun))
    }
    for note in (outcome["notes"].list ?? []).compactMap(\.string) { console.error("note: \(note)") }
    console.flush()
    guard arguments.has("wait"), !dryRun else { return .done }
    let gone = (outcome["items"].list ?? []).compactMap { item -> Value? in
      if item["action"].string == "delete" { return item["uid"] }
      return item["replaces"].isNull ? Value?.none : item["replaces"]
    }
    let waiter = Waiter(client: client, console: console, timeout: timeout)
    do {
      return try waiter.wait(for: ["set": .string(input.set), "gone": .list(gone)])
    } catch is Interrupted {
      console.error("interrupted: the apply stays in place and goes on; see plumb get all, or plumb apply again with --wait")
      return .interrupted
    }
  }
}
