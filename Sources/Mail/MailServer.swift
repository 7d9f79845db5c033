// The mail server's address: smtp://[user:password@]HOST[:PORT][?from=ADDRESS], or smtps://.
import Core
import Foundation

struct MailServer: Sendable {
  var host: String
  var port: Int
  var encrypted: Bool
  var user: String?
  var password: String?
  var from: String

  /// Throws Problem `bad_smtp_url`.
  init(_ text: String) throws {
    let wrong = { (why: String) in
      Problem(
        .invalid, code: "bad_smtp_url", "the mail server's address \(why)",
        fix: "Write smtp://HOST:PORT, or smtp://USER:PASSWORD@HOST:PORT.")
    }
    guard let parts = URLComponents(string: text), let scheme = parts.scheme, scheme == "smtp" || scheme == "smtps" else {
      throw wrong("does not begin with smtp:// or smtps://")
    }
    guard let host = parts.host, !host.isEmpty, host.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != 34 && $0 != 92 }) else {
      throw wrong("names no host")
    }
    guard parts.path.isEmpty || parts.path == "/" else { throw wrong("has a path") }
    self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
    encrypted = scheme == "smtps"
    port = parts.port ?? (encrypted ? 465 : parts.user == nil ? 25 : 587)
    guard (1...65_535).contains(port) else { throw wrong("has no valid port") }
    user = parts.user
    password = parts.password
    from = parts.queryItems?.first { $0.name == "from" }?.value ?? "plumb@\(MailMessage.localName)"
    guard MailMessage.isAddress(from) else { throw wrong("has a `from` that is no address") }
  }
}
