// Where a server listens, as a user writes it.
import Core

public enum ListenAddress: Sendable, Hashable, CustomStringConvertible {
  /// A host name or address, and a port; port 0 lets the system choose.
  case tcp(host: String, port: Int)
  /// A local socket in the file system.
  case unix(path: String)

  /// Reads `HOST:PORT`, `[IPV6]:PORT`, `:PORT` (all addresses), or `unix:PATH`.
  public init(_ text: String) throws {
    if text.hasPrefix("unix:") {
      let path = String(text.dropFirst(5))
      // sockaddr_un holds 108 bytes, the last of them zero.
      guard (1...107).contains(path.utf8.count) else {
        throw Self.problem(text, "The path of a local socket has 1 to 107 bytes.")
      }
      self = .unix(path: path)
      return
    }
    guard let colon = text.lastIndex(of: ":") else { throw Self.problem(text, "The port is missing.") }
    let digits = text[text.index(after: colon)...]
    guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) }), let port = Int(digits),
      port < 65536
    else { throw Self.problem(text, "The port is not a number from 0 to 65535.") }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      throw Self.problem(text, "An IPv6 address stands in brackets.")
    }
    self = .tcp(host: host.isEmpty ? "::" : String(host), port: port)
  }

  public var description: String {
    switch self {
    case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }

  private static func problem(_ text: String, _ why: String) -> Problem {
    Problem(
      .invalid, code: "listen_address", "\"\(text)\" is no address to listen on: \(why)",
      fix: "Write HOST:PORT, such as 127.0.0.1:8080.")
  }
}
