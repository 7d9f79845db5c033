// What git sources promise: a set applied whole with its commit in blame, and the last good state whatever happens to the repository.
import Core
import Foundation
import TestSupport
import XCTest

final class GitSourceTests: GitTestCase {
  func testACommitIsAppliedAsASetWithItsPlaceInBlame() throws {
    let repository = try GitRepository()
    defer { repository.remove() }
    let first = try repository.push(["apps/a.yaml": "# shop\n" + GitRepository.project("life"), "README.md": "hello"])
    try source("life", repository, "  path: apps\n")
    let source = try until("GitSource", "life") { $0["ready"] == true }
    expect(source, "Applied", in: first)
    XCTAssertEqual(source["status"]["objects"], 1)
    let project = try get("Project", "life")
    let owner = project["owners"]["title"]
    XCTAssertEqual(JSON.text(project["spec"]["title"]), "\"One\"")
    XCTAssert(JSON.text(owner).contains("git:life"), JSON.text(project))
    XCTAssert(JSON.text(owner).contains(first), JSON.text(owner))
    XCTAssert(JSON.text(owner).contains("apps/a.yaml"), JSON.text(owner))

    let second = try repository.push([
      "apps/a.yaml": GitRepository.project("life", title: "Two"), "apps/b.yaml": GitRepository.project("more"),
    ])
    expect(try sync("life"), "Applied", in: second)
    XCTAssertEqual(try get("Project", "life")["spec"]["title"], "Two")
    try repository.push(["apps/b.yaml": String?.none])
    try sync("life")
    XCTAssertEqual(try call("GET", "/plumb/v1/objects/Project/more").status, 404, "what left the folder is pruned")
  }

  func testWhateverHappensTheLastGoodStateStays() throws {
    let repository = try GitRepository()
    defer { repository.remove() }
    let good = try repository.push(["apps/a.yaml": GitRepository.project("kept")])
    try source("kept", repository, "  path: apps\n")
    try until("GitSource", "kept") { $0["ready"] == true }
    func stays(_ reason: String, line: UInt = #line) throws {
      let source = try sync("kept")
      expect(source, reason, in: good, line: line)
      XCTAssertEqual(Self.condition(source, "Stalled")["status"], "True", line: line)
      XCTAssertEqual(try get("Project", "kept")["spec"]["title"], "One", line: line)
    }
    func back() throws {
      try repository.git("reset", "-q", "--hard", good)
      try repository.git("push", "-q", "-f", "origin", "HEAD:main")
    }

    try repository.push([
      "apps/b.yaml": "apiVersion: deploy/v1\nkind: App\nmetadata: {name: bad}\nspec: {nope: 1, replicas: many}\n",
      "apps/c.yaml": "a: [\n",
    ])
    try stays("ManifestsInvalid")
    let errors = try get("GitSource", "kept")["status"]["errors"].list ?? []
    XCTAssertEqual(errors.count, 3, "all faults at once: \(JSON.text(.list(errors)))")
    XCTAssertEqual(Set(errors.compactMap { $0["file"].string }), ["apps/b.yaml", "apps/c.yaml"])
    try back()

    try FileManager.default.createSymbolicLink(
      atPath: repository.work.path + "/apps/x.yaml", withDestinationPath: "../../../etc/passwd")
    try repository.push()
    try stays("UnsafeTree")
    try back()

    try repository.push(["apps/big.yaml": String(repeating: "# much\n", count: 700_000)])
    try stays("FileTooLarge")
    try back()

    try repository.push(["apps/a.yaml": String?.none, "apps/readme.md": "nothing"])
    try stays("SourceEmpty")
    try back()

    try repository.push(["apps/a.yaml": String?.none, "other/a.yaml": GitRepository.project("kept")])
    try stays("PathMissing")
    try back()

    _ = try GitRepository.run([
      "git", "-C", repository.work.path, "update-index", "--add", "--cacheinfo", "160000,\(good),apps/module",
    ])
    try repository.git("-c", "user.name=A", "-c", "user.email=a@x", "commit", "-q", "-m", "module")
    try repository.git("push", "-q", "origin", "HEAD:main")
    try stays("Submodule")
    try back()

    try repository.push(["apps/large.yaml": "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"])
    try stays("LargeFileStorage")
    try back()

    _ = try GitRepository.run(["git", "-C", repository.bare.path, "branch", "-m", "main", "elsewhere"])
    try stays("RefMissing")
    _ = try GitRepository.run(["git", "-C", repository.bare.path, "branch", "-m", "elsewhere", "main"])

    try FileManager.default.moveItem(atPath: repository.bare.path, toPath: repository.bare.path + "x")
    try stays("RepositoryNotFound")
    try FileManager.default.moveItem(atPath: repository.bare.path + "x", toPath: repository.bare.path)
    expect(try sync("kept"), "Applied", in: good)
  }

  func testARewrittenHistoryWaitsForSomebodyToConfirmIt() throws {
    let repository = try GitRepository()
    defer { repository.remove() }
    try repository.push(["a.yaml": GitRepository.project("forced")])
    let good = try repository.push(["a.yaml": GitRepository.project("forced", title: "Two")])
    try source("forced", repository)
    try until("GitSource", "forced") { $0["ready"] == true }
    try repository.git("reset", "-q", "--hard", "HEAD~1")
    let other = try repository.push(["a.yaml": GitRepository.project("forced", title: "Other")], force: true)
    expect(try sync("forced"), "HistoryRewritten", in: good)
    XCTAssertEqual(try get("Project", "forced")["spec"]["title"], "Two")
    let wrong = try call("POST", "/plumb/v1/objects/GitSource/forced/sync", ["confirm": "abcdef0123"])
    XCTAssertEqual(wrong.status, 409, wrong.description)
    expect(try sync("forced", confirm: String(other.prefix(12))), "Applied", in: other)
    XCTAssertEqual(try get("Project", "forced")["spec"]["title"], "Other")
  }

  func testManyDeletionsWaitForSomebodyToConfirmThem() throws {
    let repository = try GitRepository()
    defer { repository.remove() }
    let all = (1...12).map { GitRepository.project("mass-\($0)") }.joined(separator: "---\n")
    let good = try repository.push(["a.yaml": all])
    try source("mass", repository)
    try until("GitSource", "mass") { $0["ready"] == true }
    let few = try repository.push(["a.yaml": GitRepository.project("mass-1")])
    expect(try sync("mass"), "DeletionsNeedConfirmation", in: good)
    XCTAssertEqual(try call("GET", "/plumb/v1/objects/Project/mass-12").status, 200)
    expect(try sync("mass", confirm: few), "Applied", in: few)
    XCTAssertEqual(try call("GET", "/plumb/v1/objects/Project/mass-12").status, 404)
  }

  func testSourcesWaitForThoseTheyDependOn() throws {
    let (base, top) = (try GitRepository(), try GitRepository())
    defer {
      base.remove()
      top.remove()
    }
    try base.push(["a.yaml": "nonsense: true\n"])
    try top.push([
      "b.yaml":
        "apiVersion: deploy/v1\nkind: App\nmetadata: {name: dep-app}\nspec: {project: dep-base, running: false, command: [sleep, \"1\"]}\n"
    ])
    try source("dep-base", base)
    try source("dep-top", top, "  dependsOn: [dep-base]\n")
    let waiting = try until("GitSource", "dep-top") { Self.condition($0, "Ready")["reason"] == "DependencyNotReady" }
    XCTAssertEqual(Self.condition(waiting, "Progressing")["status"], "True")
    XCTAssert(Self.condition(waiting, "Ready")["message"].string?.contains("dep-base") == true)
    try base.push(["a.yaml": GitRepository.project("dep-base")])
    try sync("dep-base")
    try until("GitSource", "dep-top") { $0["ready"] == true }
  }

  func testASuspendedSourceDoesNothingUntilItIsResumed() throws {
    let repository = try GitRepository()
    defer { repository.remove() }
    let first = try repository.push(["a.yaml": GitRepository.project("held")])
    try source("held", repository, "")
    try until("GitSource", "held") { $0["ready"] == true }
    XCTAssertEqual(try call("POST", "/plumb/v1/objects/GitSource/held/suspend", ["reason": "incident 42"]).status, 200)
    let second = try repository.push(["a.yaml": GitRepository.project("held", title: "Two")])
    _ = try call("POST", "/plumb/v1/objects/GitSource/held/sync", [:])
    let paused = try until("GitSource", "held") { Self.condition($0, "Suspended")["status"] == "True" }
    XCTAssert(Self.condition(paused, "Suspended")["message"].string?.contains("incident 42") == true)
    XCTAssertEqual(paused["status"]["appliedCommit"].string, first)
    XCTAssertEqual(try call("POST", "/plumb/v1/objects/GitSource/held/resume", [:]).status, 200)
    try until("GitSource", "held") { $0["status"]["appliedCommit"].string == second && $0["ready"] == true }
  }

  func testARollbackPausesTheSourceUntilItIsResumed() throws {
    let repository = try GitRepository()
    defer { repository.remove() }
    try repository.push(["a.yaml": GitRepository.project("rolled")])
    try source("rolled", repository)
    try until("GitSource", "rolled") { $0["ready"] == true }
    let second = try repository.push(["a.yaml": GitRepository.project("rolled", title: "Two")])
    try sync("rolled")
    let back = try call("POST", "/plumb/v1/objects/Project/rolled/rollback", ["to": 1])
    XCTAssertEqual(back.status, 200, back.description)
    XCTAssertEqual(try get("Project", "rolled")["spec"]["title"], "One")
    let paused = try until("GitSource", "rolled") { Self.condition($0, "Suspended")["status"] == "True" }
    XCTAssert(Self.condition(paused, "Suspended")["message"].string?.contains("rolled back") == true, JSON.text(paused["status"]))
    // Not even a sync that somebody asks for undoes it.
    _ = try call("POST", "/plumb/v1/objects/GitSource/rolled/sync", [:])
    Thread.sleep(forTimeInterval: 1)
    XCTAssertEqual(try get("Project", "rolled")["spec"]["title"], "One")
    XCTAssertEqual(try call("POST", "/plumb/v1/objects/GitSource/rolled/resume", [:]).status, 200)
    try until("Project", "rolled") { $0["spec"]["title"] == "Two" }
    try until("GitSource", "rolled") { $0["ready"] == true && $0["status"]["appliedCommit"].string == second }
  }

  func testADenyWindowHoldsACommitBack() throws {
    let repository = try GitRepository()
    defer { repository.remove() }
    let first = try repository.push(["a.yaml": GitRepository.project("windowed")])
    try source("windowed", repository)
    try until("GitSource", "windowed") { $0["ready"] == true }
    try source("windowed", repository, "  syncWindows: [{kind: deny}]\n")
    try repository.push(["a.yaml": GitRepository.project("windowed", title: "Two")])
    _ = try call("POST", "/plumb/v1/objects/GitSource/windowed/sync", [:])
    let held = try until("GitSource", "windowed") { Self.condition($0, "Synced")["reason"] == "OutsideWindow" }
    XCTAssertEqual(held["status"]["appliedCommit"].string, first)
    XCTAssertEqual(held["ready"], true, "what was applied is in force")
    try source("windowed", repository, "  syncWindows: [{kind: deny, manual: true}]\n")
    _ = try sync("windowed")
    XCTAssertEqual(try get("Project", "windowed")["spec"]["title"], "Two")
  }
}
