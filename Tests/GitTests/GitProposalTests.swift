// Proposals at the repository itself: pushed once however often they are tried, and never over somebody else's work.
import Core
import Foundation
import OutgoingHTTP
import TestSupport
import XCTest

@testable import GitRepositories

final class GitProposalTests: XCTestCase {
  private let targets = TargetGuard(allowsPrivate: true)

  private func repository(_ text: String) throws -> GitRepository {
    let repository = try GitRepository()
    addTeardownBlock { repository.remove() }
    try repository.push(["apps/a.yaml": text])
    return repository
  }

  private func propose(_ repository: GitRepository, id: String, _ more: ObjectMap) async throws -> Value {
    var arguments: Value = [
      "url": .string(repository.url), "branch": "main", "path": "apps", "into": "changes", "id": .string(id),
      "date": 1_760_000_000,
      "objectKind": "Project", "objectName": "one", "objectTenant": "root", "requestedBy": "user:ada@example.com",
    ]
    for (key, value) in more { arguments[key] = value }
    let home = repository.folder.appendingPathComponent("home").path
    try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
    return try await GitProposal(arguments).run(
      directory: repository.folder.appendingPathComponent("copy-\(UUID().uuidString)").path, home: home, targets: targets)
  }

  private func title(_ title: String) -> ObjectMap { ["changes": [["path": ["title"], "value": .string(title)]]] }

  private func reason(_ work: () async throws -> Value) async -> GitFault.Reason? {
    do {
      _ = try await work()
      return nil
    } catch { return (error as? GitFault)?.reason }
  }

  func testAProposalThatIsTriedAgainFindsItsCommit() async throws {
    let repository = try repository(GitRepository.project("one"))
    let first = try await propose(repository, id: "p-1", title("Two"))
    XCTAssertEqual(first["existed"], false)
    let again = try await propose(repository, id: "p-1", title("Two"))
    XCTAssertEqual(again["existed"], true)
    XCTAssertEqual(again["commit"], first["commit"])
    // Merged and its branch deleted, it is still found.
    _ = try GitRepository.run(["git", "-C", repository.bare.path, "update-ref", "refs/heads/main", "refs/heads/changes"])
    _ = try GitRepository.run(["git", "-C", repository.bare.path, "branch", "-D", "changes"])
    let merged = try await propose(repository, id: "p-1", title("Two"))
    XCTAssertEqual(merged["commit"], first["commit"])
    let next = try await propose(repository, id: "p-2", title("Three"))
    XCTAssertEqual(next["existed"], false)
    XCTAssertEqual(try GitRepository.run(["git", "-C", repository.bare.path, "rev-list", "--count", "main..changes"]), "1")
  }

  func testTheSameProposalMakesTheSameCommit() async throws {
    let repository = try repository(GitRepository.project("one"))
    let first = try await propose(repository, id: "p-1", title("Two"))
    _ = try GitRepository.run(["git", "-C", repository.bare.path, "branch", "-D", "changes"])
    let again = try await propose(repository, id: "p-1", title("Two"))
    XCTAssertEqual(again["commit"], first["commit"], "time and content are the proposal's")
  }

  func testItGoesOnAfterWhatOthersPushedToTheBranch() async throws {
    let repository = try repository(GitRepository.project("one"))
    _ = try await propose(repository, id: "p-1", title("Two"))
    try repository.git("fetch", "-q", "origin", "changes")
    try repository.git("checkout", "-q", "FETCH_HEAD")
    try repository.write("apps/note.md", "a reviewer's commit")
    try repository.git("add", "-A")
    try repository.git("commit", "-q", "-m", "note")
    try repository.git("push", "-q", "origin", "HEAD:changes")
    let next = try await propose(repository, id: "p-2", ["changes": [["path": ["description"], "value": "More"]]])
    let files = try GitRepository.run([
      "git", "-C", repository.bare.path, "ls-tree", "-r", "--name-only", next["commit"].string ?? "",
    ])
    XCTAssertTrue(files.contains("note.md"), files)
    XCTAssertEqual(try GitRepository.run(["git", "-C", repository.bare.path, "rev-list", "--count", "main..changes"]), "3")
  }

  func testProposalsStraightToTheBranchThatIsFollowed() async throws {
    let repository = try repository(GitRepository.project("one"))
    var arguments = title("Two")
    arguments["into"] = "main"
    _ = try await propose(repository, id: "p-1", arguments)
    XCTAssertTrue(try GitRepository.run(["git", "-C", repository.bare.path, "show", "main:apps/a.yaml"]).contains("title: Two"))
  }

  func testWhatCannotBeEditedSafelyIsRefusedInPlainWords() async throws {
    let text = "apiVersion: deploy/v1\nkind: Project\nmetadata: {name: one}\nspec: {title: &same One, description: *same}\n"
    let repository = try repository(text)
    let anchored = await reason { try await propose(repository, id: "p-1", self.title("Two")) }
    XCTAssertEqual(anchored, .editRefused)
    let missing = await reason { try await propose(repository, id: "p-1", ["objectName": "two", "changes": []]) }
    XCTAssertEqual(missing, .editRefused)
    let bad = await reason { try await propose(repository, id: "p-1", ["into": "--mirror"]) }
    XCTAssertEqual(bad, .refMissing)
    XCTAssertEqual(try GitRepository.run(["git", "-C", repository.bare.path, "branch", "--list", "changes"]), "")
  }
}
