// How git reaches one repository: settings, credentials and host keys in memory, one checked address, nothing inherited.
import Core
import Foundation
import OutgoingHTTP

/// Credentials as a source's look and a proposal's push bring them.
public struct GitLogin: Sendable {
  public var username: String?
  public var token: String?
  public var sshKey: String?
  public var knownHosts: String?

  public init(_ value: Value) {
    username = value["username"].string
    token = value["token"].string
    sshKey = value["sshKey"].string
    knownHosts = value["knownHosts"].string
  }

  /// Texts that nothing may show.
  var secrets: [String] {
    guard let token else { return [] }
    return [token, Data("\(username ?? "git"):\(token)".utf8).base64EncodedString()]
  }
}

/// Lives as long as the programs that use it run.
final class GitAccess {
  let remote: GitRemote
  let environment: [String: String]
  let secrets: [String]
  private let files: [MemoryFile]

  /// - Parameters:
  ///   - home: an empty folder.
  ///   - settings: further lines of git configuration.
  init(
    _ remote: GitRemote, login: GitLogin, targets: TargetGuard, home: String, settings: String = "",
    until deadline: ContinuousClock.Instant
  ) async throws(GitFault) {
    self.remote = remote
    secrets = login.secrets
    var address: String?
    if remote.scheme != .file {
      do { address = try await targets.addresses(of: remote.host, until: deadline).first } catch {
        throw GitFault(
          error.reason == .refusedTarget ? .targetRefused : error.reason == .timeout ? .timeout : .unreachable, error.message)
      }
    }
    var config = Self.standard + settings
    var files: [MemoryFile] = []
    var environment = Self.environment(home: home, allowsPrivate: targets.allowsPrivate)
    switch remote.scheme {
    case .https, .http:
      let shown = address.map { $0.contains(":") ? "[\($0)]" : $0 } ?? remote.host
      config += "[http]\n\tcurloptResolve = \"\(remote.host):\(remote.portNumber):\(shown)\"\n"
      if let token = login.token {
        // Never over an open line, but where an operator allows private targets.
        let basic = Data("\(login.username ?? "git"):\(token)".utf8).base64EncodedString()
        config += "\textraHeader = \"Authorization: Basic \(basic)\"\n"
      }
    case .ssh:
      let known = try MemoryFile((login.knownHosts ?? "") + "\n")
      files.append(known)
      var words = Self.ssh + ["-o", "UserKnownHostsFile=\(known.path)"]
      if let address { words += ["-o", "HostName=\(address)"] }
      let named = remote.portNumber == 22 ? remote.host : "[\(remote.host)]:\(remote.portNumber)"
      words += ["-o", "HostKeyAlias=\(named)"]
      if let key = login.sshKey {
        let file = try MemoryFile(key.hasSuffix("\n") ? key : key + "\n")
        files.append(file)
        words += ["-i", file.path]
      }
      // Every word is ours, a path in /proc, or a checked host: none needs quoting.
      environment["GIT_SSH_COMMAND"] = words.joined(separator: " ")
      environment["GIT_SSH_VARIANT"] = "ssh"
    case .git, .file: break
    }
    let file = try MemoryFile(config)
    environment["GIT_CONFIG_GLOBAL"] = file.path
    self.environment = environment
    self.files = files + [file]
  }

  private static func environment(home: String, allowsPrivate: Bool) -> [String: String] {
    var environment = [
      "PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "HOME": home, "XDG_CONFIG_HOME": home, "GNUPGHOME": home,
      "GIT_CONFIG_NOSYSTEM": "1", "GIT_ATTR_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "/bin/false",
      "SSH_ASKPASS": "/bin/false",
      "GIT_ALLOW_PROTOCOL": allowsPrivate ? "https:ssh:http:git:file" : "https:ssh", "GIT_PROTOCOL_FROM_USER": "0",
      "GIT_NO_REPLACE_OBJECTS": "1", "GIT_LFS_SKIP_SMUDGE": "1", "GIT_OPTIONAL_LOCKS": "0",
    ]
    // Where an operator keeps certificates of own authorities.
    for name in ["SSL_CERT_FILE", "SSL_CERT_DIR"] { environment[name] = ProcessInfo.processInfo.environment[name] }
    if let file = environment["SSL_CERT_FILE"] { environment["GIT_SSL_CAINFO"] = file }
    return environment
  }

  private static let standard = """
    [core]
    \thooksPath = /dev/null
    \tfsmonitor = false
    \taskPass = /bin/false
    [credential]
    \thelper =
    [gc]
    \tauto = 0
    [maintenance]
    \tauto = false
    [fetch]
    \tunpackLimit = 1
    \trecurseSubmodules = false
    [transfer]
    \tbundleURI = false
    [safe]
    \tdirectory = *
    [pack]
    \tthreads = 1
    [user]
    \tuseConfigOnly = true
    [http]
    \tfollowRedirects = false
    \tproxy =
    \tlowSpeedLimit = 1000
    \tlowSpeedTime = 20

    """

  private static let ssh = [
    "ssh", "-F", "/dev/null", "-T", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-o",
    "StrictHostKeyChecking=yes", "-o", "GlobalKnownHostsFile=/dev/null", "-o", "UpdateHostKeys=no", "-o",
    "PasswordAuthentication=no", "-o", "KbdInteractiveAuthentication=no", "-o", "ConnectTimeout=15", "-o",
    "ServerAliveInterval=10",
    "-o", "ServerAliveCountMax=2", "-o", "ClearAllForwardings=yes", "-o", "LogLevel=ERROR",
  ]
}
