// plumb history: the versions of one object, what changed in each, by whom.
import Core

enum HistoryVerb {
  static let verb = Verb(
    name: "history", summary: "List the versions of an object: who changed what, when, from which commit.",
    positionals: "KIND/NAME",
    positionalCount: 1...2, flags: [Flag("limit", value: "N", "At most so many; else 20."), Flag.output(["text", "json"])],
    usesServer: true,
    examples: ["plumb history App/web"], run: run)

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    let limit = try arguments.integer("limit", in: 1...500) ?? 20
    let name = try ObjectName.one(arguments.positionals)
    let answer = try APIClient(arguments).get(name.path + ["history"], query: [("limit", "\(limit)")])
    if arguments.value("output") == "json" {
      console.out(JSON.pretty(answer) + "\n")
    } else {
      for item in answer["items"].list ?? [] { console.out(text(item, console)) }
    }
    return .done
  }

  static func text(_ item: Value, _ console: Console) -> String {
    var head = "version \(item["version"].int ?? 0)  \(item["at"].string ?? "")  \(item["operation"].string ?? "")"
    head += "  by \(item["actor"].string ?? "")"
    if let manager = item["manager"].string { head += " (\(manager))" }
    if let commit = item["commit"].string { head += "  commit \(commit.prefix(12))" }
    var text = console.styled(Table.clean(head), .bold) + "\n"
    for change in item["changes"].list ?? [] {
      text += "    " + Table.clean(PlanText.change(change, creates: item["operation"].string == "create")) + "\n"
    }
    return text
  }
}
