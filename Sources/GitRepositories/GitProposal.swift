// A proposal made true: one commit on the branch for proposals that changes a manifest in place, pushed once.
import CLinux
import Core
import Documents
import Foundation
import OutgoingHTTP

/// Arguments of step `propose`: the source's repository and login, `into` (branch), the object, its changes `[{path, value, remove}]`
/// or `delete`, `id` and `date` (seconds) of the proposal, `requestedBy`, `author`. Reply `{commit, branch, file, existed}`.
struct GitProposal: Sendable {
  /// Commits of each branch that are looked at for an earlier push.
  static let depth = 50
  static let time = Duration.seconds(14)
  static let trailer = "Plumb-Proposal"
  private static let remoteInto = "refs/plumb/into"

  let arguments: Value
  let look: GitLook

  init(_ arguments: Value) {
    self.arguments = arguments
    look = GitLook(arguments)
  }

  private var id: String { arguments["id"].string ?? "" }
  private var into: String { arguments["into"].string ?? "plumb/proposals" }

  func run(directory: String, home: String, targets: TargetGuard) async throws(GitFault) -> Value {
    let deadline = ContinuousClock.now.advanced(by: Self.time)
    guard look.reference.isSound, GitReference(branch: into, tag: nil).isSound else {
      throw GitFault(.refMissing, "This is no name of a branch.")
    }
    let remote = try GitRemote(look.url, allowsPrivate: targets.allowsPrivate)
    let access = try await GitAccess(remote, login: look.login, targets: targets, home: home, until: deadline)
    defer {
      withExtendedLifetime(access) {}
      try? FileManager.default.removeItem(atPath: directory)
    }
    let mirror = GitMirror(
      directory: directory,
      git: try GitProgram(access: access, directory: nil, deadline: deadline, fileLimit: look.limits.repositoryBytes))
    // A folder of its own: nothing of an earlier attempt is believed.
    try? FileManager.default.removeItem(atPath: directory)
    try await mirror.prepare(url: remote.text)
    let (tip, existing) = try await fetch(mirror, remote)
    for place in Set([existing ?? tip, tip]) {
      if let commit = try await earlier(mirror, place) { return reply(commit, file: nil, existed: true) }
    }
    let base = try await start(mirror, tip: tip, existing: existing)
    let (file, text) = try await edited(mirror, base)
    guard let text else { return reply(base, file: file, existed: true) }
    let commit = try await self.commit(mirror, base, file: file, text: text)
    let result = try await mirror.git.attempt(["push", "-q", "--no-verify", "--", remote.text, "\(commit):refs/heads/\(into)"])
    guard result.status == 0 else {
      let said = String(decoding: result.err, as: UTF8.self)
      if said.contains("non-fast-forward") || said.contains("fetch first") || said.contains("stale info")
        || said.contains("cannot lock ref")
      {
        throw GitFault(.pushRejected, "Somebody else pushed to \(into) at the same time.")
      }
      if said.contains("[remote rejected]") || said.contains("pre-receive hook declined") || said.contains("protected branch") {
        throw GitFault(.authenticationFailed, "\(remote.place) does not let this credential push to \(into).")
      }
      throw mirror.git.fault(result)
    }
    return reply(commit, file: file, existed: false)
  }

  private func reply(_ commit: String, file: String?, existed: Bool) -> Value {
    ["commit": .string(commit), "branch": .string(into), "file": Value(file), "existed": .bool(existed)]
  }

  /// The tips of what is followed and of the branch for proposals, if it exists.
  private func fetch(_ mirror: GitMirror, _ remote: GitRemote) async throws(GitFault) -> (tip: String, existing: String?) {
    let (name, _, there) = try await mirror.advertised(remote, look.reference, beside: into)
    let isSame = name == "refs/heads/\(into)"
    var words = [
      "fetch", "-q", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--force", "--depth=\(Self.depth)", "--",
      remote.text, "+\(name):\(GitMirror.head)",
    ]
    if there != nil, !isSame { words.append("+refs/heads/\(into):\(Self.remoteInto)") }
    try await mirror.git.run(words)
    let tip = try await mirror.commit()
    if isSame { return (tip, tip) }
    guard there != nil else { return (tip, nil) }
    return (tip, try await mirror.git.text(["rev-parse", "-q", "--verify", "\(Self.remoteInto)^{commit}"]))
  }

  /// The commit that an earlier attempt pushed.
  private func earlier(_ mirror: GitMirror, _ tip: String) async throws(GitFault) -> String? {
    let found = try await mirror.git.text([
      "log", "--format=%H", "--fixed-strings", "--grep=\(Self.trailer): \(id)", "-n", "1", tip,
    ])
    return found.isEmpty ? nil : found
  }

  /// Where the commit goes on: the branch for proposals while it holds what is not followed yet, else what is followed.
  private func start(_ mirror: GitMirror, tip: String, existing: String?) async throws(GitFault) -> String {
    guard let existing, existing != tip else { return tip }
    return try await mirror.follows(tip, existing) == true ? tip : existing
  }

  /// The manifest's file and its new text: empty when the file is to go, nil when there is nothing to change.
  private func edited(_ mirror: GitMirror, _ base: String) async throws(GitFault) -> (file: String, text: [UInt8]?) {
    let files = try await GitTree(git: mirror.git, limits: look.limits).files(commit: base, folder: look.folder)
    let isGone = arguments["delete"] == true
    let name = Array((arguments["objectName"].string ?? "").utf8)
    for file in files where Self.holds(file.bytes, name) {
      guard let document = document(file) else { continue }
      if isGone { return (file.name, YAMLEditor.remove(file.bytes, document: document.range)) }
      var value = document.node?.value ?? .null
      for change in arguments["changes"].list ?? [] {
        let path = ["spec"] + (change["path"].list ?? []).compactMap(\.string)
        Self.put(change["remove"] == true ? nil : change["value"], at: path[...], in: &value)
      }
      do {
        let text = try YAMLEditor.edit(file.bytes, document: document.range, to: value, isJSON: file.name.hasSuffix(".json"))
        return (file.name, text == file.bytes ? nil : text)
      } catch {
        throw GitFault(.editRefused, "\(file.name) cannot be changed in place: \(error.message). Change it by hand.")
      }
    }
    if isGone { return ("", nil) }
    throw GitFault(
      .editRefused, "No manifest of \(arguments["objectKind"].string ?? "")/\(arguments["objectName"].string ?? "") was found.")
  }

  private static func holds(_ bytes: [UInt8], _ name: [UInt8]) -> Bool {
    guard !name.isEmpty, bytes.count >= name.count else { return false }
    return bytes.withUnsafeBytes { whole in
      name.withUnsafeBytes { memmem(whole.baseAddress!, whole.count, $0.baseAddress!, $0.count) != nil }
    }
  }

  private func document(_ file: (name: String, bytes: [UInt8])) -> DocumentText? {
    YAMLReader.documents(file.bytes, file: file.name).documents.first { document in
      guard let node = document.node else { return false }
      let tenant = node["metadata"]?["tenant"]?.string
      return node["kind"]?.string == arguments["objectKind"].string
        && node["metadata"]?["name"]?.string == arguments["objectName"].string
        && (tenant == nil || tenant == arguments["objectTenant"].string)
    }
  }

  /// Sets or takes out a member, with the maps on its way; a map that becomes empty goes too.
  static func put(_ value: Value?, at path: ArraySlice<String>, in container: inout Value) {
    guard let head = path.first else { return }
    var map = container.object ?? ObjectMap()
    if path.count == 1 {
      map[head] = value
    } else {
      var inner = map[head] ?? .null
      put(value, at: path.dropFirst(), in: &inner)
      map[head] = value == nil && inner.object?.isEmpty == true && path.startIndex > 0 ? nil : inner
    }
    container = .object(map)
  }

  /// A commit that is the same however often it is made: its time is the proposal's.
  private func commit(_ mirror: GitMirror, _ base: String, file: String, text: [UInt8]) async throws(GitFault) -> String {
    let index = ["GIT_INDEX_FILE": "\(mirror.directory)/plumb-index"]
    try await mirror.git.run(["read-tree", base], variables: index)
    if text.isEmpty {
      try await mirror.git.run(["update-index", "--force-remove", "--", file], variables: index)
    } else {
      let listed = String(decoding: try await mirror.git.run(["ls-files", "-s", "--", file], variables: index), as: UTF8.self)
      let mode = listed.split(separator: " ").first.map(String.init) ?? "100644"
      guard mode.hasPrefix("100") else { throw GitFault(.editRefused, "\(file) is a link. Change what it leads to by hand.") }
      let blob = String(decoding: try await mirror.git.run(["hash-object", "-w", "--stdin"], input: text), as: UTF8.self)
        .trimmingCharacters(in: .whitespacesAndNewlines)
      try await mirror.git.run(["update-index", "--cacheinfo", "\(mode),\(blob),\(file)"], variables: index)
    }
    let tree = String(decoding: try await mirror.git.run(["write-tree"], variables: index), as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines)
    let result = try await mirror.git.run(
      ["commit-tree", tree, "-p", base, "-F", "-"], input: Array(message(file).utf8), variables: identity)
    return String(decoding: result, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private var identity: [String: String] {
    let author = arguments["author"].string ?? "Plumb <plumb@localhost>"
    let parts = author.split(separator: "<", maxSplits: 1).map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " >")) }
    let name = parts.first.flatMap { $0.isEmpty ? nil : $0 } ?? "Plumb"
    let mail = parts.count > 1 ? parts[1] : "plumb@localhost"
    let date = "@\(arguments["date"].int ?? 0) +0000"
    return [
      "GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": mail, "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_NAME": "Plumb",
      "GIT_COMMITTER_EMAIL": "plumb@localhost", "GIT_COMMITTER_DATE": date,
    ]
  }

  private func message(_ file: String) -> String {
    let object = "\(arguments["objectKind"].string ?? "")/\(arguments["objectName"].string ?? "")"
    let fields = (arguments["changes"].list ?? []).map { ($0["path"].list ?? []).compactMap(\.string).joined(separator: ".") }
    let what =
      arguments["delete"] == true ? "Delete \(object)" : "Change \(fields.prefix(3).joined(separator: ", ")) of \(object)"
    let who = GitFault.clean(arguments["requestedBy"].string ?? "unknown", hiding: [])
    return "\(what)\n\nAsked for by \(who) through the API of Plumb.\n\n\(Self.trailer): \(id)\n"
  }
}
