// plumb drift: what in the world is not as it was made.
import Core

enum DriftVerb {
  static let verb = Verb(
    name: "drift", summary: "Report objects whose world is not as it was made. Exit code 0: none, 2: some.",
    positionals: "[KIND ...]", positionalCount: 0...50,
    flags: [
      Flag("set", value: "NAME", "Only objects of this set."), Flag("all-tenants", short: "A", "Of every tenant; for operators."),
      Flag.output(["table", "json"]),
    ],
    usesServer: true,
    notes: [
      "What becomes of drift: metadata.onDrift of an object (correct or report), else plumb apply --on-drift of its set, else what its",
      "kind says (plumb explain KIND).",
    ],
    examples: ["plumb drift", "plumb drift App -o json"], run: run)

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    let kinds = arguments.positionals.isEmpty ? nil : arguments.positionals.joined(separator: ",")
    let answer = try APIClient(arguments).get(
      ["drift"],
      query: [("kinds", kinds), ("set", arguments.value("set")), ("allTenants", arguments.has("all-tenants") ? "true" : nil)])
    let items = answer["items"].list ?? []
    if arguments.value("output") == "json" {
      console.out(JSON.pretty(answer) + "\n")
    } else if items.isEmpty {
      console.line("no drift")
    } else {
      console.out(table(items, now: SystemClock().now(), wide: arguments.has("all-tenants"), console))
      if answer["truncated"].bool == true { console.error("there is more: name a kind") }
    }
    return items.isEmpty ? .done : .changes
  }

  static func table(_ items: [Value], now: Timestamp, wide: Bool, _ console: Console) -> String {
    Table.write(
      (wide ? ["TENANT"] : []) + ["OBJECT", "SINCE", "ACTION", "MESSAGE"],
      items.map { item in
        (wide ? [item["tenant"].string ?? ""] : []) + [
          "\(item["kind"].string ?? "")/\(item["name"].string ?? "")", Age.text(item["since"], now: now),
          item["action"].string ?? "",
          item["message"].string ?? "",
        ]
      }, console: console)
  }
}
