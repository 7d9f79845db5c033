// Git over ssh, against a real sshd: a key lets in, a host that cannot prove itself is not talked to, and nothing shows the key.
import Core
import Foundation
import TestSupport
import XCTest

final class GitSSHTests: GitTestCase {
  /// States a credential and a source that uses it; `known`: text of knownHosts.
  private func state(_ name: String, _ url: String, key: String, known: String, more: String = "") throws {
    let text =
      "apiVersion: platform/v1\nkind: GitCredential\nmetadata: {name: \(name)}\n"
      + "spec: {sshKey: {env: KEY}, knownHosts: \"\(known)\"}\n---\n"
      + "apiVersion: platform/v1\nkind: GitSource\nmetadata: {name: \(name)}\nspec:\n  url: \(url)\n  branch: main\n"
      + "  interval: 1h\n  credential: \(name)\n\(more)"
    let answer = try call(
      "POST", "/plumb/v1/apply",
      [
        "set": .string("ssh-\(name)"), "files": [["name": "s.yaml", "text": .string(text)]],
        "secrets": ["s.yaml#0#/spec/sshKey": .string(key)],
      ])
    XCTAssertEqual(answer.status, 200, answer.description)
  }

  func testAKeyLetsInAndOnlyAKnownHostIsTalkedTo() throws {
    let repository = try GitRepository()
    defer { repository.remove() }
    let good = try repository.push(["a.yaml": GitRepository.project("over-ssh")])
    let (ours, theirs) = (try SSHServer.key(repository.folder, "ours"), try SSHServer.key(repository.folder, "theirs"))
    let server = try SSHServer(authorized: [ours.line])
    defer { server.stop() }
    let url = server.url(repository)

    // No host is known, then another one than this: no key is offered to it.
    try apply(
      "apiVersion: platform/v1\nkind: GitSource\nmetadata: {name: no-hosts}\nspec: {url: \"\(url)\", branch: main, interval: 1h}\n",
      set: "ssh-no-hosts")
    try until("GitSource", "no-hosts") { Self.condition($0, "Ready")["reason"] == "HostKeyUnknown" }
    let impostor = "[127.0.0.1]:\(server.port) \(theirs.line)"
    try state("over-ssh", url, key: ours.secret, known: impostor)
    expect(try sync("over-ssh"), "HostKeyUnknown", in: nil)
    // The host is known, the key is not; or there is none.
    try state("over-ssh", url, key: theirs.secret, known: server.knownHost)
    expect(try sync("over-ssh"), "AuthenticationFailed", in: nil)
    XCTAssertEqual(try call("GET", "/plumb/v1/objects/Project/over-ssh").status, 404)

    try state("over-ssh", url, key: ours.secret, known: server.knownHost)
    expect(try sync("over-ssh"), "Applied", in: good)
    let second = try repository.push(["a.yaml": GitRepository.project("over-ssh", title: "Two")])
    expect(try sync("over-ssh"), "Applied", in: second)
    XCTAssertEqual(try get("Project", "over-ssh")["spec"]["title"], "Two")

    // The host's key changes under a source that worked: what was applied stays.
    try state("over-ssh", url, key: ours.secret, known: impostor)
    try repository.push(["a.yaml": GitRepository.project("over-ssh", title: "Three")])
    expect(try sync("over-ssh"), "HostKeyUnknown", in: second)
    XCTAssertEqual(try get("Project", "over-ssh")["spec"]["title"], "Two")

    let inner = ours.secret.split(separator: "\n").dropFirst().first.map(String.init) ?? ""
    XCTAssertGreaterThan(inner.count, 40)
    for place in [
      "objects/GitCredential/over-ssh", "objects/GitSource/over-ssh", "events", "objects/GitCredential/over-ssh/history",
    ] {
      XCTAssertFalse(try call("GET", "/plumb/v1/\(place)").description.contains(inner), place)
    }
    XCTAssertFalse(try self.server().log.contains(inner))
    server.stop()
    try state("over-ssh", url, key: ours.secret, known: server.knownHost)
    expect(try sync("over-ssh"), "Unreachable", in: second)
  }

  func testAProposalIsPushedOverSSH() throws {
    let repository = try GitRepository()
    defer { repository.remove() }
    let base = try repository.push(["a.yaml": "# kept\n" + GitRepository.project("ssh-proposed")])
    let key = try SSHServer.key(repository.folder, "ours")
    let server = try SSHServer(authorized: [key.line])
    defer { server.stop() }
    try state(
      "ssh-proposed", server.url(repository), key: key.secret, known: server.knownHost, more: "  writeBack: {mode: propose}\n")
    expect(try until("GitSource", "ssh-proposed") { $0["ready"] == true }, "Applied", in: base)
    let uid = try get("Project", "ssh-proposed")["metadata"]["uid"].string ?? ""
    let answer = try call("PATCH", "/deploy/api/projects/\(uid)", ["name": "Two"])
    XCTAssertEqual(answer.status, 202, answer.description)
    let id = answer.headers.first { $0.0.lowercased() == "plumb-proposal" }?.1 ?? ""
    let done = try until("GitProposal", id) {
      $0["status"]["finished"] == true || ["Succeeded", "Failed"].contains($0["status"]["phase"])
    }
    XCTAssertEqual(done["status"]["phase"], "Succeeded", JSON.text(done["status"]))
    let text = try GitRepository.run(["git", "-C", repository.bare.path, "show", "plumb/ssh-proposed:a.yaml"])
    XCTAssertEqual(text, ("# kept\n" + GitRepository.project("ssh-proposed", title: "Two")).trimmingCharacters(in: .newlines))
  }
}
