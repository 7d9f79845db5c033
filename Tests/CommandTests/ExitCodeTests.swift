// Exit codes of DESIGN section 9, from every way that a command can fail.
import Core
import XCTest

@testable import PlumbCommand

final class ExitCodeTests: XCTestCase {
  func testCategories() {
    let expected: [(Problem.Category, Int32)] = [
      (.invalid, 3), (.tooLarge, 3), (.denied, 4), (.unauthenticated, 4), (.conflict, 5), (.stale, 6), (.refused, 7),
      (.timeout, 8),
      (.missing, 1), (.unavailable, 1), (.failure, 1), (.limited, 1),
    ]
    for (category, code) in expected { XCTAssertEqual(ExitCode(category).rawValue, code, "\(category)") }
  }

  func testUnknownVerbsAndFlagsAreInvalidInput() {
    let verb = Capture.run("aply")
    XCTAssertEqual(verb.code, .invalid)
    XCTAssertEqual(verb.error, "error: plumb has no verb \"aply\". Did you mean plumb apply?\n")
    let flag = Capture.run("apply", "-f", "x", "--purne")
    XCTAssertEqual(flag.code, .invalid)
    XCTAssert(flag.error.contains("Did you mean --prune?"), flag.error)
  }

  func testNoServerIsAFailureThatSaysWhatToDo() throws {
    let folder = try TemporaryFolder()
    let run = Capture.run("get", "apps", "--data", folder.path)
    XCTAssertEqual(run.code, .failure)
    XCTAssert(run.error.contains("Start one with plumb serve"), run.error)
  }

  func testHelpOfEveryVerb() {
    XCTAssertEqual(Capture.run("help").code, .done)
    XCTAssertEqual(Capture.run().code, .invalid)
    for verb in VerbTable.all {
      let help = Capture.run(verb.name, "--help")
      XCTAssertEqual(help.code, .done)
      XCTAssert(help.out.contains("usage: plumb \(verb.name)"), help.out)
      for flag in verb.allFlags { XCTAssert(help.out.contains("--\(flag.name)"), "\(verb.name) \(flag.name)") }
      XCTAssertEqual(Capture.run("help", verb.name).out, help.out)
    }
  }

  func testNoVerbHasTwoFlagsOfOneName() {
    for verb in VerbTable.all {
      let names = verb.allFlags.map(\.name) + verb.allFlags.compactMap { $0.short.map(String.init) }
      XCTAssertEqual(names.count, Set(names).count, verb.name)
    }
  }

  func testCompletionScriptsAreWellFormed() throws {
    for shell in ["bash", "zsh"] {
      let script = Capture.run("completion", shell).out
      let bash = Process()
      bash.executableURL = URL(fileURLWithPath: "/bin/bash")
      bash.arguments = ["-n"]
      let input = Pipe()
      bash.standardInput = input
      try bash.run()
      input.fileHandleForWriting.write(Data(script.utf8))
      try input.fileHandleForWriting.close()
      bash.waitUntilExit()
      XCTAssertEqual(bash.terminationStatus, 0, shell)
      for verb in VerbTable.all { XCTAssert(script.contains(verb.name), verb.name) }
    }
    XCTAssertEqual(Capture.run("completion", "tcsh").code, .invalid)
  }
}
