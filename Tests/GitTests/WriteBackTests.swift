// What a write of the API does to objects that a git source states: refused, held until the next sync, or proposed in git.
import Core
import Foundation
import TestSupport
import XCTest

final class WriteBackTests: GitTestCase {
  private let manifest = """
    # The shop front
    apiVersion: deploy/v1
    kind: App
    metadata: {name: NAME}   # as customers know it
    spec:
      running: false
      command: [sleep, "1000"]   # long
      # how many
      replicas: 2   # enough
      env:
        LOG: 'info'
    ---
    apiVersion: deploy/v1
    kind: Project
    metadata: {name: NAME-project}
    spec: {title: One}

    """

  /// A repository with an app of this name, its source, and the app's id.
  private func world(_ name: String, _ mode: String) throws -> (repository: GitRepository, commit: String, app: String) {
    let repository = try GitRepository()
    let commit = try repository.push(["apps/a.yaml": manifest.replacing("NAME", with: name)])
    try source(name, repository, "  path: apps\n  writeBack: {mode: \(mode)}\n")
    try until("GitSource", name) { $0["ready"] == true }
    let app = try get("App", name)["metadata"]["uid"].string ?? ""
    return (repository, commit, app)
  }

  private func patch(_ app: String, _ body: Value) throws -> CaseResponse { try call("PATCH", "/deploy/api/apps/\(app)", body) }

  func testRefuseNamesSourceFileLineAndCommit() throws {
    let (repository, commit, app) = try world("refusing", "refuse")
    defer { repository.remove() }
    let answer = try patch(app, ["replicas": 5])
    XCTAssertEqual(answer.status, 409, answer.description)
    let text = answer.json["error"].string ?? ""
    for word in ["GitSource/refusing", "apps/a.yaml:9", String(commit.prefix(12))] { XCTAssert(text.contains(word), text) }
    let native = try call("DELETE", "/plumb/v1/objects/App/refusing")
    XCTAssertEqual(native.status, 409, native.description)
    XCTAssert(native.description.contains("GitSource/refusing"), native.description)
    XCTAssertEqual(try call("DELETE", "/deploy/api/apps/\(app)").status, 409)
    // What git does not state is the API's.
    XCTAssertEqual(try patch(app, ["name": "Front"]).status, 200)
    XCTAssertEqual(try get("App", "refusing")["spec"]["replicas"], 2)
    // A source that is gone holds on to nothing.
    XCTAssertEqual(try call("DELETE", "/plumb/v1/objects/GitSource/refusing").status, 200)
    XCTAssertEqual(try patch(app, ["replicas": 5]).status, 200)
  }

  func testHoldLastsUntilTheNextSyncAndIsShownAsDrift() throws {
    let (repository, commit, app) = try world("holding", "hold")
    defer { repository.remove() }
    let answer = try patch(app, ["replicas": 5])
    XCTAssertEqual(answer.status, 200, answer.description)
    XCTAssertEqual(try get("App", "holding")["spec"]["replicas"], 5)
    let source = try until("GitSource", "holding") { Self.condition($0, "Drifted")["status"] == "True" }
    let drift = source["status"]["drift"].list ?? []
    XCTAssertEqual(drift.map { $0["field"] }, ["replicas"], JSON.text(source["status"]["drift"]))
    XCTAssertEqual(drift.first?["live"], 5)
    XCTAssertEqual(drift.first?["git"], 2)
    func told() throws -> Value {
      try call("GET", "/plumb/v1/drift?kinds=GitSource").json["items"].list?.first { $0["name"] == "holding" } ?? .null
    }
    XCTAssertEqual(try told()["message"], "App/holding.replicas differ from git until the next sync")
    XCTAssertEqual(try call("DELETE", "/plumb/v1/objects/Project/holding-project").status, 200)
    let after = try sync("holding")
    expect(after, "Applied", in: commit)
    XCTAssertEqual(try get("App", "holding")["spec"]["replicas"], 2)
    XCTAssertEqual(try call("GET", "/plumb/v1/objects/Project/holding-project").status, 200, "what was deleted is there again")
    try until("GitSource", "holding") { Self.condition($0, "Drifted")["status"] == "False" }
    XCTAssertEqual(try told(), .null)
  }

  func testProposeCommitsTheChangeInPlaceAndOnce() throws {
    let (repository, base, app) = try world("proposing", "propose")
    defer { repository.remove() }
    let answer = try patch(app, ["replicas": 5, "env": ["LOG": "debug", "NEW": "1"]])
    XCTAssertEqual(answer.status, 202, answer.description)
    let id = answer.headers.first { $0.0.lowercased() == "plumb-proposal" }?.1 ?? ""
    let done = try until("GitProposal", id) { $0["status"]["phase"].string.map { $0 == "Succeeded" || $0 == "Failed" } ?? false }
    XCTAssertEqual(done["status"]["phase"], "Succeeded", JSON.text(done["status"]))
    XCTAssertEqual(try get("App", "proposing")["spec"]["replicas"], 2, "what is in force is what is in git")

    func bare(_ words: String...) throws -> String { try GitRepository.run(["git", "-C", repository.bare.path] + words) }
    let text = try bare("show", "plumb/proposing:apps/a.yaml") + "\n"
    let expected = manifest.replacing("NAME", with: "proposing").replacing("replicas: 2 ", with: "replicas: 5 ")
      .replacing("'info'", with: "'debug'\n    NEW: \"1\"")
    XCTAssertEqual(text.trimmingCharacters(in: .newlines), expected.trimmingCharacters(in: .newlines))
    XCTAssertEqual(try bare("rev-list", "--count", "\(base)..plumb/proposing"), "1")
    XCTAssertEqual(try bare("rev-parse", "main"), base)
    XCTAssert(try bare("log", "-1", "--format=%B", "plumb/proposing").contains("Plumb-Proposal: \(id)"))

    // The same wish once more makes no second commit; another one follows on the branch.
    let again = try patch(app, ["replicas": 5])
    let second = again.headers.first { $0.0.lowercased() == "plumb-proposal" }?.1 ?? ""
    try until("GitProposal", second) { $0["status"]["phase"] == "Succeeded" }
    XCTAssertEqual(try bare("rev-list", "--count", "\(base)..plumb/proposing"), "1")
    let deletion = try call("DELETE", "/plumb/v1/objects/Project/proposing-project")
    XCTAssertEqual(deletion.status, 202, deletion.description)
    let third = deletion.headers.first { $0.0.lowercased() == "plumb-proposal" }?.1 ?? ""
    try until("GitProposal", third) { $0["status"]["phase"] == "Succeeded" }
    XCTAssertFalse(try bare("show", "plumb/proposing:apps/a.yaml").contains("proposing-project"))
    XCTAssertEqual(try call("GET", "/plumb/v1/objects/Project/proposing-project").status, 200)

    // Merged, it becomes true.
    _ = try bare("update-ref", "refs/heads/main", "refs/heads/plumb/proposing")
    try sync("proposing")
    XCTAssertEqual(try get("App", "proposing")["spec"]["replicas"], 5)
    XCTAssertEqual(try call("GET", "/plumb/v1/objects/Project/proposing-project").status, 404)
    // What breaks a rule is refused, and proposed nowhere.
    XCTAssertEqual(try patch(app, ["replicas": 5000]).status, 400)
  }
}
