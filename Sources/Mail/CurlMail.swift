// Mail through the program curl, for servers that want TLS or a login. Blocks.
import Core
import Foundation

enum CurlMail {
  private static let places = ["/usr/bin/curl", "/usr/local/bin/curl", "/bin/curl"]
  private static let mostOutput = 4096

  /// The login goes through standard input, never through arguments.
  /// Throws Problem: `curl_missing`, `refused`, `timeout`, `unreachable`.
  static func send(_ message: MailMessage, to server: MailServer, seconds: Int) throws {
    guard let program = places.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
      throw Problem(
        .unavailable, code: "curl_missing", "mail with a login or TLS is sent by the program curl, which is not installed",
        fix: "Run apt-get install curl.")
    }
    let file = NSTemporaryDirectory() + "plumb-mail-\(UUID().uuidString)"
    guard FileManager.default.createFile(atPath: file, contents: Data(message.bytes), attributes: [.posixPermissions: 0o600])
    else {
      throw Problem(.unavailable, code: "storage", "cannot write \(file)")
    }
    defer { try? FileManager.default.removeItem(atPath: file) }
    let host = server.host.contains(":") ? "[\(server.host)]" : server.host
    var lines = [
      "url = \(quoted("\(server.encrypted ? "smtps" : "smtp")://\(host):\(server.port)/\(MailMessage.localName)"))",
      "mail-from = \(quoted("<\(message.from)>"))",
      "upload-file = \(quoted(file))", "max-time = \(seconds)", "ssl-reqd", "silent", "show-error", "no-netrc",
    ]
    lines += message.to.map { "mail-rcpt = \(quoted("<\($0)>"))" }
    if let user = server.user { lines.append("user = \(quoted("\(user):\(server.password ?? "")"))") }

    let process = Process()
    let (input, errors) = (Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = ["--disable", "--config", "-"]
    process.environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C"]
    process.standardInput = input
    process.standardOutput = FileHandle.nullDevice
    process.standardError = errors
    do { try process.run() } catch {
      throw Problem(.unavailable, code: "curl_missing", "\(program) cannot be started: \(error.localizedDescription)")
    }
    try? input.fileHandleForWriting.write(contentsOf: Data((lines.joined(separator: "\n") + "\n").utf8))
    try? input.fileHandleForWriting.close()
    // curl keeps `max-time` itself, so that reading to the end is bounded.
    let said = (try? errors.fileHandleForReading.readToEnd()) ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus != 0 else { return }
    let text = String(decoding: (said).prefix(mostOutput), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    let code = process.terminationStatus
    switch code {
    case 6, 7:
      throw Problem(.unavailable, code: "unreachable", "the mail server \(server.host):\(server.port) cannot be reached: \(text)")
    case 28: throw Problem(.timeout, code: "timeout", "the mail server \(server.host):\(server.port) does not answer in time")
    default:
      throw Problem(.refused, code: "refused", "the mail server \(server.host):\(server.port) did not take the message: \(text)")
    }
  }

  /// A value of a curl configuration file.
  private static func quoted(_ text: String) -> String {
    "\""
      + text.flatMap { character -> String in
        switch character {
        case "\"": "\\\""
        case "\\": "\\\\"
        case "\n", "\r", "\r\n": ""
        default: String(character)
        }
      } + "\""
  }
}
