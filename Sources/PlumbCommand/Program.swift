// The command's entry: finds the verb, reads its arguments, runs it, and turns every failure into a message and an exit code.
import Core
import Glibc

public enum Program {
  /// Runs the command line `words` (without the program's name) and returns the exit code.
  public static func main(_ words: [String]) -> Int32 {
    signal(SIGPIPE, SIG_IGN)
    let console = Console.standard()
    let code = run(words, console: console)
    console.flush()
    return code.rawValue
  }

  static func run(_ words: [String], console: Console) -> ExitCode {
    guard let first = words.first, first != "help" else {
      if let name = words.dropFirst().first { return helpOn(name, console) }
      console.out(Help.overview(VerbTable.all))
      return words.isEmpty ? .invalid : .done
    }
    if first == "--help" || first == "-h" { return run(["help"], console: console) }
    if first == "--version" { return run(["version"], console: console) }
    guard let verb = VerbTable.verb(first) else { return unknown(first, console) }
    do {
      let arguments = try Arguments(Array(words.dropFirst()), of: verb)
      if arguments.wantsHelp {
        console.out(Help.page(verb))
        return .done
      }
      return try verb.run(arguments, console)
    } catch let problems as Problems {
      return report(problems, console)
    } catch let problem as Problem {
      return report(Problems(problem), console)
    } catch is Interrupted {
      console.error("interrupted")
      return .interrupted
    } catch {
      return report(Problems(Problem(.failure, code: "failure", "\(error)")), console)
    }
  }

  static func report(_ problems: Problems, _ console: Console) -> ExitCode {
    console.problems(problems.list)
    return ExitCode(problems.category)
  }

  private static func helpOn(_ name: String, _ console: Console) -> ExitCode {
    guard let verb = VerbTable.verb(name) else { return unknown(name, console) }
    console.out(Help.page(verb))
    return .done
  }

  private static func unknown(_ name: String, _ console: Console) -> ExitCode {
    let near = nearestName(to: name, among: VerbTable.all.map(\.name))
    let fix = near.map { "Did you mean plumb \($0)?" } ?? "See plumb help."
    return report(Problems(Arguments.problem("unknown_verb", "plumb has no verb \"\(name)\"", fix: fix)), console)
  }
}
