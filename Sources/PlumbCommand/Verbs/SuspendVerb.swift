// plumb suspend and plumb resume: objects that work by themselves stop, and go on.
import Core

enum SuspendVerb {
  static let verb = Verb(
    name: "suspend", summary: "Pause what works by itself, such as a git source.", positionals: "KIND/NAME ...",
    positionalCount: 1...100,
    flags: [Flag("reason", value: "TEXT", "Why; its condition says so.")], usesServer: true,
    examples: ["plumb suspend GitSource/shop --reason \"incident 42\""], run: run)

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    let names = try ObjectName.many(arguments.positionals)
    let client = try APIClient(arguments)
    for name in names {
      var body = Value.emptyObject
      if let reason = arguments.value("reason") { body["reason"] = .string(reason) }
      _ = try client.post(name.path + ["suspend"], body)
      console.line("\(name.kind)/\(name.name) is paused")
    }
    return .done
  }
}

enum ResumeVerb {
  static let verb = Verb(
    name: "resume", summary: "Let what was paused go on.", positionals: "KIND/NAME ...", positionalCount: 1...100,
    usesServer: true,
    examples: ["plumb resume GitSource/shop"], run: run)

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    let names = try ObjectName.many(arguments.positionals)
    let client = try APIClient(arguments)
    for name in names {
      _ = try client.post(name.path + ["resume"], .emptyObject)
      console.line("\(name.kind)/\(name.name) goes on")
    }
    return .done
  }
}
