// plumb why: the shortest chain from an object that is not ready to the first cause.
import Core

enum WhyVerb {
  static let verb = Verb(
    name: "why", summary: "Say why an object is not ready: the shortest chain to the first cause.", positionals: "KIND/NAME",
    positionalCount: 1...2, flags: [Flag.output(["text", "json"])], usesServer: true,
    examples: ["plumb why DomainAssignment/shop"], run: run)

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    let name = try ObjectName.one(arguments.positionals)
    let answer = try APIClient(arguments).get(name.path + ["why"])
    if arguments.value("output") == "json" {
      console.out(JSON.pretty(answer) + "\n")
    } else {
      for (n, line) in (answer["lines"].list ?? []).compactMap(\.string).enumerated() {
        console.line(String(repeating: "  ", count: n) + Table.clean(line))
      }
    }
    return .done
  }
}
