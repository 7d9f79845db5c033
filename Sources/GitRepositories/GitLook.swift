// One look at a repository: which commit is there now, whether it may be trusted, and whether its folder can be read.
import Core
import Foundation
import OutgoingHTTP

/// What a source asks of a look. Two looks with the same key ask the same.
struct GitLook: Sendable {
  var key: String
  var url: String
  var reference: GitReference
  var folder: String
  var timeout: Duration
  var login: GitLogin
  var verify: Value
  var limits: GitLimits
  /// The commit in force.
  var applied: String?

  init(_ value: Value) {
    key = value["key"].string ?? ""
    url = value["url"].string ?? ""
    reference = GitReference(branch: value["branch"].string, tag: value["tag"].string)
    folder = value["path"].string ?? "."
    timeout = .microseconds(Int((value["timeout"].double ?? 60) * 1e6))
    login = GitLogin(value)
    verify = value["verify"]
    limits = GitLimits(value["limits"])
    applied = value["applied"].string
  }

  /// `{commit, signedBy, rewritten}`.
  func run(directory: String, home: String, targets: TargetGuard) async throws(GitFault) -> Value {
    let deadline = ContinuousClock.now.advanced(by: timeout)
    guard reference.isSound else { throw GitFault(.refMissing, "This is no name of a branch or tag.") }
    let remote = try GitRemote(url, allowsPrivate: targets.allowsPrivate)
    let access = try await GitAccess(remote, login: login, targets: targets, home: home, until: deadline)
    defer { withExtendedLifetime(access) {} }
    let mirror = GitMirror(
      directory: directory,
      git: try GitProgram(access: access, directory: nil, deadline: deadline, fileLimit: limits.repositoryBytes))
    try await mirror.prepare(url: remote.text)
    let (name, object, _) = try await mirror.advertised(remote, reference)
    if try await mirror.git.attempt(["rev-parse", "-q", "--verify", GitMirror.head]).out.starts(with: object.utf8) == false {
      try await mirror.fetch(remote, name, whole: false)
    }
    let commit = try await mirror.commit()
    var rewritten = false
    if let applied, applied != commit {
      var follows = try await mirror.follows(commit, applied)
      if follows == nil, !(try await mirror.has(applied)) {
        // This copy never saw what is in force: with the whole history it can be told.
        try await mirror.fetch(remote, name, whole: true)
        follows = try await mirror.follows(commit, applied)
      }
      rewritten = follows != true
    }
    guard mirror.size <= limits.repositoryBytes + (limits.repositoryBytes >> 1) else {
      try? FileManager.default.removeItem(atPath: directory)
      throw GitFault(.tooLarge, "The repository is larger than its limit of \(limits.repositoryBytes >> 20) MB.")
    }
    var signer: String?
    if let signature = GitSignature(verify) { signer = try await signature.check(commit: commit, git: mirror.git, home: home) }
    await mirror.tidy()
    return ["commit": .string(commit), "rewritten": .bool(rewritten), "signedBy": Value(signer)]
  }
}
