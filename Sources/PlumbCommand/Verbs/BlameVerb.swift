// plumb blame: who set each field of an object, from which commit and line, when.
import Core

enum BlameVerb {
  static let verb = Verb(
    name: "blame", summary: "Say of each field who set it: manager, commit, file and line, time.", positionals: "KIND/NAME",
    positionalCount: 1...2, flags: [Flag.output(["table", "json"])], usesServer: true, examples: ["plumb blame App/web"], run: run
  )

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    let answer = try APIClient(arguments).get(try ObjectName.one(arguments.positionals).path + ["blame"])
    if arguments.value("output") == "json" {
      console.out(JSON.pretty(answer) + "\n")
    } else {
      console.out(table(answer["items"].list ?? [], console))
    }
    return .done
  }

  static let longestValue = 40

  static func table(_ items: [Value], _ console: Console) -> String {
    Table.write(
      ["FIELD", "VALUE", "MANAGER", "ACTOR", "COMMIT", "PLACE", "TIME"],
      items.map { item in
        let value = item["secret"].bool == true ? "(secret)" : PlanText.shown(item["value"])
        let also = (item["also"].list ?? []).compactMap { $0["manager"].string }
        let managers = [item["manager"].string ?? "-"] + also
        let place = item["file"].string.map { "\($0):\(item["line"].int ?? 0)" } ?? "-"
        return [
          item["path"].string ?? "", value.count > longestValue ? value.prefix(longestValue - 1) + "…" : value,
          managers.joined(separator: ", "), item["actor"].string ?? "-",
          item["commit"].string.map { String($0.prefix(12)) } ?? "-",
          place, item["at"].string ?? "-",
        ]
      }, console: console)
  }
}
