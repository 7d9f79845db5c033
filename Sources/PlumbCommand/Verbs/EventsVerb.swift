// plumb events: the story of one object, or of the whole tenant.
import Core

enum EventsVerb {
  static let verb = Verb(
    name: "events", summary: "Tell what happened to an object, or to everything, newest first.", positionals: "[KIND/NAME]",
    positionalCount: 0...2, flags: [Flag("limit", value: "N", "At most so many; else 50."), Flag.output(["table", "json"])],
    usesServer: true,
    examples: ["plumb events", "plumb events App/web"], run: run)

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    let limit = try arguments.integer("limit", in: 1...1000) ?? 50
    let client = try APIClient(arguments)
    let path = arguments.positionals.isEmpty ? ["events"] : try ObjectName.one(arguments.positionals).path + ["events"]
    let answer = try client.get(path, query: [("limit", "\(limit)")])
    if arguments.value("output") == "json" {
      console.out(JSON.pretty(answer) + "\n")
    } else {
      console.out(
        table(answer["items"].list ?? [], now: SystemClock().now(), console: console, names: arguments.positionals.isEmpty))
    }
    return .done
  }

  static func table(_ items: [Value], now: Timestamp, console: Console, names: Bool) -> String {
    Table.write(
      ["AGE", "TYPE"] + (names ? ["OBJECT"] : []) + ["REASON", "MESSAGE"],
      items.map { item in
        [Age.text(item["at"], now: now), item["warning"].bool == true ? "Warning" : "Normal"]
          + (names ? ["\(item["kind"].string ?? "")/\(item["name"].string ?? "")"] : [])
          + [item["reason"].string ?? "", item["message"].string ?? ""]
      }, console: console)
  }
}
