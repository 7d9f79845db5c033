// From the shell to PostgreSQL and back: apply, read, compare, explain, delete.
import Core
import Foundation
import XCTest

@testable import PlumbCommand

final class EndToEndTests: LiveTestCase {
  private func project(_ name: String, title: String, labels: String = "") -> String {
    "apiVersion: deploy/v1\nkind: Project\nmetadata: {name: \(name)\(labels)}\nspec: {title: \(title)}\n"
  }

  func testTheLifeOfAnObject() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("life.yaml", project("life", title: "One"))
    let first = try plumb("apply", "-f", file, "--commit", "0123abcd", "--wait")
    XCTAssertEqual(first.code, 0, first.error)
    XCTAssertEqual(first.out, "+ create Project/life\n1 created\n")
    XCTAssertEqual(try plumb("diff", "-f", file).code, 0)
    XCTAssertEqual(try plumb("apply", "-f", file).out, "1 unchanged\n")

    try folder.write("life.yaml", project("life", title: "Two"))
    let diff = try plumb("diff", "-f", file)
    XCTAssertEqual(diff.code, 2)
    XCTAssertEqual(
      diff.out, "~ update Project/life\n    spec.title: One -> Two  (was set by set:life at \(file):4 in 0123abcd)\n1 to update\n"
    )
    XCTAssertEqual(try plumb("apply", "-f", file, "--dry-run").code, 0)
    XCTAssertEqual(try plumb("diff", "-f", file).code, 2, "a dry run changes nothing")
    XCTAssertEqual(try plumb("apply", "-f", file).code, 0)

    let object = try JSON.parse(try plumb("get", "project/life", "-o", "json").out)
    XCTAssertEqual(object["spec"]["title"], "Two")
    XCTAssertEqual(object["metadata"]["generation"], 2)
    XCTAssertEqual(object["ready"], true)
    XCTAssertEqual(try plumb("why", "Project/life").out, "Project/life is ready\n")
    let history = try JSON.parse(try plumb("history", "Project/life", "-o", "json").out)["items"].list ?? []
    XCTAssertEqual(history.map { $0["operation"] }, ["update", "create"])
    XCTAssertEqual(history.first?["changes"].list?.first?["before"], "One")
    XCTAssertEqual(history.last?["commit"], "0123abcd")
    XCTAssert(try plumb("describe", "Project/life").out.contains("title: Two  (set:life at \(file):4)"))

    let gone = try plumb("delete", "Project/life", "--wait")
    XCTAssertEqual(gone.code, 0, gone.error)
    let missing = try plumb("get", "Project/life")
    XCTAssertEqual(missing.code, 1)
    XCTAssert(missing.error.contains("There is no Project \"life\""), missing.error)
  }

  func testAnExportAppliedAgainHasNothingToDo() throws {
    let folder = try TemporaryFolder()
    let text = """
      \(project("exported", title: "E", labels: ", labels: {team: shop}"))---
      apiVersion: deploy/v1
      kind: EnvVar
      metadata: {name: key}
      spec: {project: exported, key: API_KEY, secretValue: {env: KEY}}
      """
    let file = try folder.write("exported.yaml", text)
    XCTAssertEqual(try plumb("apply", "-f", file, environment: ["KEY": "hunter2!"]).code, 0)
    let exported = try plumb("export", "Project", "EnvVar")
    XCTAssertEqual(exported.code, 0, exported.error)
    XCTAssertFalse(exported.out.contains("hunter2!"))
    let again = try folder.write("again.yaml", exported.out)
    let diff = try plumb("diff", "-f", again, "--set", "exported")
    XCTAssertEqual(diff.code, 0, diff.out + diff.error)
  }

  func testListsFormsAndSelectors() throws {
    let input =
      project("sel-a", title: "A", labels: ", labels: {tier: web}") + "---\n"
      + project("sel-b", title: "B", labels: ", labels: {tier: api}")
    XCTAssertEqual(try plumb("apply", "-f", "-", "--set", "sel", input: input).code, 0)
    XCTAssertEqual(try plumb("get", "projects", "-l", "tier=web", "-o", "name").out, "Project/sel-a\n")
    XCTAssertEqual(try plumb("get", "projects", "-l", "tier in (web,api)", "-o", "name").out, "Project/sel-a\nProject/sel-b\n")
    XCTAssertEqual(try plumb("get", "projects", "-l", "tier!=web,tier", "-o", "name").out, "Project/sel-b\n")
    XCTAssertEqual(try plumb("get", "projects", "-l", "tier in").code, 3)
    XCTAssert(try plumb("get", "projects", "-o", "yaml").out.contains("kind: Project\n"))
    XCTAssert(try plumb("get", "all", "-o", "name").out.contains("Project/sel-a\n"))
    XCTAssert(try plumb("sets", "-o", "name").out.contains("sel\n"))
    XCTAssert(try plumb("explain", "Project.title").out.contains("1 to 200"))
    let unknown = try plumb("get", "projcts")
    XCTAssertEqual(unknown.code, 3)
    XCTAssert(unknown.error.contains("Did you mean Project?"), unknown.error)
    let near = try plumb("get", "Project/sel-aa")
    XCTAssertEqual(near.code, 1)
    XCTAssert(near.error.contains("Did you mean sel-a?"), near.error)
  }

  func testAWaitThatIsInterruptedLeavesTheApplyInPlace() throws {
    let input = "apiVersion: deploy/v1\nkind: RootDomain\nmetadata: {name: interrupted.example.com}\n"
    let child = try start(["apply", "-f", "-", "--set", "interrupted", "--wait"], input: input)
    XCTAssert(child.until { $0.out.contains("1 created") })
    // The wait begins after that line.
    Thread.sleep(forTimeInterval: 0.5)
    child.interrupt()
    let run = child.finish()
    XCTAssertEqual(run.code, 130)
    XCTAssert(run.error.contains("stays in place"), run.error)
    XCTAssertEqual(try plumb("get", "RootDomain/interrupted.example.com").code, 0)
  }

  func testAWaitThatTakesTooLongSaysForWhat() throws {
    let input = "apiVersion: deploy/v1\nkind: RootDomain\nmetadata: {name: late.example.com}\n"
    let run = try plumb("apply", "-f", "-", "--set", "late", "--wait", "--timeout", "500ms", input: input)
    XCTAssertEqual(run.code, 8)
    XCTAssert(run.error.contains("RootDomain/late.example.com"), run.error)
    XCTAssertEqual(try plumb("wait", "RootDomain/late.example.com", "--timeout", "300ms").code, 8)
    XCTAssert(try plumb("why", "RootDomain/late.example.com").out.contains("is not ready"))
    XCTAssertEqual(try plumb("delete", "RootDomain/late.example.com").code, 0)
    XCTAssertEqual(try plumb("wait", "RootDomain/late.example.com", "--for", "deleted", "--timeout", "10s").code, 0)
    XCTAssertEqual(
      try plumb("wait", "RootDomain/late.example.com", "--for", "gone", "--timeout", "10s").code, 0,
      "the same by the word that people use")
  }

  func testWatchingSeesEachChange() throws {
    let watch = try start(["get", "projects", "--watch", "-o", "json"])
    XCTAssert(watch.until { $0.out.contains("items") })
    Thread.sleep(forTimeInterval: 0.3)
    XCTAssertEqual(try plumb("apply", "-f", "-", "--set", "watched", input: project("watched", title: "W")).code, 0)
    XCTAssertEqual(try plumb("delete", "Project/watched").code, 0)
    XCTAssert(watch.until { $0.out.contains("\"operation\":\"delete\"") }, watch.out)
    watch.interrupt()
    let run = watch.finish()
    XCTAssertEqual(run.code, 0)
    let lines = run.out.split(separator: "\n").filter { $0.contains("\"watched\"") && $0.hasPrefix("{\"position\"") }
    XCTAssertEqual(try lines.compactMap { try JSON.parse(String($0))["operation"].string }, ["create", "delete"])
  }

  func testAPlanIsAppliedExactlyOrNotAtAll() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("planned.yaml", project("planned", title: "One"))
    let plan = folder.path + "/plan.json"
    XCTAssertEqual(try plumb("plan", "-f", file, "-o", plan).code, 2)
    try folder.write("planned.yaml", project("planned", title: "Other"))
    let applied = try plumb("apply", "--plan", plan)
    XCTAssertEqual(applied.code, 0, applied.error)
    XCTAssertEqual(try JSON.parse(try plumb("get", "Project/planned", "-o", "json").out)["spec"]["title"], "One")

    XCTAssertEqual(try plumb("plan", "-f", file, "-o", plan).code, 2)
    try folder.write("planned.yaml", project("planned", title: "Meanwhile"))
    XCTAssertEqual(try plumb("apply", "-f", file).code, 0)
    let stale = try plumb("apply", "--plan", plan)
    XCTAssertEqual(stale.code, 6, stale.error)
    XCTAssert(stale.error.contains("Project/planned"), stale.error)
  }
}
