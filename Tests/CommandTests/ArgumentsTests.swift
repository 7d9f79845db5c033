// The command line's words: flags in every spelling, and mistakes that are named all at once.
import Core
import XCTest

@testable import PlumbCommand

final class ArgumentsTests: XCTestCase {
  private let verb = Verb(
    name: "try", summary: "For tests.", positionals: "NAME", positionalCount: 1...2,
    flags: [
      Flag("file", short: "f", value: "FILE", "Files.", repeats: true), Flag("prune", "Prune."), Flag.timeout("5m"),
      Flag.output(["json", "yaml"]),
    ]
  ) { _, _ in .done }

  func testEverySpellingOfAFlag() throws {
    let arguments = try Arguments(["a", "-f", "x", "--file=y", "--file", "-", "-fz", "--prune", "-o=json"], of: verb)
    XCTAssertEqual(arguments.values("file"), ["x", "y", "-", "z"])
    XCTAssertTrue(arguments.has("prune"))
    XCTAssertEqual(arguments.value("output"), "json")
    XCTAssertEqual(arguments.positionals, ["a"])
  }

  func testWhatFollowsTwoDashesIsNoFlag() throws {
    XCTAssertEqual(try Arguments(["--", "--prune", "-x"], of: verb).positionals, ["--prune", "-x"])
  }

  func testAllMistakesAtOnce() {
    XCTAssertThrowsError(try Arguments(["--prnue", "--output", "xml", "--prune=yes", "--timeout"], of: verb)) { error in
      let problems = (error as? Problems)?.list ?? []
      XCTAssertEqual(problems.map(\.code), ["unknown_flag", "flag_value", "flag_value", "flag_value", "arguments"])
      XCTAssertEqual(problems.first?.fix, "Did you mean --prune?")
      XCTAssert(problems.allSatisfy { $0.category == .invalid })
    }
  }

  func testTheValueOfAnUnknownFlagIsNotCountedAsAnArgument() {
    XCTAssertThrowsError(try Arguments(["a", "b", "--folder", "c"], of: verb)) { error in
      XCTAssertEqual((error as? Problems)?.list.map(\.code), ["unknown_flag"])
    }
  }

  func testTooManyArgumentsAndRepeatedFlags() {
    XCTAssertThrowsError(try Arguments(["a", "b", "c"], of: verb))
    XCTAssertThrowsError(try Arguments(["a", "--timeout", "1s", "--timeout", "2s"], of: verb))
  }

  func testTimes() throws {
    XCTAssertEqual(try Arguments(["a", "--timeout", "1h30m"], of: verb).duration("timeout"), .seconds(5400))
    XCTAssertThrowsError(try Arguments(["a", "--timeout", "soon"], of: verb).duration("timeout"))
    XCTAssertThrowsError(try Arguments(["a", "--timeout", "0s"], of: verb).duration("timeout"))
  }

  func testAnExpressionMayBeginWithAMinus() {
    XCTAssertEqual(Capture.run("eval", "-1 + 3").out, "2\n")
    XCTAssertEqual(Capture.run("eval", "- 1").out, "-1\n")
    XCTAssertEqual(Capture.run("eval", "-o", "yaml", "[1]").out, "- 1\n")
  }

  func testObjectNames() throws {
    XCTAssertEqual(
      try ObjectName.many(["App/web", "Server/a/b"]),
      [ObjectName(kind: "App", name: "web"), ObjectName(kind: "Server", name: "a/b")])
    XCTAssertEqual(
      try ObjectName.many(["app", "web", "api"]), [ObjectName(kind: "app", name: "web"), ObjectName(kind: "app", name: "api")])
    XCTAssertThrowsError(try ObjectName.many(["app"]))
    XCTAssertThrowsError(try ObjectName.many(["App/web", "x"]))
    XCTAssertThrowsError(try ObjectName.one(["App/web", "App/api"]))
  }
}
