// The promise that a plan is what is applied, as a shell sees it: pinned, stale by name, shown in each form, replacements forced.
import Core
import Foundation
import TestSupport
import XCTest

@testable import PlumbCommand

final class PlanPromiseTests: PromiseTestCase {
  func testThePlanOfNothingIsBoundToo() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("bound.yaml", project("bound", title: "One"))
    let plan = folder.path + "/plan.json"
    XCTAssertEqual(try plumb("plan", "-f", file, "-o", plan).code, 2)
    XCTAssertEqual(try apply(project("bound", title: "Two"), "else", "--commit", "feedbeef").code, 0)
    let stale = try plumb("apply", "--plan", plan)
    XCTAssertEqual(stale.code, 6, stale.error)
    XCTAssert(stale.error.contains("Project/bound moved since the plan: created by user:owner@"), stale.error)
    XCTAssert(stale.error.contains("commit feedbeef"), stale.error)
    XCTAssertEqual(try plumb("delete", "Project/bound").code, 0)
    XCTAssertEqual(try plumb("apply", "--plan", plan).code, 0, "it is again as it was planned")
    XCTAssertEqual(try plumb("plan", "-f", try folder.write("bound.yaml", project("bound", title: "Three")), "-o", plan).code, 2)
    XCTAssertEqual(try plumb("delete", "Project/bound").code, 0)
    let gone = try plumb("apply", "--plan", plan)
    XCTAssertEqual(gone.code, 6, gone.error)
    XCTAssert(gone.error.contains("Project/bound moved since the plan: deleted by"), gone.error)
  }

  /// Who refers to what moved has not moved itself; and what was known by its hash alone, and went, is told with its story.
  func testAStalePlanNamesOnlyWhatMoved() throws {
    let folder = try TemporaryFolder()
    let pool = "apiVersion: deploy/v1\nkind: ServerPool\nmetadata: {name: stale-pool}\nspec: {region: eu}\n"
    let server = "apiVersion: deploy/v1\nkind: Server\nmetadata: {name: stale-server}\nspec: {pool: stale-pool}\n"
    let file = try folder.write("stale.yaml", pool + "---\n" + server)
    let plan = folder.path + "/plan.json"
    XCTAssertEqual(try plumb("plan", "-f", file, "-o", plan).code, 2)
    XCTAssertEqual(try apply(pool.replacing("eu", with: "us"), "stale-else").code, 0)
    let stale = try plumb("apply", "--plan", plan)
    XCTAssertEqual(stale.code, 6, stale.error)
    XCTAssert(stale.error.contains("ServerPool/stale-pool moved since the plan: created by"), stale.error)
    XCTAssertFalse(stale.error.contains("Server/stale-server"), stale.error)
    XCTAssertEqual(try plumb("apply", "-f", file, "--take-over").code, 0)
    try folder.write("stale.yaml", pool + "---\n" + server.replacing("stale-pool}", with: "stale-pool, capacity: 3}"))
    XCTAssertEqual(try plumb("plan", "-f", file, "-o", plan).code, 2)
    XCTAssertEqual(try plumb("delete", "ServerPool/stale-pool").code, 0)
    let gone = try plumb("apply", "--plan", plan)
    XCTAssertEqual(gone.code, 6, gone.error)
    XCTAssert(gone.error.contains("ServerPool/stale-pool moved since the plan: deleted by"), gone.error)
  }

  func testAPlanIsShownInOtherFormsAndPinsTheCommit() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("shown.yaml", project("shown-plan", title: "One"))
    let shown = try json(plumb("plan", "-f", file, "-o", "json"))
    XCTAssertEqual(shown["items"].list?.first?["action"], "create")
    XCTAssert(try plumb("plan", "-f", file, "-o", "markdown").out.hasPrefix("### Plumb plan for `shown`"))
    func git(_ words: String...) throws -> String {
      try GitRepository.run(["git", "-C", folder.path, "-c", "user.name=A", "-c", "user.email=a@x"] + words)
    }
    _ = try git("init", "-q")
    _ = try git("add", "shown.yaml")
    _ = try git("commit", "-q", "-m", "one")
    func pinned() throws -> Value { try JSON.parse(plumb("plan", "-f", file, "-o", "-").out)["pinned"]["commit"] }
    let commit = try git("rev-parse", "HEAD")
    XCTAssertEqual(try pinned(), .string(commit))
    try folder.write("shown.yaml", project("shown-plan", title: "Two"))
    XCTAssertEqual(try pinned(), .null, "what was changed since is no commit's")
  }

  func testAnImmutableFieldReplacesTheObjectOrSaysWhyNot() throws {
    let people = ["one", "two"].map {
      "apiVersion: platform/v1\nkind: User\nmetadata: {name: fixed-\($0)@example.com}\nspec: {role: user}\n"
    }
    .joined(separator: "---\n")
    func set(_ who: String) -> String {
      people
        + "---\napiVersion: platform/v1\nkind: Role\nmetadata: {name: fixed}\nspec: {title: Fixed, permissions: [Project.read]}\n"
        + "---\napiVersion: platform/v1\nkind: RoleBinding\nmetadata: {name: fixed}\nspec: {role: fixed, user: fixed-\(who)@example.com}\n"
    }
    XCTAssertEqual(try apply(set("one"), "fixed").code, 0)
    let replaced = try apply(set("two"), "fixed")
    XCTAssertEqual(replaced.code, 0, replaced.error)
    XCTAssert(replaced.out.contains("replace RoleBinding/fixed  (forced by spec.user)"), replaced.out)
    func key(_ who: String) -> String {
      people
        + "---\napiVersion: platform/v1\nkind: ApiKey\nmetadata: {name: fixed}\nspec: {label: Fixed, user: fixed-\(who)@example.com}\n"
    }
    XCTAssertEqual(try apply(key("one"), "fixed-key").code, 0)
    let refused = try apply(key("two"), "fixed-key")
    XCTAssertEqual(refused.code, 3, refused.error)
    XCTAssert(refused.error.contains("user cannot change once it is set: a key stays whom it was made for"), refused.error)
  }

  func testAPlanHoldsWhileOnlyOtherFieldsMove() throws {
    let folder = try TemporaryFolder()
    let app = "apiVersion: deploy/v1\nkind: App\nmetadata: {name: moving}\nspec: {title: One, replicas: 0}\n"
    let file = try folder.write("moving.yaml", app)
    XCTAssertEqual(try plumb("apply", "-f", file).code, 0)
    let plan = folder.path + "/plan.json"
    try folder.write("moving.yaml", app.replacingOccurrences(of: "One", with: "Two"))
    XCTAssertEqual(try plumb("plan", "-f", file, "-o", plan).code, 2)
    let other = "apiVersion: deploy/v1\nkind: App\nmetadata: {name: moving}\nspec: {branch: main}\n"
    XCTAssertEqual(try apply(other, "elsewhere").code, 0)
    let run = try plumb("apply", "--plan", plan)
    XCTAssertEqual(run.code, 0, run.error)
    let object = try json(plumb("get", "App/moving", "-o", "json"))
    XCTAssertEqual(object["spec"]["title"], "Two")
    XCTAssertEqual(object["spec"]["branch"], "main")
  }

  func testAPlanNamesWhatForcesAReplacementAndWhatItDoes() throws {
    func set(_ key: String, _ replicas: Int) -> String {
      project("planned") + "---\napiVersion: deploy/v1\nkind: EnvVar\nmetadata: {name: planned-log}\n"
        + "spec: {project: planned, key: \(key), value: x}\n---\napiVersion: deploy/v1\nkind: App\nmetadata: {name: planned}\n"
        + "spec: {project: planned, command: [sleep, '1000'], replicas: \(replicas)}\n"
    }
    XCTAssertEqual(try apply(set("LOG", 0), "planned").code, 0)
    let before = try json(plumb("get", "EnvVar/planned-log", "-o", "json"))["metadata"]["uid"]
    let text = try plumb(["diff", "-f", "-", "--set", "planned"], input: set("LOGS", 2))
    XCTAssertEqual(text.code, 2, text.error)
    XCTAssert(text.out.contains("replace EnvVar/planned-log  (forced by spec.key)"), text.out)
    XCTAssert(text.out.contains("> restarts the apps of its project"), text.out)
    XCTAssert(text.out.contains("> starts 2 more of app planned"), text.out)
    XCTAssert(text.out.contains("1 to replace"), text.out)
    let markdown = try plumb(["diff", "-f", "-", "--set", "planned", "-o", "markdown"], input: set("LOGS", 2))
    XCTAssert(markdown.out.contains("**1** to replace") && markdown.out.contains("forced by spec.key"), markdown.out)
    XCTAssertFalse(markdown.out.contains("\u{1B}"))
    XCTAssertEqual(try apply(set("LOGS", 0), "planned", "--wait").code, 0)
    let after = try json(plumb("get", "EnvVar/planned-log", "-o", "json"))
    XCTAssertNotEqual(after["metadata"]["uid"], before)
    XCTAssertEqual(after["spec"]["key"], "LOGS")
  }

  func testABranchAgainstItsBaseNeedsNoServer() throws {
    let folder = try TemporaryFolder()
    let base = try folder.write("base/shop.yaml", project("shop", title: "One") + "---\n" + project("old"))
    _ = base
    try folder.write(
      "head/shop.yaml",
      project("shop", title: "Two") + "---\n" + project("new", ", movedFrom: old") + "---\napiVersion: deploy/v1\nkind: EnvVar\n"
        + "metadata: {name: v}\nspec: {project: elsewhere, key: K, value: x}\n")
    let specs = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
      .appendingPathComponent("specs").path
    let run = try plumb(
      [
        "diff", "-f", folder.path + "/head", "--base", folder.path + "/base", "--specs", specs, "-o", "json", "--url",
        "http://127.0.0.1:1",
      ])
    let items = try json(run)["items"].list ?? []
    XCTAssertEqual(
      Set(items.map { "\($0["action"].string ?? "") \($0["name"].string ?? "")" }), ["update shop", "rename new", "create v"])
    XCTAssertEqual(run.code, 2)
    XCTAssertEqual(
      try plumb(["diff", "-f", folder.path + "/head", "--base", folder.path + "/head", "--specs", specs]).code, 0)
  }

  func testABranchAgainstAGitRevision() throws {
    let folder = try TemporaryFolder()
    func git(_ words: String...) throws {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = ["git", "-C", folder.path, "-c", "user.name=t", "-c", "user.email=t@example.com"] + words
      process.standardOutput = Pipe()
      process.standardError = Pipe()
      try process.run()
      process.waitUntilExit()
      XCTAssertEqual(process.terminationStatus, 0, "git \(words)")
    }
    try folder.write("shop/a.yaml", project("a", title: "One"))
    try folder.write("shop/b.yaml", project("b"))
    try git("init", "-q", "-b", "main")
    try git("add", "-A")
    try git("commit", "-qm", "one")
    try folder.write("shop/a.yaml", project("a", title: "Two"))
    try FileManager.default.removeItem(atPath: folder.path + "/shop/b.yaml")
    let run = try plumb(["diff", "-f", folder.path + "/shop", "--base", "main"])
    XCTAssertEqual(run.code, 2, run.error)
    XCTAssert(run.out.contains("update Project/a") && run.out.contains("One -> Two"), run.out)
    XCTAssert(run.out.contains("- delete Project/b  (its manifest is gone)"), run.out)
    XCTAssertEqual(try plumb(["diff", "-f", folder.path + "/shop", "--base", "main", "--head", "main"]).code, 0)
    XCTAssertEqual(try plumb(["diff", "-f", folder.path + "/shop", "--base", "nowhere"]).code, 3)
  }
}
