// plumb tree: what an object refers to, and what refers to it, with how each is.
import Core

enum TreeVerb {
  static let verb = Verb(
    name: "tree", summary: "Show the graph of references around an object, or among the objects of a set.",
    positionals: "[KIND/NAME]", positionalCount: 0...2,
    flags: [
      Flag("set", value: "NAME", "The objects of this set."), Flag("depth", value: "N", "How far to go from the object; else 3."),
      Flag.output(["text", "json"]),
    ],
    usesServer: true, examples: ["plumb tree App/web", "plumb tree --set shop"], run: run)

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    let depth = try arguments.integer("depth", in: 0...10).map(String.init)
    let client = try APIClient(arguments)
    let answer: Value
    if let set = arguments.value("set") {
      answer = try client.get(["tree"], query: [("set", set)])
    } else {
      guard !arguments.positionals.isEmpty else {
        throw Arguments.problem("arguments", "tree wants an object or a set", fix: "Write KIND/NAME, or --set NAME.")
      }
      answer = try client.get(try ObjectName.one(arguments.positionals).path + ["tree"], query: [("depth", depth)])
    }
    if arguments.value("output") == "json" {
      console.out(JSON.pretty(answer) + "\n")
    } else {
      console.out(TreeText(answer, console).text())
      if answer["truncated"].bool == true { console.error("there is more than is shown") }
    }
    return .done
  }
}

/// The graph as lines: below each object what it refers to; for one root, what refers to it after that.
struct TreeText {
  private let console: Console
  private let root: String?
  private var nodes: [String: Value] = [:]
  private var order: [String] = []
  private var up: [String: [(field: String, uid: String)]] = [:]
  private var down: [String: [(field: String, uid: String)]] = [:]

  init(_ answer: Value, _ console: Console) {
    self.console = console
    root = answer["root"].string
    for node in answer["nodes"].list ?? [] {
      guard let uid = node["uid"].string else { continue }
      nodes[uid] = node
      order.append(uid)
    }
    for edge in answer["edges"].list ?? [] {
      guard let from = edge["from"].string, let to = edge["to"].string, let field = edge["field"].string else { continue }
      up[from, default: []].append((field, to))
      down[to, default: []].append((field, from))
    }
  }

  func text() -> String {
    guard let root else {
      // A set: from what nothing refers to.
      let tops = order.filter { down[$0] == nil }
      return (tops.isEmpty ? order : tops).map { line($0) + branches($0, up, "", [$0]) }.joined()
    }
    var text = line(root) + branches(root, up, "", [root])
    if let users = down[root], !users.isEmpty { text += "used by\n" + branches(root, down, "", [root]) }
    return text
  }

  private func line(_ uid: String) -> String {
    guard let node = nodes[uid] else { return "?\n" }
    let label = "\(node["kind"].string ?? "")/\(node["name"].string ?? "")"
    if node["ready"].bool == true { return Table.clean("\(label)  ") + console.styled("Ready", .green) + "\n" }
    let why = node["message"].string.map { $0.isEmpty ? "" : ": \($0)" } ?? ""
    return Table.clean("\(label)  ") + console.styled(Table.clean((node["reason"].string ?? "Waiting") + why), .yellow) + "\n"
  }

  private func branches(
    _ uid: String, _ edges: [String: [(field: String, uid: String)]], _ indent: String, _ seen: Set<String>
  ) -> String {
    let next = (edges[uid] ?? []).sorted { ($0.field, $0.uid) < ($1.field, $1.uid) }
    var text = ""
    for (n, edge) in next.enumerated() {
      let last = n == next.count - 1
      text += indent + (last ? "└─ " : "├─ ") + edge.field + ": "
      if seen.contains(edge.uid) {
        text += line(edge.uid)
        continue
      }
      text += line(edge.uid) + branches(edge.uid, edges, indent + (last ? "   " : "│  "), seen.union([edge.uid]))
    }
    return text
  }
}
