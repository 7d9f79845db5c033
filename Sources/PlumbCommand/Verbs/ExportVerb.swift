// plumb export: what is there, as manifests that can be applied again.

enum ExportVerb {
  static let verb = Verb(
    name: "export", summary: "Write stored objects as manifests, without secrets and server fields.", positionals: "[KIND ...]",
    positionalCount: 0...100, flags: [Flag("output", short: "o", value: "FILE", "Where to write; else standard output.")],
    usesServer: true,
    examples: ["plumb export > all.yaml", "plumb export Project App -o apps.yaml"], run: run)

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    let kinds = arguments.positionals.isEmpty ? nil : arguments.positionals.joined(separator: ",")
    let text = try APIClient(arguments).text(["export"], query: [("kinds", kinds)])
    if let path = arguments.value("output"), path != "-" {
      try FileWriter.write(Array(text.utf8), to: path)
      console.error("written to \(path)")
    } else {
      console.out(text)
    }
    return .done
  }
}
