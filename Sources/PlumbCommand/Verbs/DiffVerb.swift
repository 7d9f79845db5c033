// plumb diff: what an apply would do, what two versions of a set differ in, or what changed between two moments.
import Core
import Foundation
import KindLoading

enum DiffVerb {
  static let verb = Verb(
    name: "diff", summary: "Say what an apply would change, or what changed. Exit code 0: nothing, 2: changes.",
    positionals: "[KIND[/NAME]]", positionalCount: 0...2,
    flags: SetInput.flags + [
      Flag(
        "base", value: "DIR|FILE|REVISION",
        "Compare with these manifests instead of the server: a folder, a file, or a git revision."),
      Flag("head", value: "REVISION", "Compare what -f holds at this git revision, not in the working tree."),
      Flag("from", value: "TIME", "What changed on the server since this moment (RFC 3339)."),
      Flag("to", value: "TIME", "Until this moment; else now."),
      Flag("specs", value: "DIR", "With --base: folder of the kinds; else PLUMB_SPECS, else the one beside the program."),
      Flag.output(["text", "json", "markdown"]),
    ], usesServer: true,
    notes: [
      "Secrets are masked. Markdown is made for a comment on a pull request.",
      "With --base no server is asked: objects that neither side states are taken to be there.",
      "An object whose values stay as they are and that only becomes managed by the set (adopt) is no change.",
    ],
    examples: [
      "plumb diff -f shop/", "plumb diff -f shop/ --prune -o markdown", "plumb diff -f shop/ --base main -o markdown",
      "plumb diff --from 2026-01-31T12:00:00Z App",
    ],
    run: run)

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    if arguments.has("from") || arguments.has("to") { return try past(arguments, console) }
    guard arguments.positionals.isEmpty else {
      throw Arguments.problem("arguments", "an object goes with --from", fix: "Write --from TIME, or name manifests with -f.")
    }
    if let base = arguments.value("base") { return try offline(base, arguments, console) }
    if arguments.has("head") { throw Arguments.problem("arguments", "--head goes with --base", fix: "Write --base REVISION.") }
    let input = try SetInput(arguments)
    let plan = try APIClient(arguments).post(["plan"], .object(input.body))
    return show(plan, set: input.set, arguments, console)
  }

  /// Branch against base.
  private static func offline(_ base: String, _ arguments: Arguments, _ console: Console) throws -> ExitCode {
    let sources = arguments.values("file")
    guard !sources.isEmpty else {
      throw Arguments.problem("no_input", "no manifests are named", fix: "Name a file or a folder with -f.")
    }
    let catalog = try KindLoader.load(try SpecsPlace.find(arguments.value("specs") ?? Environment.value("PLUMB_SPECS")))
    let head = try arguments.value("head").map { try GitRevision.read($0, paths: sources) } ?? SetFiles.read(sources)
    let isPlace = FileManager.default.fileExists(atPath: base)
    let before = isPlace ? try SetFiles.read([base]) : try GitRevision.read(base, paths: sources)
    let plan = try OfflineDiff.plan(base: before, head: head, catalog: catalog)
    return show(plan, set: arguments.value("set") ?? SetFiles.name(sources), arguments, console)
  }

  /// One moment against another.
  private static func past(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    guard let from = arguments.value("from") else {
      throw Arguments.problem("arguments", "--to goes with --from", fix: "Write --from TIME.")
    }
    guard arguments.values("file").isEmpty else {
      throw Arguments.problem("arguments", "--from and -f do not go together", fix: "Leave out one of the two.")
    }
    var kind = arguments.positional(0)
    var name: String?
    if let word = kind, word.contains("/") || arguments.positionals.count > 1 {
      let object = try ObjectName.one(arguments.positionals)
      (kind, name) = (object.kind, object.name)
    }
    let answer = try APIClient(arguments).get(
      ["diff"],
      query: [
        ("from", from), ("to", arguments.value("to")), ("kind", kind), ("name", name), ("set", arguments.value("set")),
      ])
    return show(answer, set: "\(from) to \(answer["to"].string ?? "now")", arguments, console, done: true)
  }

  /// Prints a plan; exit code 2 when it changes something.
  ///
  /// - Parameter adopting: an object that only becomes managed by a set counts as changed; no value of it does.
  static func show(
    _ plan: Value, set: String, _ arguments: Arguments, _ console: Console, done: Bool = false, adopting: Bool = false
  ) -> ExitCode {
    switch arguments.value("output") {
    case "json":
      var shown = plan.object ?? ObjectMap()
      shown["pinned"] = nil
      console.out(JSON.pretty(.object(shown)) + "\n")
    case "markdown": console.out(PlanMarkdown.write(plan, set: set))
    default: console.out(PlanText(console: console).write(plan, done: done))
    }
    return hasChanges(plan, adopting: adopting) ? .changes : .done
  }

  static func hasChanges(_ plan: Value, adopting: Bool = true) -> Bool {
    let none: Set<String?> = adopting ? ["unchanged"] : ["unchanged", "adopt"]
    return (plan["items"].list ?? []).contains { !none.contains($0["action"].string) }
  }
}
