// plumb adopt: objects that exist already become managed by a set of manifests, after a look at what would change.
import Core

enum AdoptVerb {
  static let verb = Verb(
    name: "adopt", summary: "Take existing objects under the management of a set of manifests.",
    flags: [
      Flag.file, Flag.set, Flag.commit, Flag("diff", "Say what would change, and do nothing. Exit code 2 when something would."),
      Flag("take-over", "Take fields from other sets, too, not only from the API."), Flag.output(["text", "json", "markdown"]),
    ],
    usesServer: true,
    notes: ["Every object of the manifests must exist. Where values differ, those of the manifests win."],
    examples: ["plumb adopt -f shop/ --diff", "plumb adopt -f shop/"], run: run)

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    var input = try SetInput(arguments)
    input.body["adopt"] = true
    let client = try APIClient(arguments)
    if arguments.has("diff") {
      let plan = try client.post(["plan"], .object(input.body))
      return DiffVerb.show(plan, set: input.set, arguments, console, adopting: true)
    }
    let outcome = try client.post(["apply"], .object(input.body))
    ChangeOutput.write(outcome, arguments, console, done: true)
    return .done
  }
}
