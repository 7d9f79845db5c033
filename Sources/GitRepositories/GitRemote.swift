// A repository's address that a tenant chose, taken apart strictly and put together anew for git.
import Core

public struct GitRemote: Sendable, Equatable {
  public enum Scheme: String, Sendable { case https, http, ssh, git, file }
  static let lengthLimit = 2000

  public let scheme: Scheme
  /// In lower case; empty for files.
  public let host: String
  public let user: String?
  public let port: Int?
  /// Begins with `/`; for the short form of ssh relative to the user's home.
  public let path: String

  /// - Parameter allowsPrivate: files of this machine and protocols without encryption are addresses too.
  /// - Throws: GitFault `URLInvalid` or `TargetRefused`; the message never repeats the address.
  public init(_ text: String, allowsPrivate: Bool) throws(GitFault) {
    guard text.utf8.count <= Self.lengthLimit, !text.isEmpty, !text.hasPrefix("-"),
      text.utf8.allSatisfy({ $0 > 32 && $0 < 127 && !"\"'`\\<>{}|^$;&*?!#".utf8.contains($0) })
    else { throw Self.invalid("holds a character that no address needs, or is too long") }
    if text.hasPrefix("/") {
      self = try Self.local(text, allowsPrivate)
      return
    }
    guard let mark = text.firstRange(of: "://") else {
      // host:path, as ssh writes it; `ext::…` and such are helpers, not hosts.
      guard let colon = text.firstIndex(of: ":"), !text.contains("::") else { throw Self.invalid(Self.forms) }
      let (user, host) = try Self.authority(text[..<colon])
      let path = String(text[text.index(after: colon)...])
      guard !path.isEmpty, !path.hasPrefix("-") else { throw Self.invalid("has no path") }
      (scheme, self.user, self.host, port, self.path) = (.ssh, user ?? "git", host, nil, path)
      return
    }
    guard let scheme = Scheme(rawValue: text[..<mark.lowerBound].lowercased()) else { throw Self.invalid(Self.forms) }
    let rest = text[mark.upperBound...]
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    let path = String(rest[slash...])
    if scheme == .file {
      guard slash == rest.startIndex else { throw Self.invalid("names a host for a file") }
      self = try Self.local(path, allowsPrivate)
      return
    }
    guard path.count > 1 else { throw Self.invalid("has no path") }
    guard allowsPrivate || scheme == .https || scheme == .ssh else {
      throw GitFault(.targetRefused, "Only https and ssh are allowed.")
    }
    var place = rest[..<slash]
    var port: Int?
    if let colon = place.lastIndex(of: ":"), !place[colon...].contains("]") {
      let digits = place[place.index(after: colon)...]
      if scheme != .ssh, place.contains("@") { throw Self.invalid("holds a user name or password: use a GitCredential") }
      guard let number = Int(digits), (1...65535).contains(number) else { throw Self.invalid("has no valid port") }
      port = number
      place = place[..<colon]
    }
    let (user, host) = try Self.authority(place)
    if user != nil, scheme != .ssh { throw Self.invalid("holds a user name or password: use a GitCredential") }
    (self.scheme, self.user, self.host, self.port, self.path) = (scheme, scheme == .ssh ? user ?? "git" : nil, host, port, path)
  }

  private init(file path: String) { (scheme, host, user, port, self.path) = (.file, "", nil, nil, path) }

  private static let forms = "is none of https://HOST/PATH, ssh://[USER@]HOST/PATH and [USER@]HOST:PATH"

  private static func invalid(_ why: String) -> GitFault { GitFault(.urlInvalid, "The repository's address \(why).") }

  private static func local(_ path: String, _ allowsPrivate: Bool) throws(GitFault) -> GitRemote {
    guard allowsPrivate else {
      throw GitFault(.targetRefused, "Files of the server's machine are not allowed: only https and ssh are.")
    }
    guard path.hasPrefix("/"), !path.split(separator: "/").contains("..") else { throw invalid("is no absolute path") }
    return GitRemote(file: path)
  }

  private static func authority(_ text: Substring) throws(GitFault) -> (user: String?, host: String) {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count <= 2, var host = parts.last, !host.isEmpty else { throw invalid("has no valid host") }
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    let isWord = host.utf8.allSatisfy {
      (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45 || $0 == 46 || $0 == 58 || $0 == 95
    }
    guard isWord, host.utf8.count <= 253, !host.hasPrefix("-"), !host.hasPrefix(".") else { throw invalid("has no valid host") }
    var user: String?
    if parts.count == 2 {
      let isName = parts[0].utf8.allSatisfy {
        (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45 || $0 == 46 || $0 == 95
      }
      guard isName, !parts[0].isEmpty, !parts[0].hasPrefix("-") else {
        throw invalid("holds a user name or password that is no plain word: use a GitCredential")
      }
      user = String(parts[0])
    }
    return (user, host.lowercased())
  }

  private var bracketed: String { host.contains(":") ? "[\(host)]" : host }

  /// As git reads it.
  public var text: String {
    switch scheme {
    case .file: "file://\(path)"
    case .ssh where !path.hasPrefix("/"):
      // Code hosts want the path as it stands here: they know no homes, which `ssh://host/~/path` would ask for.
      "\(user ?? "git")@\(bracketed):\(path)"
    case .ssh: "ssh://\(user ?? "git")@\(bracketed)\(port.map { ":\($0)" } ?? "")\(path)"
    default: "\(scheme.rawValue)://\(bracketed)\(port.map { ":\($0)" } ?? "")\(path)"
    }
  }

  /// For messages.
  public var place: String { scheme == .file ? "the file system" : host }

  /// The port that a connection goes to.
  var portNumber: Int { port ?? (scheme == .https ? 443 : scheme == .http ? 80 : scheme == .ssh ? 22 : 9418) }
}
