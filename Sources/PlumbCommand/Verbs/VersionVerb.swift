// plumb version.
import Core

public enum PlumbVersion {
  public static let text = "0.1.0"
}

enum VersionVerb {
  static let verb = Verb(
    name: "version", summary: "Say which version of plumb this is.", flags: [Flag.output(["text", "json"])],
    examples: ["plumb version"],
    run: run)

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    if arguments.value("output") == "json" {
      console.line(JSON.text(["version": .string(PlumbVersion.text)]))
    } else {
      console.line("plumb \(PlumbVersion.text)")
    }
    return .done
  }
}
