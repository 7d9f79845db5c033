// The promises of the engine, as a shell sees them: guards, managers, names, the past, drift.
import Core
import Foundation
import TestSupport
import XCTest

@testable import PlumbCommand

final class PromiseTests: PromiseTestCase {
  // MARK: Guards

  func testWhatOthersDependOnIsNotTakenDownUnasked() throws {
    let variable =
      "apiVersion: deploy/v1\nkind: EnvVar\nmetadata: {name: along-NAME}\nspec: {project: along, key: NAME, value: x}\n"
    XCTAssertEqual(
      try apply(project("along") + "---\n" + variable.replacing("NAME", with: "A"), "along").code, 0)
    XCTAssertEqual(try apply(variable.replacing("NAME", with: "B"), "along-else").code, 0)
    XCTAssert(try plumb("delete", "Project/along", "--dry-run").out.contains("asks first: Project/along takes 2 EnvVar"))
    let asked = try plumb("delete", "Project/along")
    XCTAssertEqual(asked.code, 7, asked.error)
    XCTAssert(asked.error.contains("Project/along takes 2 EnvVar (along-A, along-B) along."), asked.error)
    // A set that drops the project and its own variable asks for the other set's alone.
    let pruned = try apply(project("along-rest"), "along", "--prune")
    XCTAssertEqual(pruned.code, 7, pruned.error)
    XCTAssert(pruned.error.contains("takes 1 EnvVar (along-B) along."), pruned.error)
    XCTAssertEqual(try plumb("get", "EnvVar/along-B").code, 0)
    XCTAssertEqual(try apply(project("along-rest"), "along", "--prune", "--confirm", token(asked)).code, 7, "of another matter")
    XCTAssertEqual(try plumb("delete", "Project/along", "--confirm", token(asked)).code, 0)
    XCTAssertEqual(try plumb("get", "EnvVar/along-B").code, 1)
    // Saying so at once is as good.
    XCTAssertEqual(try apply(project("along") + "---\n" + variable.replacing("NAME", with: "A"), "along").code, 0)
    XCTAssertEqual(try plumb("delete", "Project/along", "--cascade").code, 0)
  }

  func testProtectedThingsAndDependentsAskWithATokenForOnce() throws {
    let set =
      project("held", ", protect: true") + "---\napiVersion: deploy/v1\nkind: ServerPool\nmetadata: {name: held}\n---\n"
      + "apiVersion: deploy/v1\nkind: App\nmetadata: {name: held}\nspec: {pool: held, replicas: 0}\n"
    XCTAssertEqual(try apply(set, "held").code, 0)
    XCTAssertEqual(try apply(project("other-held"), "held").code, 0, "protection survives the manifest")
    let pruned = try apply(project("other-held"), "held", "--prune")
    XCTAssertEqual(pruned.code, 7, pruned.error)
    XCTAssert(pruned.error.contains("Project/held is protected"), pruned.error)
    let asked = try plumb("delete", "Project/held")
    XCTAssertEqual(asked.code, 7)
    XCTAssertEqual(try plumb("delete", "Project/other-held", "--confirm", token(asked)).code, 0, "nothing is asked of that one")
    let again = try plumb("delete", "Project/held", "--confirm", token(asked))
    XCTAssertEqual(again.code, 0, again.error)
    let used = try plumb("delete", "ServerPool/held")
    XCTAssertEqual(used.code, 7, used.error)
    XCTAssert(used.error.contains("still used by 1 App (held)"), used.error)
    XCTAssertEqual(try plumb("delete", "ServerPool/held", "--confirm", "ct_wrong").code, 7)
    let both = try plumb("delete", "ServerPool/held", "--confirm", token(used), "--wait")
    XCTAssertEqual(both.code, 0, both.error)
    XCTAssertEqual(try plumb("get", "App/held").code, 1, "the dependent went along")
    XCTAssertEqual(try plumb("delete", "ServerPool/held", "--confirm", token(used)).code, 1, "gone is gone")
  }

  func testAnEmptyFolderPrunesNothing() throws {
    let folder = try TemporaryFolder()
    try folder.write("empty/a.yaml", project("emptied"))
    XCTAssertEqual(try plumb("apply", "-f", folder.path + "/empty").code, 0)
    try FileManager.default.removeItem(atPath: folder.path + "/empty/a.yaml")
    XCTAssertEqual(try plumb("apply", "-f", folder.path + "/empty", "--prune").code, 3)
    XCTAssertEqual(try plumb("get", "Project/emptied").code, 0)
  }

  // MARK: Managers

  func testAConflictNamesTheManagerItsLineAndItsCommit() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("mine.yaml", project("contested", title: "Mine"))
    XCTAssertEqual(try plumb("apply", "-f", file, "--commit", "c0ffee").code, 0)
    let conflict = try apply(project("contested", title: "Yours"), "yours")
    XCTAssertEqual(conflict.code, 5)
    XCTAssert(conflict.error.contains("managed by set:mine at \(file):4"), conflict.error)
    XCTAssert(conflict.error.contains("commit c0ffee"), conflict.error)
    let handed = try plumb("handover", "Project/contested", "--to", "set:yours", "--field", "title")
    XCTAssertEqual(handed.code, 0, handed.error)
    XCTAssertEqual(try apply(project("contested", title: "Yours"), "yours").code, 0)
    let blame = try json(plumb("blame", "Project/contested", "-o", "json"))["items"].list ?? []
    let title = try XCTUnwrap(blame.first { $0["path"] == "spec.title" })
    XCTAssertEqual(title["manager"], "set:yours")
    let name = try XCTUnwrap(blame.first { $0["path"] == "spec.name" })
    XCTAssertEqual(name["commit"], "c0ffee")
    XCTAssertEqual(name["file"], .string(file))
    XCTAssertEqual(name["line"], 3)
    XCTAssert(try plumb("blame", "Project/contested").out.contains("c0ffee"))
  }

  func testAdoptShowsFirst() throws {
    let folder = try TemporaryFolder()
    XCTAssertEqual(try apply(project("found", title: "Old"), "temporary").code, 0)
    XCTAssertEqual(try plumb("handover", "Project/found", "--to", "api").code, 0)
    let file = try folder.write("found.yaml", project("found", title: "New"))
    XCTAssertEqual(try plumb("diff", "-f", file).code, 5, "the API's value is not taken by chance")
    let shown = try plumb("adopt", "-f", file, "--diff")
    XCTAssertEqual(shown.code, 2, shown.error)
    XCTAssert(shown.out.contains("spec.title: Old -> New"), shown.out)
    XCTAssertEqual(try json(plumb("get", "Project/found", "-o", "json"))["spec"]["title"], "Old")
    XCTAssertEqual(try plumb("adopt", "-f", file).code, 0)
    XCTAssertEqual(try plumb("adopt", "-f", file, "--diff").code, 0)
    let missing = try plumb("adopt", "-f", try folder.write("none.yaml", project("never-was")))
    XCTAssertEqual(missing.code, 1)
    XCTAssert(missing.error.contains("cannot be adopted"), missing.error)
  }

  func testWhatIsLeftUnmanagedStays() throws {
    let app = "apiVersion: deploy/v1\nkind: App\nmetadata: {name: loose}\nspec: {replicas: 0, title: T}\n"
    XCTAssertEqual(try apply(app, "loose").code, 0)
    let loose = "apiVersion: deploy/v1\nkind: App\nmetadata: {name: loose, unmanaged: [replicas]}\nspec: {title: T}\n"
    XCTAssertEqual(try apply(loose, "loose").code, 0)
    XCTAssertEqual(try json(plumb("get", "App/loose", "-o", "json"))["spec"]["replicas"], 0)
    let wrong = try apply(loose.replacingOccurrences(of: "[replicas]", with: "[replica]"), "loose")
    XCTAssertEqual(wrong.code, 3)
    XCTAssert(wrong.error.contains("Did you mean \"replicas\"?"), wrong.error)
  }

  // MARK: Names

  func testARenameKeepsTheObject() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("named.yaml", project("before", title: "T"))
    XCTAssertEqual(try plumb("apply", "-f", file).code, 0)
    let uid = try json(plumb("get", "Project/before", "-o", "json"))["metadata"]["uid"]
    let renamed = try plumb("rename", "Project/before", "after")
    XCTAssertEqual(renamed.code, 0, renamed.error)
    XCTAssert(renamed.error.contains("named.yaml:3 still says before"), renamed.error)
    XCTAssertEqual(try json(plumb("get", "Project/after", "-o", "json"))["metadata"]["uid"], uid)
    let old = try plumb("apply", "-f", file, "--prune")
    XCTAssertEqual(old.code, 5, old.error)
    XCTAssert(old.error.contains("was renamed to after"), old.error)
    try folder.write("named.yaml", project("after", title: "T"))
    XCTAssertEqual(try plumb("apply", "-f", file, "--prune").code, 0)
    try folder.write("named.yaml", project("at-last", ", movedFrom: after", title: "T"))
    let moved = try plumb("apply", "-f", file, "--prune")
    XCTAssertEqual(moved.code, 0, moved.error)
    XCTAssert(moved.out.contains("rename Project/after -> at-last"), moved.out)
    XCTAssertEqual(try json(plumb("get", "Project/at-last", "-o", "json"))["metadata"]["uid"], uid)
    XCTAssertEqual(try json(plumb("history", "Project/at-last", "-o", "json"))["items"].list?.count, 3)
    XCTAssertEqual(try plumb("rename", "Project/at-last", "not a name").code, 3)
  }

  // MARK: The past

  func testTheWayBackOfAnObject() throws {
    for title in ["One", "Two", "Three"] { XCTAssertEqual(try apply(project("past", title: title), "past").code, 0) }
    let then = try now()
    XCTAssertEqual(try plumb("delete", "Project/past").code, 0)
    XCTAssertEqual(try json(plumb("get", "Project/past", "--at", then, "-o", "json"))["spec"]["title"], "Three")
    XCTAssertEqual(try plumb("get", "Project/past").code, 1)
    let diff = try plumb("diff", "--from", then, "Project/past")
    XCTAssertEqual(diff.code, 2, diff.error)
    XCTAssert(diff.out.contains("- delete Project/past"), diff.out)
    let back = try plumb("rollback", "Project/past", "--to", then)
    XCTAssertEqual(back.code, 0, back.error)
    XCTAssertEqual(try json(plumb("get", "Project/past", "-o", "json"))["spec"]["title"], "Three")
    XCTAssertEqual(try plumb("rollback", "Project/past", "--to", "1").code, 0)
    XCTAssertEqual(try json(plumb("get", "Project/past", "-o", "json"))["spec"]["title"], "One")
    XCTAssertEqual(try plumb("rollback", "Project/past").code, 0)
    XCTAssertEqual(try json(plumb("get", "Project/past", "-o", "json"))["spec"]["title"], "Three")
    XCTAssert(try plumb("sets").out.contains("was rolled back to version"))
    XCTAssertEqual(try plumb("resume", "--set", "past").code, 0)
    let sets = try json(plumb("sets", "-o", "json"))["items"].list ?? []
    XCTAssertEqual(sets.first { $0["name"] == "past" }?["paused"], .null)
    XCTAssertEqual(try plumb("rollback", "Project/past", "--to", "99").code, 1)
    XCTAssertEqual(try plumb("rollback", "Project/past", "--to", "yesterday").code, 3)
  }

  func testTheWayBackOfASet() throws {
    XCTAssertEqual(try apply(project("set-a", title: "One") + "---\n" + project("set-b"), "whole").code, 0)
    let uid = try json(plumb("get", "Project/set-b", "-o", "json"))["metadata"]["uid"]
    let then = try now()
    XCTAssertEqual(try apply(project("set-a", title: "Two") + "---\n" + project("set-c"), "whole", "--prune").code, 0)
    let shown = try plumb("rollback", "--set", "whole", "--to", then, "--dry-run")
    XCTAssertEqual(shown.code, 0, shown.error)
    for line in ["~ update Project/set-a", "+ create Project/set-b", "- delete Project/set-c"] {
      XCTAssert(shown.out.contains(line), shown.out)
    }
    let back = try plumb("rollback", "--set", "whole", "--to", then)
    XCTAssertEqual(back.code, 0, back.error)
    XCTAssert(back.error.contains("the source of whole is paused"), back.error)
    XCTAssertEqual(try json(plumb("get", "Project/set-a", "-o", "json"))["spec"]["title"], "One")
    XCTAssertEqual(try json(plumb("get", "Project/set-b", "-o", "json"))["metadata"]["uid"], uid, "it came back as itself")
    XCTAssertEqual(try plumb("get", "Project/set-c").code, 1)
    let again = try apply(project("set-a", title: "One") + "---\n" + project("set-b"), "whole")
    XCTAssertEqual(again.code, 0)
    XCTAssert(again.error.contains("set whole is paused"), again.error)
    XCTAssert(again.out.contains("2 unchanged"), again.out)
    XCTAssertEqual(try plumb("rollback", "--set", "whole", "--to", "2001-01-01T00:00:00Z").code, 1)
    XCTAssertEqual(try plumb("rollback", "--set", "hole", "--to", then).code, 1)
  }

  // MARK: Graphs and drift

  func testTheTreeShowsBothDirections() throws {
    let set =
      project("rooted") + "---\napiVersion: deploy/v1\nkind: App\nmetadata: {name: leaf}\nspec: {project: rooted, replicas: 0}\n"
    XCTAssertEqual(try apply(set, "tree").code, 0)
    let tree = try plumb("tree", "Project/rooted")
    XCTAssert(tree.out.contains("used by\n└─ project: App/leaf"), tree.out)
    XCTAssert(try plumb("tree", "App/leaf").out.contains("└─ project: Project/rooted  Ready"))
    XCTAssert(try plumb("tree", "--set", "tree").out.contains("App/leaf"))
    XCTAssertEqual(try plumb("tree").code, 3)
  }

  func testDriftIsCorrectedOrOnlyReported() throws {
    func app(_ name: String, _ metadata: String) -> String {
      "apiVersion: deploy/v1\nkind: App\nmetadata: {name: \(name)\(metadata)}\nspec: {command: [sleep, '1000'], restart: {initialSeconds: 0.1}}\n"
    }
    func pid(_ name: String) throws -> Int? {
      try json(plumb("get", "App/\(name)", "-o", "json"))["status"]["pids"].list?.first?.int
    }
    XCTAssertEqual(
      try apply(app("mended", "") + "---\n" + app("told", ", onDrift: report"), "drifting", "--wait", "--timeout", "60s").code, 0)
    XCTAssertEqual(try plumb("drift", "--set", "drifting").code, 0)
    let told = try XCTUnwrap(try pid("told"))
    let mended = try XCTUnwrap(try pid("mended"))
    kill(pid_t(told), SIGKILL)
    kill(pid_t(mended), SIGKILL)
    let end = Date().addingTimeInterval(60)
    var report = try plumb("drift", "--set", "drifting", "-o", "json")
    while Date() < end {
      report = try plumb("drift", "--set", "drifting", "-o", "json")
      let names = try json(report)["items"].list?.compactMap { $0["name"].string } ?? []
      if names == ["told"], let now = try pid("mended"), now != mended { break }
      Thread.sleep(forTimeInterval: 0.3)
    }
    XCTAssertEqual(report.code, 2, report.out)
    let item = try XCTUnwrap(try json(report)["items"].list?.first)
    XCTAssertEqual(item["name"], "told")
    XCTAssertEqual(item["action"], "report")
    XCTAssert(item["message"].string?.contains("replica 0 is not running") ?? false)
    XCTAssertEqual(try json(plumb("get", "App/told", "-o", "json"))["status"]["pids"], [])
    XCTAssert(try plumb("why", "App/told").out.contains("it is only reported"))
    let metrics = try CaseHTTP(port: server().port).send(CaseRequest("GET", "/metrics")).text
    XCTAssert(metrics.contains("plumb_drift_total{kind=\"App\",action=\"reported\"} 1"), metrics)
    XCTAssert(metrics.contains("plumb_drift_total{kind=\"App\",action=\"corrected\"} 1"), metrics)
    // A change that is asked for is made, drift and all.
    XCTAssertEqual(try apply(app("mended", "") + "---\n" + app("told", ", onDrift: correct"), "drifting").code, 0)
    XCTAssertEqual(try plumb("delete", "App/told", "App/mended", "--wait").code, 0)
  }

  func testAllTenantsComeInPages() throws {
    let tenants = ["page-a", "page-b"]
    let all =
      tenants.map { "apiVersion: platform/v1\nkind: Tenant\nmetadata: {name: \($0)}\n" }
      + (0..<1100).map { "apiVersion: deploy/v1\nkind: Project\nmetadata: {tenant: \(tenants[$0 % 2]), name: paged-\($0)}\n" }
    XCTAssertEqual(try apply(all.joined(separator: "---\n"), "pages").code, 0)
    let names = try plumb("get", "projects", "-A", "-o", "name").out.split(separator: "\n").filter { $0.contains("/paged-") }
    XCTAssertEqual(names.count, 1100)
  }
}
