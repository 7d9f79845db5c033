// Whether a commit, or the tag that names it, is signed by one of the keys that a source trusts: git's own check.
import Core
import Foundation
import OutgoingHTTP

struct GitSignature {
  static let importTime = Duration.seconds(10)

  let sshSigners: String?
  let gpgKeys: String?

  init?(_ value: Value) {
    sshSigners = value["sshSigners"].string
    gpgKeys = value["gpgKeys"].string
    if sshSigners == nil, gpgKeys == nil { return nil }
  }

  /// Who signed. Throws `SignatureInvalid` that says what is wrong.
  func check(commit: String, git: GitProgram, home: String) async throws(GitFault) -> String {
    let signers = try MemoryFile((sshSigners ?? "") + "\n")
    // A keyring of its own for each check: what was trusted once is not trusted for ever.
    let ring = "\(home)/ring-\(UUID().uuidString.prefix(8))"
    guard
      (try? FileManager.default.createDirectory(
        atPath: ring, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])) != nil
    else { throw GitFault(.failed, "No folder for a keyring can be made.") }
    defer { try? FileManager.default.removeItem(atPath: ring) }
    let variables = ["GNUPGHOME": ring]
    if let gpgKeys { try await importKeys(gpgKeys, ring: ring, git: git) }
    let settings = ["-c", "gpg.ssh.allowedSignersFile=\(signers.path)", "-c", "gpg.minTrustLevel=undefined"]
    let isTag = try await git.text(["cat-file", "-t", GitMirror.head]) == "tag"
    if isTag {
      let tag = try await git.attempt(settings + ["verify-tag", "--raw", GitMirror.head], variables: variables)
      if tag.status == 0, let name = Self.signer(tag.err) { return name }
    }
    let result = try await git.attempt(settings + ["verify-commit", "--raw", commit], variables: variables)
    if result.status == 0 { return Self.signer(result.err) ?? "a trusted key" }
    let body = try await git.attempt(["cat-file", "commit", commit])
    let isSigned = String(decoding: body.out.prefix(64 << 10), as: UTF8.self).split(
      separator: "\n", omittingEmptySubsequences: false
    )
    .prefix { !$0.isEmpty }.contains { $0.hasPrefix("gpgsig") }
    throw GitFault(
      .signatureInvalid,
      isSigned
        ? "Commit \(commit.prefix(12)) bears a signature that none of the trusted keys made."
        : "Commit \(commit.prefix(12)) is not signed.")
  }

  private func importKeys(_ keys: String, ring: String, git: GitProgram) async throws(GitFault) {
    guard let gpg = ProgramRunner.find("gpg") else {
      throw GitFault(.programMissing, "The program gpg, which checks these signatures, is not installed where the server runs.")
    }
    let result: ProgramResult
    do {
      result = try await ProgramRunner.run(
        gpg, ["--batch", "--no-autostart", "--no-options", "-q", "--import"],
        environment: ["PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "HOME": ring, "GNUPGHOME": ring],
        input: Array(keys.utf8), timeout: Self.importTime, gate: GitProgram.gate)
    } catch { throw GitFault(.failed, "gpg did not take the public keys in time.") }
    guard result.status == 0 else { throw GitFault(.signatureInvalid, "gpgKeys holds no key that gpg can read.") }
  }

  /// The name behind a good signature, in the words of ssh-keygen or of gpg's status lines.
  static func signer(_ bytes: [UInt8]) -> String? {
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      if let start = line.firstRange(of: "Good \"git\" signature for ") {
        let rest = line[start.upperBound...]
        return String(rest.firstRange(of: " with ").map { rest[..<$0.lowerBound] } ?? rest)
      }
      if line.hasPrefix("[GNUPG:] GOODSIG ") {
        return line.split(separator: " ", maxSplits: 3).last.map { String($0.prefix(200)) }
      }
    }
    return nil
  }
}
