// Signatures and credentials: keys made here, git's own checks, and a server over HTTP that wants a token.
import Core
import Foundation
import HTTPServer
import TestSupport
import XCTest

final class GitTrustTests: GitTestCase {
  /// An ssh key pair; its private file and its public line.
  private func key(_ repository: GitRepository, _ name: String) throws -> (path: String, line: String) {
    let path = repository.folder.appendingPathComponent(name).path
    _ = try GitRepository.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path])
    return (path, try String(contentsOfFile: path + ".pub", encoding: .utf8).trimmingCharacters(in: .newlines))
  }

  private func signing(_ path: String) -> [String] { ["-c", "gpg.format=ssh", "-c", "user.signingkey=\(path)"] }

  func testOnlyCommitsSignedByATrustedKeyAreApplied() throws {
    let repository = try GitRepository()
    defer { repository.remove() }
    let (ada, eve) = (try key(repository, "ada"), try key(repository, "eve"))
    let good = try repository.push(["a.yaml": GitRepository.project("signed")], settings: signing(ada.path), sign: true)
    try source("signed", repository, "  verify:\n    sshSigners: |\n      ada@example.com \(ada.line)\n")
    let source = try until("GitSource", "signed") { $0["ready"] == true }
    expect(source, "Applied", in: good)
    XCTAssertEqual(source["status"]["signedBy"], "ada@example.com")
    XCTAssertEqual(Self.condition(source, "Verified")["status"], "True")
    try repository.push(["a.yaml": GitRepository.project("signed", title: "Unsigned")])
    let unsigned = try sync("signed")
    expect(unsigned, "SignatureInvalid", in: good)
    XCTAssertEqual(Self.condition(unsigned, "Verified")["status"], "False")
    try repository.push(["a.yaml": GitRepository.project("signed", title: "Eve")], settings: signing(eve.path), sign: true)
    expect(try sync("signed"), "SignatureInvalid", in: good)
    XCTAssertEqual(try get("Project", "signed")["spec"]["title"], "One")
    let next = try repository.push(
      ["a.yaml": GitRepository.project("signed", title: "Two")], settings: signing(ada.path), sign: true)
    expect(try sync("signed"), "Applied", in: next)
  }

  func testGPGSignaturesAreCheckedToo() throws {
    let repository = try GitRepository()
    defer { repository.remove() }
    let home = "/tmp/plumb-gpg-\(UInt32.random(in: 0...UInt32.max))"
    try FileManager.default.createDirectory(
      atPath: home, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer {
      _ = try? GitRepository.run(["gpgconf", "--homedir", home, "--kill", "all"])
      try? FileManager.default.removeItem(atPath: home)
    }
    _ = try GitRepository.run([
      "gpg", "--homedir", home, "--batch", "--passphrase", "", "--quick-gen-key", "Ada <ada@example.com>", "ed25519", "sign",
      "1d",
    ])
    let keys = try GitRepository.run(["gpg", "--homedir", home, "--export", "--armor"])
    try repository.write("a.yaml", GitRepository.project("gpg-signed"))
    try repository.git("add", "-A")
    _ = try GitRepository.run(
      [
        "git", "-C", repository.work.path, "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "-q", "-S", "-m",
        "one",
      ],
      environment: ["GNUPGHOME": home])
    try repository.git("push", "-q", "origin", "HEAD:main")
    let good = try repository.git("rev-parse", "HEAD")
    let indented = keys.split(separator: "\n", omittingEmptySubsequences: false).map { "      \($0)" }.joined(separator: "\n")
    try source("gpg-signed", repository, "  verify:\n    gpgKeys: |\n\(indented)\n")
    expect(try until("GitSource", "gpg-signed") { $0["ready"] == true }, "Applied", in: good)
    try repository.push(["a.yaml": GitRepository.project("gpg-signed", title: "Two")])
    expect(try sync("gpg-signed"), "SignatureInvalid", in: good)
  }

  func testATokenIsSentToTheServerAndShownNowhere() throws {
    let repository = try GitRepository()
    defer { repository.remove() }
    let good = try repository.push(["a.yaml": GitRepository.project("private")])
    let token = "hunter2-\(UUID().uuidString)"
    let web = try GitWebServer(root: repository.folder, token: token)
    defer { web.stop() }
    let url = "http://127.0.0.1:\(web.port)/repository.git"
    func state(_ secret: String) throws {
      let text =
        "apiVersion: platform/v1\nkind: GitCredential\nmetadata: {name: private}\nspec: {token: {env: TOKEN}}\n---\n"
        + "apiVersion: platform/v1\nkind: GitSource\nmetadata: {name: private}\nspec: {url: \"\(url)\", branch: main, interval: 1h, credential: private}\n"
      let answer = try call(
        "POST", "/plumb/v1/apply",
        [
          "set": "private", "files": [["name": "p.yaml", "text": .string(text)]],
          "secrets": ["p.yaml#0#/spec/token": .string(secret)],
        ])
      XCTAssertEqual(answer.status, 200, answer.description)
    }
    try state("wrong-\(token)")
    let refused = try until("GitSource", "private") { Self.condition($0, "Ready")["reason"] == "AuthenticationFailed" }
    XCTAssertFalse(JSON.text(refused).contains(token))
    try state(token)
    expect(try sync("private"), "Applied", in: good)
    let shown =
      try call("GET", "/plumb/v1/objects/GitCredential/private").description + call("GET", "/plumb/v1/events").description
    XCTAssertFalse(shown.contains(token))
    XCTAssertFalse(try server().log.contains(token))
    web.stop()
    expect(try sync("private"), "Unreachable", in: good)
  }
}
