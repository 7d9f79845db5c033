// plumb suspend and plumb resume: objects that work by themselves, and the sources of sets, stop and go on.
import Core

enum SuspendVerb {
  static let set = Flag("set", value: "NAME", "The source of this set.")
  static let verb = Verb(
    name: "suspend", summary: "Pause what works by itself, such as a git source.", positionals: "KIND/NAME ...",
    positionalCount: 0...100,
    flags: [set, Flag("reason", value: "TEXT", "Why; its condition says so.")], usesServer: true,
    examples: ["plumb suspend GitSource/shop --reason \"incident 42\"", "plumb suspend --set shop"], run: run)

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    let client = try APIClient(arguments)
    var body = Value.emptyObject
    if let reason = arguments.value("reason") { body["reason"] = .string(reason) }
    if let set = try named(arguments) {
      _ = try client.post(["sets", set, "pause"], body)
      console.line("set \(set) is paused")
      return .done
    }
    for name in try ObjectName.many(arguments.positionals) {
      _ = try client.post(name.path + ["suspend"], body)
      console.line("\(name.kind)/\(name.name) is paused")
    }
    return .done
  }

  /// The set, unless objects are named.
  static func named(_ arguments: Arguments) throws -> String? {
    let set = arguments.value("set")
    guard (set == nil) == arguments.positionals.isEmpty else { return set }
    throw Arguments.problem(
      "arguments", set == nil ? "nothing is named" : "a set and objects do not go together",
      fix: "Write KIND/NAME, or --set NAME.")
  }
}

enum ResumeVerb {
  static let verb = Verb(
    name: "resume", summary: "Let what was paused go on.", positionals: "KIND/NAME ...", positionalCount: 0...100,
    flags: [SuspendVerb.set], usesServer: true, examples: ["plumb resume GitSource/shop", "plumb resume --set shop"], run: run)

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    let client = try APIClient(arguments)
    if let set = try SuspendVerb.named(arguments) {
      let answer = try client.post(["sets", set, "resume"], .emptyObject)
      console.line(answer["wasPaused"].bool == true ? "set \(set) goes on" : "set \(set) was not paused")
      return .done
    }
    for name in try ObjectName.many(arguments.positionals) {
      _ = try client.post(name.path + ["resume"], .emptyObject)
      console.line("\(name.kind)/\(name.name) goes on")
    }
    return .done
  }
}
