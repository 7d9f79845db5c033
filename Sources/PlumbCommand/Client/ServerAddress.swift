// Which server to talk to, and with which token: flags, then the environment, then a data directory.
import Core

struct ServerAddress: Sendable, Equatable {
  /// `http://HOST:PORT`, `https://HOST`, or `unix:PATH`.
  var url: String
  var token: String

  /// Finds the server. `environment` and `home` are handed in, so that tests need no process of their own.
  static func find(_ arguments: Arguments, environment: (String) -> String? = Environment.value) throws -> ServerAddress {
    let token = environment("PLUMB_TOKEN").flatMap { $0.isEmpty ? nil : $0 }
    if let url = arguments.value("url") ?? (arguments.has("data") ? nil : environment("PLUMB_URL")), !url.isEmpty {
      guard let token else {
        throw Problem(
          .unauthenticated, code: "no_token", "There is no token for \(url).",
          fix: "Set PLUMB_TOKEN to an API key of that server.")
      }
      return ServerAddress(url: url, token: token)
    }
    let named = arguments.value("data")
    let candidates = named.map { [$0] } ?? [".plumb"] + (environment("HOME").map { ["\($0)/.plumb"] } ?? [])
    for directory in candidates {
      guard let bytes = try? FileReader.read("\(directory)/server.json", limit: 1 << 16) else { continue }
      guard let state = try? JSON.parse(bytes), let url = state["url"].string else {
        throw Problem(
          .failure, code: "no_server", "\(directory)/server.json cannot be read.",
          fix: "Start plumb serve --data \(directory) again.")
      }
      if let pid = state["pid"].int, !Environment.isRunning(pid) {
        throw Problem(
          .unavailable, code: "no_server", "The server of \(directory) is not running.",
          fix: "Start it with plumb serve --data \(directory).")
      }
      if let token { return ServerAddress(url: url, token: token) }
      let file = "\(directory)/admin-token"
      do {
        let text = String(decoding: try FileReader.read(file, limit: 1 << 12), as: UTF8.self).trimmingSpaces()
        return ServerAddress(url: url, token: text)
      } catch let problem as Problem {
        throw Problem(
          .unauthenticated, code: "no_token", "The token cannot be read: \(problem.message)",
          fix: "Run as the user who started plumb serve, or set PLUMB_TOKEN.")
      }
    }
    let places = candidates.joined(separator: " nor ")
    throw Problem(
      .unavailable, code: "no_server", "No server was found: no server.json in \(places).",
      fix: "Start one with plumb serve, or name one with --data, --url or PLUMB_URL.")
  }

  func transport() throws -> any Transport {
    if url.hasPrefix("unix:") { return SocketTransport(.unix(path: String(url.dropFirst(5))), name: url) }
    if url.hasPrefix("https://") { return SecureTransport(base: url.hasSuffix("/") ? String(url.dropLast()) : url) }
    let rest = url.hasPrefix("http://") ? url.dropFirst(7) : Substring(url)
    let authority = rest.prefix { $0 != "/" }
    guard !authority.isEmpty, rest.dropFirst(authority.count).allSatisfy({ $0 == "/" }), !authority.contains("@") else {
      throw malformed
    }
    var host = authority
    var port = 80
    let afterBracket = authority.lastIndex(of: "]") ?? authority.startIndex
    if let colon = authority[afterBracket...].lastIndex(of: ":") {
      guard let number = Int(authority[authority.index(after: colon)...]), (1...65535).contains(number) else { throw malformed }
      host = authority[..<colon]
      port = number
    }
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    if host.isEmpty { throw malformed }
    return SocketTransport(.tcp(host: String(host), port: port), name: url)
  }

  private var malformed: Problem {
    Problem(
      .invalid, code: "url", "\"\(url)\" is no address of a server.", fix: "Write http://HOST:PORT, https://HOST or unix:PATH.")
  }
}
