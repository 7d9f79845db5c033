// Input that cannot be applied: each fault is named before anything is sent.
import Core
import Foundation
import XCTest

@testable import PlumbCommand

final class BadInputTests: XCTestCase {
  private func apply(_ path: String...) -> (code: ExitCode, out: String, error: String) {
    Capture.run(["apply"] + path.flatMap { ["-f", $0] })
  }

  func testFilesThatAreNoManifests() throws {
    let folder = try TemporaryFolder()
    let empty = try folder.write("empty.yaml", " \n\n")
    let comments = try folder.write("comments.yaml", "# nothing\n---\n# here\n")
    let binary = try folder.write("binary.yaml", [0x7F, 0x45, 0x4C, 0x46, 0, 1, 2])
    let latin = try folder.write("latin.yaml", [0x6E, 0x61, 0x6D, 0x65, 0x3A, 0x20, 0xE9, 0x0A])
    let expected = [
      (empty, "there is no document in it"), (comments, "there is no document in it"), (binary, "binary"), (latin, "no UTF-8"),
      (folder.path + "/missing.yaml", "no such file"),
    ]
    for (path, message) in expected {
      let run = apply(path)
      XCTAssertEqual(run.code, .invalid, path)
      XCTAssert(run.error.contains(message) && run.error.contains(path), run.error)
    }
    let all = apply(empty, binary, latin, folder.path + "/missing.yaml")
    XCTAssert(all.error.hasSuffix("4 errors\n"), all.error)
  }

  func testAFolderWithoutManifests() throws {
    let folder = try TemporaryFolder()
    try folder.write("notes.txt", "kind: App")
    let run = apply(folder.path)
    XCTAssertEqual(run.code, .invalid)
    XCTAssert(run.error.contains("no *.yaml"), run.error)
  }

  func testAHugeFileIsRefusedBeforeItIsSent() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("huge.yaml", "")
    truncate(path, 100 << 20)
    let run = apply(path)
    XCTAssertEqual(run.code, .invalid)
    XCTAssert(run.error.contains("MiB"), run.error)
  }

  private let manyFaults = """
    apiVersion: deploy/v1
    kind: App
    metadata: {name: faulty}
    spec: {port: 0, project: nowhere}
    status: {}
    ---
    apiVersion: deploy/v1
    kind: App
    metadata: {name: unruly}
    spec: {healthCheck: {type: tcp}, project: nowhere}
    ---
    apiVersion: deploy/v1
    kind: DomainAssignment
    metadata: {name: shop.example.com}
    spec: {app: faulty}
    """

  /// Faults of the schema hide neither rules nor references, and all come from top to bottom. What refers to a faulty object is no fault.
  func testLintTellsAllFaultsInTheirOrder() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("shop.yaml", manyFaults)
    let run = Capture.run("lint", "-f", path, "--strict")
    XCTAssertEqual(run.code, .invalid)
    let lines = run.error.split(separator: "\n").map(String.init)
    let expected = [
      "4:14: App/faulty /spec/port", "4:26: App/faulty /spec/project", "5:1: App/faulty /status", "App/unruly", "App/unruly",
    ]
    XCTAssertEqual(lines.count, expected.count + 1, run.error)
    for (line, part) in zip(lines, expected) { XCTAssert(line.contains(part), "\(line) should tell of \(part)") }
  }

  func testKindsAreExplainedWithoutAServer() throws {
    let empty = try TemporaryFolder()
    let home = FileManager.default.currentDirectoryPath
    XCTAssert(FileManager.default.changeCurrentDirectoryPath(empty.path))
    defer { _ = FileManager.default.changeCurrentDirectoryPath(home) }
    let before = ProcessInfo.processInfo.environment["HOME"] ?? "/"
    setenv("HOME", empty.path, 1)
    defer { setenv("HOME", before, 1) }
    setenv("PLUMB_SPECS", home + "/specs", 1)
    defer { unsetenv("PLUMB_SPECS") }
    XCTAssert(Capture.run("explain", "App.port").out.contains("1 to 65535"))
    XCTAssert(Capture.run("explain").out.contains("DomainAssignment"))
    let unknown = Capture.run("explain", "Ap")
    XCTAssertEqual(unknown.code, .invalid)
    XCTAssert(unknown.error.contains("Did you mean App?"), unknown.error)
    XCTAssertEqual(Capture.run("explain", "App", "--data", empty.path).code, .failure)
  }

  func testNothingNamed() {
    XCTAssertEqual(Capture.run("apply").code, .invalid)
    XCTAssertEqual(Capture.run("apply", "-f", "a.yaml", "--plan", "p.json").code, .invalid)
  }

  func testAPlanFileThatIsNone() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("plan.json", "{}")
    let run = Capture.run("apply", "--plan", path)
    XCTAssertEqual(run.code, .invalid)
    XCTAssert(run.error.contains("is no plan"), run.error)
  }

  func testSetNames() throws {
    let folder = try TemporaryFolder()
    try folder.write("shop/app.yaml", "a: 1")
    XCTAssertEqual(SetFiles.name(["\(folder.path)/shop"]), "shop")
    XCTAssertEqual(SetFiles.name(["\(folder.path)/shop/"]), "shop")
    XCTAssertEqual(SetFiles.name(["\(folder.path)/shop/."]), "shop")
    XCTAssertEqual(SetFiles.name(["\(folder.path)/shop/app.yaml"]), "app")
    XCTAssertEqual(SetFiles.name(["-"]), "default")
  }
}
