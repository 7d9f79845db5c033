// The server's own copy of a repository: fetched objects alone, never a work tree. A cache: it may be removed at any time.
import Core
import Foundation
import OutgoingHTTP

/// What of a repository is followed.
public struct GitReference: Sendable, Equatable {
  public var branch: String?
  public var tag: String?
  public init(branch: String?, tag: String?) {
    self.branch = branch
    self.tag = tag
  }

  /// The full name at the remote; nil: its HEAD.
  var full: String? { tag.map { "refs/tags/\($0)" } ?? branch.map { "refs/heads/\($0)" } }

  /// Whether git would take it for a name: no options, no patterns, nothing that climbs.
  var isSound: Bool {
    guard let name = tag ?? branch else { return true }
    let banned = " ~^:?*[\\\u{7f}"
    return !name.hasPrefix("-") && !name.hasPrefix("/") && !name.hasSuffix("/") && !name.hasSuffix(".")
      && !name.hasSuffix(".lock")
      && !name.contains("..") && !name.contains("@{") && !name.contains("//")
      && !name.unicodeScalars.contains { $0.value < 32 || banned.unicodeScalars.contains($0) }
      && !name.split(separator: "/").contains { $0.hasPrefix(".") || $0.hasSuffix(".lock") }
  }
}

struct GitMirror {
  /// Where the fetched tip stands.
  static let head = "refs/plumb/head"
  /// Packs after which they are put into one.
  static let packLimit = 40

  let directory: String
  /// With the mirror as its repository.
  let git: GitProgram

  init(directory: String, git: GitProgram) {
    self.directory = directory
    var git = git
    git.directory = directory
    self.git = git
  }

  /// Makes the folder, or empties it when it is another repository's or not sound.
  func prepare(url: String) async throws(GitFault) {
    let mark = directory + "/plumb-url"
    if (try? String(contentsOfFile: mark, encoding: .utf8)) == url { return }
    try? FileManager.default.removeItem(atPath: directory)
    do {
      try FileManager.default.createDirectory(
        atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch { throw GitFault(.failed, "The folder for repositories cannot be made: \(error.localizedDescription)") }
    try await git.run(["init", "-q", "--bare", "--template=", directory])
    guard FileManager.default.createFile(atPath: mark, contents: Data(url.utf8), attributes: [.posixPermissions: 0o600]) else {
      throw GitFault(.failed, "The folder for repositories cannot be written.")
    }
  }

  /// The full name of what the reference follows at the remote, its object, and the object of another branch when that is asked for
  /// and there: one question.
  func advertised(_ remote: GitRemote, _ reference: GitReference, beside branch: String? = nil) async throws(GitFault)
    -> (name: String, object: String, beside: String?)
  {
    let wanted = reference.full ?? "HEAD"
    let other = branch.map { "refs/heads/\($0)" }
    let text = try await git.text(["ls-remote", "--symref", "--", remote.text, wanted] + (other.map { [$0] } ?? []))
    var target: String?
    var found: [String: String] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split(whereSeparator: { $0 == "\t" || $0 == " " }).map(String.init)
      if words.count == 3, words[0] == "ref:", words[2] == "HEAD" { target = words[1] }
      if words.count == 2, Self.isHash(words[0]) { found[words[1]] = words[0] }
    }
    if let object = found[wanted] { return (target ?? wanted, object, other.flatMap { found[$0] }) }
    if reference.full == nil {
      throw GitFault(.repositoryEmpty, "The repository holds no commit, or its default branch does not exist: state a branch.")
    }
    let what = reference.tag.map { "tag \($0)" } ?? "branch \(reference.branch ?? "")"
    throw GitFault(.refMissing, "The repository has no \(what).")
  }

  static func isHash(_ text: String) -> Bool {
    (text.utf8.count == 40 || text.utf8.count == 64) && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
  }

  func has(_ object: String) async throws(GitFault) -> Bool {
    try await git.attempt(["cat-file", "-e", "\(object)^{commit}"]).status == 0
  }

  /// Brings the tip here: alone at first, then with all commits since what is here.
  func fetch(_ remote: GitRemote, _ name: String, whole: Bool) async throws(GitFault) {
    var words = ["fetch", "-q", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--force"]
    let isShallow = FileManager.default.fileExists(atPath: directory + "/shallow")
    let isNew = try await git.attempt(["rev-parse", "-q", "--verify", Self.head]).status != 0
    if whole, isShallow { words.append("--unshallow") } else if isNew, !whole { words.append("--depth=1") }
    try await git.run(words + ["--", remote.text, "+\(name):\(Self.head)"])
  }

  func commit() async throws(GitFault) -> String {
    let hash = try await git.text(["rev-parse", "-q", "--verify", "\(Self.head)^{commit}"])
    guard Self.isHash(hash) else { throw GitFault(.refMissing, "What is followed is no commit.") }
    return hash
  }

  /// Whether `new` comes after `old`; nil when the mirror does not have both.
  func follows(_ new: String, _ old: String) async throws(GitFault) -> Bool? {
    let result = try await git.attempt(["merge-base", "--is-ancestor", old, new])
    return result.status == 0 ? true : result.status == 1 ? false : nil
  }

  /// Bytes on disk.
  var size: Int {
    guard let walk = FileManager.default.enumerator(atPath: directory) else { return 0 }
    var total = 0
    for case let name as String in walk {
      total += ((try? FileManager.default.attributesOfItem(atPath: "\(directory)/\(name)"))?[.size] as? Int) ?? 0
    }
    return total
  }

  /// Puts many packs into one. A failure does not matter.
  func tidy() async {
    let packs = (try? FileManager.default.contentsOfDirectory(atPath: directory + "/objects/pack")) ?? []
    if packs.filter({ $0.hasSuffix(".pack") }).count > Self.packLimit {
      _ = try? await git.attempt(["repack", "-a", "-d", "-q"])
    }
  }
}
