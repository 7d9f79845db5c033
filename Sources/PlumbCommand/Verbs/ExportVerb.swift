// plumb export: what is there, as manifests that can be applied again.

enum ExportVerb {
  static let verb = Verb(
    name: "export", summary: "Write stored objects as manifests, without secrets and server fields.", positionals: "[KIND ...]",
    positionalCount: 0...100,
    flags: [
      Flag("output", short: "o", value: "FILE", "Where to write; else standard output."),
      Flag("all-tenants", short: "A", "Of every tenant; for operators."),
      Flag(
        "secrets", value: "kept|env",
        "Secrets that somebody stated: left where they are (kept), or as {env: NAME}, to be applied to another server.",
        choices: ["kept", "env"]),
    ],
    usesServer: true,
    examples: ["plumb export > all.yaml", "plumb export -A --secrets env > move.yaml", "plumb export Project App -o apps.yaml"],
    run: run)

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    let kinds = arguments.positionals.isEmpty ? nil : arguments.positionals.joined(separator: ",")
    let text = try APIClient(arguments).text(
      ["export"],
      query: [
        ("kinds", kinds), ("allTenants", arguments.has("all-tenants") ? "true" : nil), ("secrets", arguments.value("secrets")),
      ])
    if let path = arguments.value("output"), path != "-" {
      try FileWriter.write(Array(text.utf8), to: path)
      console.error("written to \(path)")
    } else {
      console.out(text)
    }
    return .done
  }
}
