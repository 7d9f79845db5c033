// What a repository may cost, and where it may be: sizes, time, and networks that tenants must not reach.
import Core
import Foundation
import OutgoingHTTP
import TestSupport
import XCTest

@testable import GitRepositories

final class GitLimitTests: XCTestCase {
  private func look(_ repository: GitRepository, url: String? = nil, _ more: ObjectMap = [:], allowsPrivate: Bool = true) async
    -> Result<Value, GitFault>
  {
    var arguments: Value = ["key": "k", "url": .string(url ?? repository.url), "branch": "main", "path": ".", "timeout": 30]
    for (key, value) in more { arguments[key] = value }
    let home = repository.folder.appendingPathComponent("home").path
    try? FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
    do throws(GitFault) {
      return .success(
        try await GitLook(arguments).run(
          directory: repository.folder.appendingPathComponent("copy").path, home: home,
          targets: TargetGuard(allowsPrivate: allowsPrivate, resolver: OneAddress())))
    } catch { return .failure(error) }
  }

  /// Every name is this machine.
  private struct OneAddress: HostResolver {
    func addresses(of host: String) async -> [String] { ["127.0.0.1"] }
  }

  private func reason(_ result: Result<Value, GitFault>) -> GitFault.Reason? {
    if case .failure(let fault) = result { fault.reason } else { nil }
  }

  func testARepositoryThatIsTooLargeIsCutOffWhileItIsFetched() async throws {
    let repository = try GitRepository()
    defer { repository.remove() }
    try repository.write("a.yaml", GitRepository.project("one"))
    var random = SystemRandomNumberGenerator()
    let noise = (0..<(400 << 10)).map { _ in String(random.next(), radix: 36) }.joined()
    try repository.push(["noise.bin": noise])
    let small = await look(repository, ["limits": ["repositoryMB": 1]])
    XCTAssertEqual(reason(small), .tooLarge)
    let large = await look(repository, ["limits": ["repositoryMB": 64]])
    XCTAssertNil(reason(large))
  }

  func testAServerThatNeverAnswersIsGivenUp() async throws {
    let repository = try GitRepository()
    defer { repository.remove() }
    let (silent, port) = try CaseSocket.listen()
    defer { close(silent.descriptor) }
    let result = await look(repository, url: "http://127.0.0.1:\(port)/x.git", ["timeout": 1])
    XCTAssertEqual(reason(result), .timeout)
  }

  func testPrivateTargetsAreRefusedBeforeAnythingIsCalled() async throws {
    let repository = try GitRepository()
    defer { repository.remove() }
    try repository.push(["a.yaml": GitRepository.project("one")])
    for url in [
      "https://127.0.0.1/x.git", "https://inside.example.com/x.git", "git@inside.example.com:x/y.git", repository.url,
      "file://\(repository.url)",
    ] {
      let result = await look(repository, url: url, allowsPrivate: false)
      XCTAssertEqual(reason(result), .targetRefused, url)
    }
  }

  func testTheCommitInForceIsFoundAgainByACopyThatNeverSawIt() async throws {
    let repository = try GitRepository()
    defer { repository.remove() }
    let first = try repository.push(["a.yaml": GitRepository.project("one")])
    for n in 1...3 { try repository.push(["a.yaml": GitRepository.project("one", title: "T\(n)")]) }
    let result = await look(repository, ["applied": .string(first)])
    XCTAssertEqual(try result.get()["rewritten"], false)
    let stranger = await look(repository, ["applied": .string(String(repeating: "a", count: 40))])
    XCTAssertEqual(try stranger.get()["rewritten"], true)
  }

  func testATagIsFollowedAndASignedOneIsEnough() async throws {
    let repository = try GitRepository()
    defer { repository.remove() }
    let commit = try repository.push(["a.yaml": GitRepository.project("one")])
    let key = repository.folder.appendingPathComponent("ada").path
    _ = try GitRepository.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ada", "-f", key])
    let line = try String(contentsOfFile: key + ".pub", encoding: .utf8)
    try repository.git("tag", "-s", "v1", "-m", "one", settings: ["-c", "gpg.format=ssh", "-c", "user.signingkey=\(key)"])
    try repository.git("push", "-q", "origin", "v1")
    let signed = await look(
      repository, ["branch": .null, "tag": "v1", "verify": ["sshSigners": .string("ada@example.com \(line)")]])
    XCTAssertEqual(try signed.get()["commit"].string, commit)
    XCTAssertEqual(try signed.get()["signedBy"], "ada@example.com")
    let unsigned = await look(repository, ["verify": ["sshSigners": .string("ada@example.com \(line)")]])
    XCTAssertEqual(reason(unsigned), .signatureInvalid)
    let none = await look(repository, ["branch": .null, "tag": "v2"])
    XCTAssertEqual(reason(none), .refMissing)
  }
}
