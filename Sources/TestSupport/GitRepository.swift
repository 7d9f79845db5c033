// A real git repository on disk: a work tree that tests write, and a bare one that sources follow.
import Core
import Foundation

public final class GitRepository {
  public let folder: URL
  public var work: URL { folder.appendingPathComponent("work") }
  public var bare: URL { folder.appendingPathComponent("repository.git") }
  public var url: String { bare.path }

  public init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("plumb-git-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: work, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    try git("init", "-q", "-b", "main")
    _ = try Self.run(["git", "init", "-q", "--bare", "-b", "main", bare.path])
    try git("remote", "add", "origin", bare.path)
  }

  public func remove() { try? FileManager.default.removeItem(at: folder) }

  @discardableResult
  public func git(_ words: String..., settings: [String] = []) throws -> String {
    try Self.run(
      ["git", "-C", work.path, "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"] + settings
        + words)
  }

  public func write(_ path: String, _ text: String?) throws {
    let file = work.appendingPathComponent(path)
    guard let text else {
      try FileManager.default.removeItem(at: file)
      return
    }
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  /// Writes files (nil: removes them), commits and pushes; the commit.
  @discardableResult
  public func push(_ files: [String: String?] = [:], force: Bool = false, settings: [String] = [], sign: Bool = false) throws
    -> String
  {
    for (path, text) in files { try write(path, text) }
    try git("add", "-A")
    if sign { try git("commit", "-q", "-S", "-m", "change", settings: settings) } else { try git("commit", "-q", "-m", "change") }
    if force { try git("push", "-q", "-f", "origin", "HEAD:main") } else { try git("push", "-q", "origin", "HEAD:main") }
    return try git("rev-parse", "HEAD")
  }

  /// Runs a program to its end; its output without the last newline. Throws what it said when it fails.
  public static func run(_ words: [String], input: String? = nil, environment: [String: String] = [:]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = words
    process.environment = [
      "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C",
    ]
    .merging(environment) { $1 }
    let (out, err) = (Pipe(), Pipe())
    let stdin = Pipe()
    process.standardOutput = out
    process.standardError = err
    process.standardInput = stdin
    try process.run()
    if let input { stdin.fileHandleForWriting.write(Data(input.utf8)) }
    try? stdin.fileHandleForWriting.close()
    let data = out.fileHandleForReading.readDataToEndOfFile()
    let said = err.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Problem(.failure, code: "program", "\(words.joined(separator: " ")): \(String(decoding: said, as: UTF8.self))")
    }
    return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines)
  }

  public static func project(_ name: String, title: String = "One") -> String {
    "apiVersion: deploy/v1\nkind: Project\nmetadata: {name: \(name)}\nspec: {title: \(title)}\n"
  }
}
