// The manifests of one commit, read out of the object store: no checkout, no filters, nothing that could leave the folder.
import Core
import OutgoingHTTP

public struct GitLimits: Sendable {
  /// Bytes of the repository, as it is sent.
  public var repositoryBytes = 256 << 20
  public var files = 10_000
  public var fileBytes = 4 << 20
  /// All manifests together.
  public static let totalBytes = 64 << 20

  public init() {}
  public init(_ value: Value) {
    repositoryBytes = (value["repositoryMB"].int ?? 256) << 20
    files = value["files"].int ?? 10_000
    fileBytes = (value["fileKB"].int ?? 4096) << 10
  }
}

struct GitTree {
  struct Entry: Sendable {
    var mode: String
    var hash: String
    var size: Int
    /// In the repository.
    var path: String
  }

  /// Bytes of a listing.
  static let listLimit = 16 << 20
  static let endings = [".yaml", ".yml", ".json"]
  /// Bytes of a link's target.
  static let linkLimit = 4096

  let git: GitProgram
  let limits: GitLimits

  /// `folder` as a path below the repository's root without `.` and slashes at its ends; nil when it climbs out.
  static func normal(_ folder: String) -> String? {
    let parts = folder.split(separator: "/").filter { $0 != "." }
    if parts.contains("..") || folder.utf8.contains(0) || folder.contains("\n") { return nil }
    return parts.joined(separator: "/")
  }

  /// The manifests below a folder, links within it followed, hidden files left out. Names are paths in the repository.
  func files(commit: String, folder: String) async throws(GitFault) -> [(name: String, bytes: [UInt8])] {
    guard let folder = Self.normal(folder) else {
      throw GitFault(.pathMissing, "The path \(folder) leads out of the repository.")
    }
    var entries = try await list(commit, folder)
    let prefix = folder.isEmpty ? "" : folder + "/"
    for at in entries.indices { entries[at].path = prefix + entries[at].path }
    let wanted = try await manifests(entries, prefix)
    var total = 0
    for entry in wanted {
      guard entry.size <= limits.fileBytes else {
        throw GitFault(
          .fileTooLarge, "\(entry.path) has \(entry.size >> 10) KB, and at most \(limits.fileBytes >> 10) KB are allowed.")
      }
      total += entry.size
    }
    guard total <= GitLimits.totalBytes else {
      throw GitFault(
        .tooLarge, "The manifests have \(total >> 20) MB together, and at most \(GitLimits.totalBytes >> 20) MB are allowed.")
    }
    let blobs = try await read(wanted.map(\.hash), bytes: total)
    var files: [(name: String, bytes: [UInt8])] = []
    for (entry, bytes) in zip(wanted, blobs) {
      if bytes.starts(with: "version https://git-lfs.github.com/spec/".utf8) {
        throw GitFault(.largeFileStorage, "\(entry.path) is kept in Git LFS, which is not fetched.")
      }
      files.append((entry.path, bytes))
    }
    return files
  }

  private func list(_ commit: String, _ folder: String) async throws(GitFault) -> [Entry] {
    let result = try await git.attempt(
      ["ls-tree", "-r", "-z", "-l", "--full-tree", "\(commit):\(folder)"], outputLimit: Self.listLimit)
    if result.isCut {
      throw GitFault(.tooManyFiles, "The folder holds far more files than the \(limits.files) that are allowed.")
    }
    guard result.status == 0 else {
      if try await git.attempt(["cat-file", "-e", "\(commit)^{tree}"]).status != 0 {
        throw GitFault(.commitMissing, "The commit \(commit.prefix(12)) is not here any more.")
      }
      throw GitFault(.pathMissing, "There is no folder \(folder.isEmpty ? "." : folder) in commit \(commit.prefix(12)).")
    }
    return result.out.split(separator: 0).compactMap { line in
      guard let tab = line.firstIndex(of: 9) else { return nil }
      let words = line[..<tab].split(separator: 32).map { String(decoding: $0, as: UTF8.self) }
      guard words.count == 4 else { return nil }
      return Entry(
        mode: words[0], hash: words[2], size: Int(words[3]) ?? 0,
        path: String(decoding: line[line.index(after: tab)...], as: UTF8.self))
    }
  }

  private static func isHidden(_ path: String) -> Bool { path.split(separator: "/").contains { $0.hasPrefix(".") } }
  private static func isManifest(_ path: String) -> Bool { endings.contains { path.hasSuffix($0) } }

  /// The files to read, links among them replaced by what they lead to.
  private func manifests(_ entries: [Entry], _ prefix: String) async throws(GitFault) -> [Entry] {
    let seen = entries.filter { !Self.isHidden(String($0.path.dropFirst(prefix.count))) }
    if let module = seen.first(where: { $0.mode == "160000" }) {
      throw GitFault(.submodule, "\(module.path) is a submodule, which is not fetched: leave it out of the folder.")
    }
    var wanted = seen.filter { $0.mode.hasPrefix("100") && Self.isManifest($0.path) }
    let links = seen.filter { $0.mode == "120000" }
    if let long = links.first(where: { $0.size > Self.linkLimit }) {
      throw GitFault(.unsafeTree, "The link \(long.path) is too long.")
    }
    if !links.isEmpty {
      let byPath = Dictionary(entries.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
      let targets = try await read(links.map(\.hash), bytes: links.reduce(0) { $0 + $1.size })
      for (link, bytes) in zip(links, targets) {
        guard let target = Self.resolve(String(decoding: bytes, as: UTF8.self), from: link.path), target.hasPrefix(prefix) else {
          throw GitFault(.unsafeTree, "The link \(link.path) leads out of the folder.")
        }
        guard Self.isManifest(link.path) else { continue }
        guard var found = byPath[target], found.mode.hasPrefix("100") else {
          throw GitFault(.unsafeTree, "The link \(link.path) leads to no file of the folder.")
        }
        // What is read anyway is not read twice.
        if Self.isManifest(target), !Self.isHidden(String(target.dropFirst(prefix.count))) { continue }
        found.path = link.path
        wanted.append(found)
      }
    }
    guard wanted.count <= limits.files else {
      throw GitFault(.tooManyFiles, "The folder holds \(wanted.count) manifests, and at most \(limits.files) are allowed.")
    }
    return wanted.sorted { $0.path < $1.path }
  }

  /// Where a link leads, as a path in the repository; nil when that is outside.
  static func resolve(_ target: String, from path: String) -> String? {
    if target.hasPrefix("/") || target.isEmpty || target.utf8.contains(0) { return nil }
    var parts = path.split(separator: "/").dropLast().map(String.init)
    for step in target.split(separator: "/") {
      switch step {
      case ".": continue
      case "..":
        if parts.isEmpty { return nil }
        parts.removeLast()
      default: parts.append(String(step))
      }
    }
    return parts.joined(separator: "/")
  }

  /// The contents of blobs, in order.
  func read(_ hashes: [String], bytes: Int) async throws(GitFault) -> [[UInt8]] {
    if hashes.isEmpty { return [] }
    let out = try await git.run(
      ["cat-file", "--batch"], input: Array(hashes.joined(separator: "\n").utf8) + [10], outputLimit: bytes + hashes.count * 128)
    var blobs: [[UInt8]] = []
    var at = 0
    for _ in hashes {
      guard let end = out[at...].firstIndex(of: 10) else { break }
      let words = out[at..<end].split(separator: 32)
      guard words.count == 3, let size = Int(String(decoding: words[2], as: UTF8.self)), end + 1 + size <= out.count else {
        break
      }
      blobs.append(Array(out[(end + 1)..<(end + 1 + size)]))
      at = end + 2 + size
    }
    guard blobs.count == hashes.count else { throw GitFault(.failed, "An object of the repository cannot be read.") }
    return blobs
  }
}
