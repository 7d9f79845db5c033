// plumb can: whether a person may do something, and through which binding.
import Core

enum CanVerb {
  static let verb = Verb(
    name: "can", summary: "Say whether a user may do something, and through which role.", positionals: "USER VERB KIND[/NAME]",
    positionalCount: 3...3, flags: [Flag.output(["text", "json"])], usesServer: true,
    examples: ["plumb can ada@example.com delete App/web", "plumb can ada@example.com read Server"], run: run)

  /// Exit code 4 when the user may not.
  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    let words = arguments.positionals
    let parts = words[2].split(separator: "/", maxSplits: 1).map(String.init)
    var query: [(String, String?)] = [("user", words[0]), ("verb", words[1]), ("kind", parts.first ?? "")]
    if parts.count > 1 { query.append(("name", parts[1])) }
    let answer = try APIClient(arguments).get(["can"], query: query)
    if arguments.value("output") == "json" {
      console.out(JSON.pretty(answer) + "\n")
    } else {
      console.line((answer["allowed"].bool == true ? "yes: " : "no: ") + Table.clean(answer["reason"].string ?? ""))
    }
    return answer["allowed"].bool == true ? .done : .denied
  }
}
