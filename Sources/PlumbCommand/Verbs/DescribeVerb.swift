// plumb describe: everything about one object on one page: fields with their managers, conditions, story.
import Core

enum DescribeVerb {
  static let verb = Verb(
    name: "describe", summary: "Show all about one object: fields and who set them, conditions, events.",
    positionals: "KIND/NAME",
    positionalCount: 1...2, usesServer: true, examples: ["plumb describe App/web"], run: run)

  static let events = 20

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    let client = try APIClient(arguments)
    let name = try ObjectName.one(arguments.positionals)
    let object = try client.get(name.path, query: [("owners", "true")])
    let story = try client.get(name.path + ["events"], query: [("limit", "\(events)")])
    console.out(page(object, story: story["items"].list ?? [], now: SystemClock().now(), console: console))
    return .done
  }

  static func page(_ object: Value, story: [Value], now: Timestamp, console: Console) -> String {
    let metadata = object["metadata"]
    var text = console.styled(ObjectText.label(object), .bold) + "\n"
    func fact(_ name: String, _ value: String?) {
      if let value, !value.isEmpty { text += (name + ":").padded(to: 14) + Table.clean(value) + "\n" }
    }
    fact("Tenant", metadata["tenant"].string)
    fact("UID", metadata["uid"].string)
    fact("Ready", ObjectText.ready(object))
    fact("Generation", metadata["generation"].int.map(String.init))
    fact("Version", metadata["version"].int.map(String.init))
    let labels = metadata["labels"].object?.sorted().map { "\($0.key)=\($0.value.string ?? "")" } ?? []
    fact("Labels", labels.joined(separator: ", "))
    if metadata["protect"].bool == true { fact("Protected", "yes") }
    fact("Created", metadata["createdAt"].string.map { "\($0) (\(Age.text(.string($0), now: now)) ago)" })
    fact("Updated", metadata["updatedAt"].string.map { "\($0) (\(Age.text(.string($0), now: now)) ago)" })
    fact("Deleting", metadata["deleting"].string)
    text += section("Spec", console) + fields(object["spec"], owners: object["owners"])
    var observed = object["status"].object ?? ObjectMap()
    observed["conditions"] = nil
    if !observed.isEmpty { text += section("Status", console) + fields(.object(observed), owners: .null) }
    let conditions = object["status"]["conditions"].list ?? []
    if !conditions.isEmpty {
      text += section("Conditions", console)
      text += Table.write(
        ["TYPE", "STATUS", "REASON", "SINCE", "MESSAGE"],
        conditions.map {
          [
            $0["type"].string ?? "", $0["status"].string ?? "", $0["reason"].string ?? "", Age.text($0["since"], now: now),
            $0["message"].string ?? "",
          ]
        }, console: console)
    }
    if !story.isEmpty { text += section("Events", console) + EventsVerb.table(story, now: now, console: console, names: false) }
    return text
  }

  private static func section(_ title: String, _ console: Console) -> String { "\n" + console.styled(title, .bold) + "\n" }

  private static func fields(_ value: Value, owners: Value) -> String {
    var text = ""
    for (key, member) in value.object ?? ObjectMap() {
      var line = "  \(key): \(member["$secret"].bool == true ? "(secret)" : PlanText.shown(member))"
      if let owner = PlanText.owner(owners[key]) { line += "  (\(owner))" }
      text += Table.clean(line) + "\n"
    }
    return text.isEmpty ? "  (none)\n" : text
  }
}
