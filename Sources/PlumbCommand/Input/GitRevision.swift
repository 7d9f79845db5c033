// Manifests as they stand in a git revision: read by the git command, without touching the working tree.
import Core
import Foundation
import OutgoingHTTP

enum GitRevision {
  static let time: Duration = .seconds(60)
  static let listBytes = 16 << 20
  private static let endings = [".yaml", ".yml", ".json"]

  /// The manifests that the paths hold at a revision, named as in the working tree. Links are left out. Throws Problems.
  static func read(_ revision: String, paths: [String]) throws -> [SetFile] {
    guard !revision.hasPrefix("-"), !revision.isEmpty else {
      throw Problem(.invalid, code: "revision", "\"\(revision)\" is no revision.", fix: "Write such as main, v1.2 or HEAD~1.")
    }
    guard let git = ProgramRunner.find("git") else {
      throw Problem(
        .unavailable, code: "program_missing", "The program git is not installed.", fix: "Install git, or compare folders.")
    }
    var files: [SetFile] = []
    for path in paths {
      let (folder, inner) = place(path)
      let list = try run(git, folder, ["ls-tree", "-r", "-z", revision, "--", inner], revision)
      var blobs: [(name: String, id: String)] = []
      for entry in list.split(separator: 0) {
        // `100644 blob ID\tpath`, the path below `folder`.
        let parts = String(decoding: entry, as: UTF8.self).split(separator: "\t", maxSplits: 1).map(String.init)
        let facts = parts[0].split(separator: " ")
        guard parts.count == 2, facts.count == 3, facts[1] == "blob", facts[0] != "120000" else { continue }
        let isOne = parts[1] == inner
        guard isOne || endings.contains(where: { parts[1].hasSuffix($0) }) else { continue }
        if parts[1].split(separator: "/").contains(where: { $0.hasPrefix(".") }), !isOne { continue }
        let below = isOne || inner == "." ? (isOne ? "" : parts[1]) : String(parts[1].dropFirst(inner.count + 1))
        blobs.append((below.isEmpty ? path : path.hasSuffix("/") ? path + below : "\(path)/\(below)", String(facts[2])))
      }
      let bytes = try contents(git, folder, blobs.map(\.id), revision)
      files += zip(blobs, bytes).map { SetFile(name: $0.name, bytes: $1) }
    }
    return files.sorted { $0.name < $1.name }
  }

  /// The commit that the paths are at, when one repository holds them all as they were committed; nil otherwise.
  static func commit(of paths: [String]) -> String? {
    guard let git = ProgramRunner.find("git"), !paths.isEmpty, !paths.contains("-") else { return nil }
    var found: Set<String> = []
    for path in paths {
      let (folder, inner) = place(path)
      guard let commit = try? run(git, folder, ["rev-parse", "-q", "--verify", "HEAD"], "HEAD"),
        let changed = try? run(git, folder, ["status", "--porcelain", "--ignored", "--", inner], "HEAD"), changed.isEmpty
      else { return nil }
      found.insert(String(decoding: commit, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
    }
    return found.count == 1 ? found.first : nil
  }

  /// The folder to run git in, and the path below it.
  private static func place(_ path: String) -> (String, String) {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue { return (path, ".") }
    guard let slash = path.lastIndex(of: "/") else { return (".", path) }
    return (String(path[..<slash]), String(path[path.index(after: slash)...]))
  }

  /// All blobs by one process: `ID blob SIZE\n`, then the bytes and a newline, for each.
  private static func contents(_ git: String, _ folder: String, _ ids: [String], _ revision: String) throws -> [[UInt8]] {
    if ids.isEmpty { return [] }
    let out = try run(
      git, folder, ["cat-file", "--batch"], revision, input: Array((ids.joined(separator: "\n") + "\n").utf8),
      limit: SetFiles.totalBytes)
    var at = 0
    var found: [[UInt8]] = []
    for _ in ids {
      guard let end = out[at...].firstIndex(of: 10),
        let size = String(decoding: out[at..<end], as: UTF8.self).split(separator: " ").last.flatMap({ Int($0) }),
        end + 1 + size < out.count
      else { throw Problem(.failure, code: "git", "git gave an answer that cannot be read.") }
      found.append(Array(out[(end + 1)..<(end + 1 + size)]))
      at = end + size + 2
    }
    return found
  }

  private static func run(
    _ git: String, _ folder: String, _ arguments: [String], _ revision: String, input: [UInt8] = [], limit: Int = listBytes
  ) throws -> [UInt8] {
    let outcome = Outcome()
    Blocking.run {
      do {
        outcome.set(
          .success(
            try await ProgramRunner.run(
              git, ["-C", folder] + arguments,
              environment: [
                "PATH": "/usr/local/bin:/usr/bin:/bin", "GIT_OPTIONAL_LOCKS": "0", "HOME": "/nonexistent", "LC_ALL": "C",
              ],
              input: input, timeout: time, outputLimit: limit)))
      } catch { outcome.set(.failure(error)) }
    }
    let result = try outcome.get()
    if result.isCut {
      throw Problem(.tooLarge, code: "too_large", "Revision \(revision) holds more than \(limit >> 20) MiB here.")
    }
    guard result.status == 0 else {
      let why =
        String(decoding: result.err.prefix(500), as: UTF8.self).split(separator: "\n").first.map(String.init) ?? "no reason"
      throw Problem(
        .invalid, code: "revision", "git cannot read revision \(revision) of \(folder): \(why).",
        fix: "Check the revision and the folder.")
    }
    return result.out
  }

  private final class Outcome: @unchecked Sendable {
    private let lock = NSLock()
    private var stored: Result<ProgramResult, any Error>?
    func set(_ result: Result<ProgramResult, any Error>) { lock.withLock { stored = result } }
    func get() throws -> ProgramResult {
      guard let stored = lock.withLock({ stored }) else { throw Problem(.failure, code: "git", "git was not run.") }
      return try stored.get()
    }
  }
}
