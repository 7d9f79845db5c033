// plumb simulate: a set of manifests in a simulated world, where things fail by a seed.
import Controllers
import Core
import Crypto
import KindLoading
import Reconciling
import Simulation

enum SimulateVerb {
  static let mostSeeds = 100_000

  static let verb = Verb(
    name: "simulate", summary: "Try manifests in a simulated world where things fail; no server is needed.",
    flags: [
      Flag.file,
      Flag("base", value: "FILE|DIR", "What is there before: applied and waited for before anything fails.", repeats: true),
      Flag.set, Flag.prune, Flag.takeOver,
      Flag("seed", value: "N", "What fails, and when, follows from it; else 1."),
      Flag("seeds", value: "N", "Try so many seeds, from --seed on, and stop at the first that fails."),
      Flag(
        "faults", value: "LIST",
        "all, none, or some of \(FaultRates.named.map(\.name).joined(separator: ", ")), each with =N per thousand calls; else all."
      ),
      Flag("for", value: "TIME", "How long things fail, in simulated time; else 60s."),
      Flag("replicas", value: "N", "Replicas that share the work, at most 5; else 2."),
      Flag("tenant", value: "NAME", "The tenant that documents without one stand in; else main."),
      Flag("specs", value: "DIR", "Folder of the kinds; else PLUMB_SPECS, else the one beside the program."),
      Flag.output(["text", "json"]),
    ],
    notes: [
      "The kinds, the planner, the controllers and the workers are the real ones. Time, the database and all outside services are simulated:",
      "processes start, name servers have the records that are looked for, HTTP and mail are taken.",
      "The same manifests are run without faults too: both must end in the same world, and no effect may be repeated beyond its class.",
      "Exit code 0: it got there. 1: it ended wrong. 8: it did not get there in time. 3: the manifests cannot be applied.",
    ],
    examples: [
      "plumb simulate -f shop/ --seed 7", "plumb simulate -f new/ --base shop/ --prune --faults crash,lose-reply=100 --seeds 50",
    ],
    run: run)

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    let sources = arguments.values("file")
    let files = try SetFiles.read(sources)
    let base = arguments.values("base")
    let baseFiles = base.isEmpty ? [] : try SetFiles.read(base)
    let rates = try FaultRates.parse(arguments.value("faults") ?? "all")
    let seed = try number("seed", arguments, in: 0...Int.max) ?? 1
    let seeds = try number("seeds", arguments, in: 1...mostSeeds) ?? 1
    let replicas = try number("replicas", arguments, in: 1...5) ?? 2
    let catalog = try KindLoader.load(try SpecsPlace.find(arguments.value("specs") ?? Environment.value("PLUMB_SPECS")))
    let simulation = ManifestSimulation(
      catalog: catalog, controllers: ControllerRegistry.all, cleanup: ControllerRegistry.cleanup, digest: { Digest.sha256($0) })
    let request = ManifestSimulation.Request(
      files: files.map { ApplyFile(name: $0.name, bytes: $0.bytes) },
      base: baseFiles.map { ApplyFile(name: $0.name, bytes: $0.bytes) },
      set: arguments.value("set") ?? SetFiles.name(sources), prune: arguments.has("prune"), takeOver: arguments.has("take-over"),
      tenant: arguments.value("tenant") ?? "main", secrets: ClientSecrets.read(files + baseFiles), replicas: replicas,
      duration: try arguments.duration("for") ?? ManifestSimulation.duration)
    var last: ManifestOutcome?
    for number in 0..<seeds {
      let outcome = try simulation.check(request, seed: UInt64(seed) &+ UInt64(number), rates: rates)
      last = outcome
      if !outcome.isGood { break }
    }
    guard let outcome = last else { return .failure }
    if arguments.value("output") == "json" {
      console.out(JSON.pretty(outcome.value) + "\n")
    } else {
      write(outcome, of: seeds, from: seed, replay: replay(arguments, outcome.seed), console)
    }
    return outcome.isGood ? .done : outcome.converged ? .failure : .timeout
  }

  private static func number(_ name: String, _ arguments: Arguments, in range: ClosedRange<Int>) throws -> Int? {
    guard let text = arguments.value(name) else { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw Arguments.problem(
        "flag_value", "--\(name) cannot be \"\(text)\"",
        fix: "Give a whole number from \(range.lowerBound) to \(range.upperBound).")
    }
    return number
  }

  private static func write(_ outcome: ManifestOutcome, of seeds: Int, from seed: Int, replay: String, _ console: Console) {
    // Of many seeds that went well only the sum is of interest.
    if seeds == 1 || !outcome.isGood {
      for entry in outcome.timeline {
        let line = "\(time(entry.at))  \(pad(entry.who, 6))  \(entry.text)"
        switch entry.sort {
        case .fault: console.line(console.styled(line, .yellow))
        case .status: console.line(console.styled(line, entry.text.hasSuffix("is ready") ? .green : .dim))
        case .effect: console.line(console.styled(line, .dim))
        default: console.line(line)
        }
      }
    }
    for problem in outcome.problems { console.line(console.styled("wrong: \(problem)", .red)) }
    let what = "\(outcome.injected) faults, \(outcome.replicas) replicas"
    if outcome.isGood {
      let when = outcome.took.map { " at \(time($0).drop { $0 == " " })" } ?? ""
      console.line(
        seeds == 1
          ? "seed \(outcome.seed): \(what); converged\(when), in the same world as without faults"
          : "seeds \(seed) to \(seed + seeds - 1): each converged, in the same world as without faults")
    } else {
      console.line("seed \(outcome.seed): \(what); \(outcome.converged ? "converged, but not as it should" : "did not converge")")
      console.line("replay with: \(replay)")
    }
  }

  /// The command that runs this seed alone again.
  private static func replay(_ arguments: Arguments, _ seed: UInt64) -> String {
    var words = ["plumb simulate"] + arguments.values("file").map { "-f \($0)" } + arguments.values("base").map { "--base \($0)" }
    words.append("--seed \(seed)")
    for flag in ["faults", "for", "replicas", "tenant", "set"] {
      if let value = arguments.value(flag) { words.append("--\(flag) \(value)") }
    }
    for flag in ["prune", "take-over"] where arguments.has(flag) { words.append("--\(flag)") }
    return words.joined(separator: " ")
  }

  private static func time(_ at: Duration) -> String {
    let hundredths = at.microseconds / 10_000
    return pad("\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100) s", 10, left: true)
  }

  private static func pad(_ text: String, _ width: Int, left: Bool = false) -> String {
    let space = String(repeating: " ", count: max(0, width - text.count))
    return left ? space + text : text + space
  }
}
