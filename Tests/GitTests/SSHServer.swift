// A private sshd on this machine's loopback, as code hosts have one: keys alone let in, and it proves itself by a host key of its own.
import Core
import Foundation
import TestSupport

final class SSHServer {
  static let startSeconds = 20.0

  let port: Int
  let user = NSUserName()
  /// The line of a known_hosts file that names this server.
  let knownHost: String
  private let folder: URL
  private let pidFile: URL

  /// - Parameter authorized: public keys that may enter, as lines.
  init(authorized: [String]) throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("plumb-sshd-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    port = try CaseSocket.freePort()
    pidFile = folder.appendingPathComponent("pid")
    let (_, line) = try Self.key(folder, "host")
    knownHost = "[127.0.0.1]:\(port) \(line)"
    let keys = folder.appendingPathComponent("authorized_keys")
    try (authorized.joined(separator: "\n") + "\n").write(to: keys, atomically: true, encoding: .utf8)
    let config = """
      ListenAddress 127.0.0.1
      Port \(port)
      HostKey \(folder.path)/host
      AuthorizedKeysFile \(keys.path)
      PidFile \(pidFile.path)
      UsePAM no
      StrictModes no
      PermitRootLogin prohibit-password
      PasswordAuthentication no
      KbdInteractiveAuthentication no
      AuthenticationMethods publickey

      """
    let file = folder.appendingPathComponent("config")
    try config.write(to: file, atomically: true, encoding: .utf8)
    if geteuid() == 0 { try FileManager.default.createDirectory(atPath: "/run/sshd", withIntermediateDirectories: true) }
    // In the background by itself: sshd closes what it inherits, by which Foundation would take a child for ended and wait for it.
    let log = folder.appendingPathComponent("log")
    _ = try GitRepository.run(["/usr/sbin/sshd", "-f", file.path, "-E", log.path])
    try waitUntilItListens(log)
  }

  private var pid: pid_t? {
    (try? String(contentsOf: pidFile, encoding: .utf8)).flatMap { pid_t($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
  }

  private func waitUntilItListens(_ log: URL) throws {
    let end = Date(timeIntervalSinceNow: Self.startSeconds)
    while Date() < end {
      if pid != nil { return }
      Thread.sleep(forTimeInterval: 0.02)
    }
    stop()
    throw Problem(
      .failure, code: "sshd", "sshd does not listen: \((try? String(contentsOf: log, encoding: .utf8)) ?? "it said nothing")")
  }

  /// The listener ends at once; connections that are open end with their clients.
  func stop() {
    if let pid { kill(pid, SIGKILL) }
    try? FileManager.default.removeItem(at: folder)
  }

  func url(_ repository: GitRepository) -> String { "ssh://\(user)@127.0.0.1:\(port)\(repository.bare.path)" }

  /// A new key pair: the private key's text, and its public line.
  static func key(_ folder: URL, _ name: String) throws -> (secret: String, line: String) {
    let path = folder.appendingPathComponent(name).path
    _ = try GitRepository.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path])
    return (
      try String(contentsOfFile: path, encoding: .utf8),
      try String(contentsOfFile: path + ".pub", encoding: .utf8).trimmingCharacters(in: .newlines)
    )
  }
}
