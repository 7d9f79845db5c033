// plumb explain: what a kind is, what its fields mean, which rules bind it.
import Core
import KindLoading
import NativeView

enum ExplainVerb {
  static let verb = Verb(
    name: "explain", summary: "Explain a kind, or one of its fields.", positionals: "KIND[.FIELD]", positionalCount: 0...1,
    flags: [Flag.output(["text", "json"])], usesServer: true,
    notes: ["Where no server is found, it tells of the kinds beside the program."],
    examples: ["plumb explain", "plumb explain App", "plumb explain App.healthCheck"], run: run)

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    let kinds = try source(arguments)
    let isJSON = arguments.value("output") == "json"
    guard let word = arguments.positional(0) else {
      let all = try kinds.list()
      if isJSON {
        console.out(JSON.pretty(all) + "\n")
      } else {
        let rows = (all["items"].list ?? []).map { kind in
          [kind["name"].string ?? "", kind["apiVersion"].string ?? "", kind["storage"].string ?? "", kind["doc"].string ?? ""]
        }
        console.out(Table.write(["KIND", "APIVERSION", "STORAGE", "MEANING"], rows, console: console))
      }
      return .done
    }
    let path = word.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    let kind = try kinds.page(path[0])
    if path.count == 1 {
      console.out(isJSON ? JSON.pretty(kind) + "\n" : page(kind, console))
      return .done
    }
    let field = try find(Array(path.dropFirst()).filter { $0 != "spec" }, in: kind)
    console.out(isJSON ? JSON.pretty(field) + "\n" : fieldPage(field, console))
    return .done
  }

  /// The server's kinds; without any server those that this program would serve.
  private static func source(_ arguments: Arguments) throws -> (list: () throws -> Value, page: (String) throws -> Value) {
    do {
      let client = try APIClient(arguments)
      return ({ try client.get(["kinds"]) }, { try client.get(["kinds", $0]) })
    } catch let problem as Problem where problem.code == "no_server" && !arguments.has("data") {
      let catalog = try KindLoader.load(try SpecsPlace.find(Environment.value("PLUMB_SPECS")))
      return ({ KindPages.list(catalog) }, { try KindPages.page($0, catalog) })
    }
  }

  private static func find(_ path: [String], in kind: Value) throws -> Value {
    var here = kind
    for step in path {
      let fields = members(here)
      guard let next = fields.first(where: { $0["name"].string == step }) else {
        let near = nearestName(to: step, among: fields.compactMap { $0["name"].string })
        throw Problem(
          .invalid, code: "unknown_field", "\(kind["name"].string ?? "") has no field \"\(step)\".",
          fix: near.map { "Did you mean \($0)?" } ?? "See plumb explain \(kind["name"].string ?? "").")
      }
      here = next
    }
    return here
  }

  private static func members(_ field: Value) -> [Value] { field["fields"].list ?? field["of"]["fields"].list ?? [] }

  static func page(_ kind: Value, _ console: Console) -> String {
    var text = console.styled("\(kind["name"].string ?? "")", .bold) + "  \(kind["apiVersion"].string ?? "")"
    text += "  (\(kind["storage"].string ?? ""))\n\(kind["doc"].string ?? "")\n"
    if let identity = kind["identity"].string { text += "metadata.name is its \(identity).\n" }
    text += "\n" + console.styled("Fields", .bold) + "\n" + lines(members(kind), indent: 2)
    let observe = kind["observe"]
    if let every = observe["every"].string {
      text += "\n" + console.styled("Observed", .bold) + "\n  every \(every)"
      text += observe["how"].string.map { ": \($0)" } ?? ""
      text += observe["onDrift"].string == "report" ? " Drift is only reported.\n" : " Drift is corrected.\n"
    }
    if kind["replace"].bool == true {
      text += "\nA manifest that changes an immutable field has the object replaced by a new one.\n"
    }
    let rules = kind["rules"].list ?? []
    if !rules.isEmpty {
      text += "\n" + console.styled("Rules", .bold) + "\n" + rules.map { "  \($0["message"].string ?? "")\n" }.joined()
    }
    let routes = kind["routes"].list ?? []
    if !routes.isEmpty {
      text += "\n" + console.styled("Routes", .bold) + "\n"
      text += routes.map { "  \(($0["method"].string ?? "").padded(to: 7)) \($0["path"].string ?? "")\n" }.joined()
    }
    return text
  }

  private static func fieldPage(_ field: Value, _ console: Console) -> String {
    lines([field], indent: 0) + (members(field).isEmpty ? "" : lines(members(field), indent: 2))
  }

  private static func lines(_ fields: [Value], indent: Int) -> String {
    let width = min((fields.map { ($0["name"].string ?? "").count }.max() ?? 0) + 2, 28)
    return fields.map { field in
      var text =
        String(repeating: " ", count: indent) + (field["name"].string ?? "").padded(to: width)
        + facts(field).joined(separator: ", ")
      if let doc = field["doc"].string { text += "\n" + String(repeating: " ", count: indent + width) + doc }
      return text + "\n"
    }.joined()
  }

  /// `integer, required, 1 to 65535, default 8080`
  private static func facts(_ field: Value) -> [String] {
    var facts = [field["type"].string ?? ""]
    if let of = field["of"]["type"].string { facts[0] += " of \(of)" }
    if let kind = field["reference"]["kind"].string { facts = ["name of \(kind)"] }
    if field["required"].bool == true { facts.append("required") }
    if field["immutable"].bool == true {
      facts.append(
        field["replace"].bool == true
          ? "a change replaces the object" : field["immutableBecause"].string.map { "immutable (\($0))" } ?? "immutable")
    }
    if let writer = field["writer"].string, writer != "any" {
      facts.append(writer == "controller" ? "observed" : "set through the API")
    }
    if field["secret"].string != nil { facts.append("secret") }
    if let allowed = field["enum"].list { facts.append("one of " + allowed.compactMap(\.string).joined(separator: ", ")) }
    switch (field["min"].double, field["max"].double) {
    case (let low?, let high?): facts.append("\(number(low)) to \(number(high))")
    case (let low?, nil): facts.append("at least \(number(low))")
    case (nil, let high?): facts.append("at most \(number(high))")
    default: break
    }
    if let pattern = field["pattern"].string { facts.append("matches \(pattern)") }
    if let format = field["format"].string { facts.append(format) }
    if let standard = field["default"].string { facts.append("default \(standard)") }
    return facts
  }

  private static func number(_ value: Double) -> String { Int(exactly: value).map(String.init) ?? "\(value)" }
}
