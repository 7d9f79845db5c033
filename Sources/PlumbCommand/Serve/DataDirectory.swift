// The folder that a server keeps its data in: one server at a time, readable by its owner only where it holds secrets.
import Core
import Crypto
import Foundation

final class DataDirectory: @unchecked Sendable {
  let path: String
  private let lock: Int32

  /// Makes the folder and takes its lock. Throws when another server holds it.
  init(_ path: String) throws {
    self.path = path
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    } catch {
      throw Problem(
        .unavailable, code: "data", "The data directory \(path) cannot be made: \(String(cString: strerror(errno))).",
        fix: "Choose another with --data.")
    }
    lock = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard lock >= 0 else {
      throw Problem(
        .unavailable, code: "data", "The data directory \(path) cannot be written: \(String(cString: strerror(errno))).",
        fix: "Choose another with --data.")
    }
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      close(lock)
      throw Problem(
        .conflict, code: "data_in_use", "Another plumb serve uses \(path).",
        fix: "Stop it, or choose another directory with --data.")
    }
  }

  deinit { close(lock) }

  /// 32 bytes that every stored secret is sealed with.
  func key() throws -> [UInt8] { try KeyFile.loadOrCreate(path + "/key") }

  var adminToken: String? {
    guard let text = try? String(contentsOfFile: path + "/admin-token", encoding: .utf8) else { return nil }
    let token = text.trimmingCharacters(in: .whitespacesAndNewlines)
    return token.isEmpty ? nil : token
  }

  func writeAdminToken(_ token: String) throws { try write("admin-token", token + "\n", mode: 0o600) }

  /// Tells local clients where the server is.
  func writeAddress(url: String) throws {
    try write("server.json", JSON.text(["url": .string(url), "pid": .int(Int(getpid()))]) + "\n", mode: 0o644)
  }

  func removeAddress() { unlink(path + "/server.json") }

  /// The replica that worked here last, if it did not say goodbye: its shards can be had at once, since its lock is ours now.
  var lastReplica: UID? {
    (try? String(contentsOfFile: path + "/replica", encoding: .utf8)).flatMap {
      UID($0.trimmingCharacters(in: .whitespacesAndNewlines))
    }
  }

  /// Who this host is: apps stay with the data directory that their processes belong to.
  func host(else make: () -> UID) throws -> UID {
    if let text = try? String(contentsOfFile: path + "/host", encoding: .utf8),
      let known = UID(text.trimmingCharacters(in: .whitespacesAndNewlines))
    {
      return known
    }
    let new = make()
    try write("host", new.description + "\n", mode: 0o600)
    return new
  }

  func writeReplica(_ uid: UID) throws { try write("replica", uid.description + "\n", mode: 0o600) }

  func removeReplica() { unlink(path + "/replica") }

  private func write(_ name: String, _ text: String, mode: mode_t) throws {
    let temporary = "\(path)/.\(name).\(getpid())"
    let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    let bytes = Array(text.utf8)
    guard file >= 0, Glibc.write(file, bytes, bytes.count) == bytes.count, fsync(file) == 0, close(file) == 0,
      rename(temporary, path + "/" + name) == 0
    else {
      throw Problem(.unavailable, code: "data", "\(path)/\(name) cannot be written: \(String(cString: strerror(errno))).")
    }
  }
}
