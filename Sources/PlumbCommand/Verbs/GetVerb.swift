// plumb get: objects of a kind, one object, or everything; once, or as it changes.
import Core

enum GetVerb {
  static let verb = Verb(
    name: "get", summary: "Show objects: of one kind, one by name, or all.", positionals: "KIND|KIND/NAME|all [NAME]",
    positionalCount: 1...50,
    flags: [
      Flag.output(ObjectText.forms), Flag("watch", short: "w", "Show changes as they come, until Ctrl-C."),
      Flag(
        "selector", short: "l", value: "LABELS", "Only objects with these labels: a=b, a!=b, a in (b,c), a, !a; joined by commas."
      ),
      Flag("at", value: "TIME", "Desired state as it was at this moment (RFC 3339)."),
      Flag("all-tenants", short: "A", "Of every tenant; for operators."),
      Flag("limit", value: "N", "At most so many objects of a kind; else all, up to \(most)."),
    ],
    usesServer: true,
    examples: ["plumb get apps", "plumb get App/web -o yaml", "plumb get all -l team=shop", "plumb get apps --watch"],
    run: run)

  static let most = 100_000
  static let page = 1000

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    let client = try APIClient(arguments)
    let form = arguments.value("output") ?? "table"
    let text = ObjectText(console: console, form: form, now: SystemClock().now())
    let limit = try arguments.integer("limit", in: 1...most) ?? most
    let first = arguments.positionals[0]
    if arguments.positionals.count > 1 || first.contains("/") {
      let names = try ObjectName.many(arguments.positionals)
      let query = [("at", arguments.value("at"))]
      let objects = try names.map { try client.get($0.path, query: query) }
      console.out(text.write(objects, single: true))
      guard arguments.has("watch") else { return .done }
      return try watch(
        client, text, kinds: Set(objects.compactMap { $0["kind"].string }), only: Set(objects.map { $0["metadata"]["uid"] }),
        arguments)
    }
    let kinds = first == "all" ? try declarableKinds(client) : [first]
    var objects: [Value] = []
    for kind in kinds { objects += try list(client, kind: kind, arguments, limit: limit) }
    if objects.isEmpty, !arguments.has("watch"), form == "table" || form == "wide" {
      console.error("no objects")
    } else if !objects.isEmpty || form == "json" {
      console.out(text.write(objects, single: false))
    }
    guard arguments.has("watch") else { return .done }
    let names = first == "all" ? Set(kinds) : [try client.get(["kinds", first])["name"].string ?? first]
    return try watch(client, text, kinds: names, only: nil, arguments)
  }

  static func declarableKinds(_ client: APIClient) throws -> [String] {
    (try client.get(["kinds"])["items"].list ?? []).filter { $0["storage"].string == "resource" && $0["readable"].bool != false }
      .compactMap { $0["name"].string }
  }

  static func list(_ client: APIClient, kind: String, _ arguments: Arguments, limit: Int) throws -> [Value] {
    var objects: [Value] = []
    var cursor: String?
    repeat {
      let answer = try client.get(
        ["objects", kind],
        query: [
          ("selector", arguments.value("selector")), ("at", arguments.value("at")),
          ("limit", "\(min(page, limit - objects.count))"),
          ("cursor", cursor), ("allTenants", arguments.has("all-tenants") ? "true" : nil),
        ])
      objects += answer["items"].list ?? []
      cursor = answer["cursor"].string
    } while cursor != nil && objects.count < limit
    guard arguments.has("all-tenants") || arguments.has("at") else { return objects }
    // Such pages come in the order of uids.
    func key(_ object: Value) -> (String, String) {
      (object["metadata"]["tenant"].string ?? "", object["metadata"]["name"].string ?? "")
    }
    return objects.sorted { key($0) < key($1) }
  }

  private static func watch(
    _ client: APIClient, _ text: ObjectText, kinds: Set<String>, only: Set<Value>?, _ arguments: Arguments
  ) throws -> ExitCode {
    Interrupt.install()
    text.console.flush()
    do {
      let query: [(String, String?)] = [
        ("kinds", kinds.sorted().joined(separator: ",")), ("selector", arguments.value("selector")),
      ]
      try client.events(["watch"], query: query) { event, change in
        if event == "resync" { text.console.error("fell behind: some changes were not shown") }
        guard event == "change", only?.contains(change["uid"]) ?? true else { return true }
        text.console.out(line(change, text))
        text.console.flush()
        return true
      }
    } catch is Interrupted { return .done }
    return .done
  }

  /// One change on one line: JSON for programs, words for people.
  static func line(_ change: Value, _ text: ObjectText) -> String {
    let label = "\(change["kind"].string ?? "")/\(change["name"].string ?? "")"
    switch text.form {
    case "json": return JSON.text(change) + "\n"
    case "name": return label + "\n"
    case "yaml": return "---\n" + text.write([change["object"]], single: true)
    default:
      let object = change["object"]
      let what = change["operation"].string ?? ""
      let ready = object.isNull ? "" : ObjectText.ready(object)
      let message = object.isNull ? "" : ObjectText.condition(object)?["message"].string ?? ""
      let time = String((change["at"].string ?? "").prefix(19).suffix(8))
      return Table.clean("\(time)  \(what.padded(to: 9))  \(label)  \(ready)  \(message)".trimmingSpaces()) + "\n"
    }
  }
}
