// What can go wrong with a repository, in one word for programs and one sentence for people. Never holds a secret.
import Core

public struct GitFault: Error, Sendable, Equatable {
  public enum Reason: String, Sendable {
    case urlInvalid = "URLInvalid"
    case targetRefused = "TargetRefused"
    case unreachable = "Unreachable"
    case timeout = "Timeout"
    case authenticationFailed = "AuthenticationFailed"
    case hostKeyUnknown = "HostKeyUnknown"
    case certificateInvalid = "CertificateInvalid"
    case repositoryNotFound = "RepositoryNotFound"
    case refMissing = "RefMissing"
    case repositoryEmpty = "RepositoryEmpty"
    case pathMissing = "PathMissing"
    case tooLarge = "TooLarge"
    case fileTooLarge = "FileTooLarge"
    case tooManyFiles = "TooManyFiles"
    case unsafeTree = "UnsafeTree"
    case submodule = "Submodule"
    case largeFileStorage = "LargeFileStorage"
    case signatureInvalid = "SignatureInvalid"
    case commitMissing = "CommitMissing"
    case editRefused = "EditRefused"
    case pushRejected = "PushRejected"
    case programMissing = "ProgramMissing"
    case failed = "GitFailed"
  }

  public var reason: Reason
  public var message: String

  public init(_ reason: Reason, _ message: String) {
    self.reason = reason
    self.message = message
  }

  /// Somebody has to change something before trying again can help.
  public var needsAttention: Bool {
    switch reason {
    case .unreachable, .timeout, .commitMissing, .pushRejected, .failed: false
    default: true
    }
  }

  public var value: Value {
    ["reason": .string(reason.rawValue), "message": .string(message), "attention": .bool(needsAttention)]
  }

  /// What git and ssh said, in our words.
  static func of(standardError: String, host: String, hiding secrets: [String]) -> GitFault {
    let text = standardError.lowercased()
    func says(_ words: String...) -> Bool { words.contains { text.contains($0) } }
    if says("host key verification failed", "no matching host key", "remote host identification has changed") {
      return GitFault(.hostKeyUnknown, "The host key of \(host) is not one of knownHosts.")
    }
    if says("signal 25", "file too large", "exceeds file size limit") {
      return GitFault(.tooLarge, "The repository is larger than its limit.")
    }
    if says("couldn't find remote ref") { return GitFault(.refMissing, "The branch or tag does not exist in the repository.") }
    if says(
      "authentication failed", "could not read username", "could not read password", "permission denied", "access denied",
      "returned error: 401", "returned error: 403", "invalid format", "error in libcrypto", "terminal prompts disabled")
    {
      return GitFault(.authenticationFailed, "\(host) refused the credential, or wants one.")
    }
    if says("ssl certificate", "certificate verification", "server certificate") {
      return GitFault(.certificateInvalid, "The certificate of \(host) is not trusted.")
    }
    if says("operation timed out", "connection timed out", "operation too slow") {
      return GitFault(.timeout, "\(host) did not answer in time.")
    }
    if says(
      "could not resolve", "connection refused", "failed to connect", "couldn't connect", "no route to host",
      "network is unreachable",
      "connection reset", "connection closed", "returned error: 5", "unable to connect")
    {
      return GitFault(.unreachable, "\(host) cannot be reached.")
    }
    if says(
      "not found", "does not appear to be a git repository", "does not exist", "returned error: 404", "not a git repository")
    {
      return GitFault(.repositoryNotFound, "There is no such repository at \(host), or the credential may not see it.")
    }
    if says("unable to update url base from redirection", "redirect") {
      return GitFault(.repositoryNotFound, "\(host) redirects to another address; state that one.")
    }
    // Its indexer was ended by the limit on files; what broke off on the way says so above.
    if says("invalid index-pack output"), !says("early eof", "unexpected disconnect", "hung up") {
      return GitFault(.tooLarge, "The repository is larger than its limit.")
    }
    return GitFault(.failed, "git failed: \(clean(standardError, hiding: secrets))")
  }

  /// One line of at most 300 printable characters, secrets blotted out.
  static func clean(_ text: String, hiding secrets: [String]) -> String {
    var text = text
    for secret in secrets where !secret.isEmpty { text = text.replacing(secret, with: "***") }
    let line = text.split(whereSeparator: \.isNewline).suffix(3).joined(separator: " ")
    let shown = line.unicodeScalars.filter { $0.value >= 32 && $0.value != 127 }
    return String(String.UnicodeScalarView(shown).description.prefix(300))
  }
}
