// plumb sets: the sets of manifests that were applied.
import Core

enum SetsVerb {
  static let verb = Verb(
    name: "sets", summary: "List the applied sets of manifests.", flags: [Flag.output(["table", "json", "name"])],
    usesServer: true,
    examples: ["plumb sets"], run: run)

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    let answer = try APIClient(arguments).get(["sets"])
    let items = answer["items"].list ?? []
    switch arguments.value("output") {
    case "json": console.out(JSON.pretty(answer) + "\n")
    case "name": console.out(items.map { ($0["name"].string ?? "") + "\n" }.joined())
    default:
      let now = SystemClock().now()
      let rows = items.map {
        [
          $0["name"].string ?? "", "\($0["count"].int ?? 0)", Age.text($0["updatedAt"], now: now),
          $0["paused"]["reason"].string ?? "",
        ]
      }
      console.out(Table.write(["SET", "OBJECTS", "UPDATED", "PAUSED"], rows, console: console))
    }
    return .done
  }
}
