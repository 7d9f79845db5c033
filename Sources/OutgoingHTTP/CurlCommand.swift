// How curl is asked for one call. Everything of the caller's goes through a file descriptor: arguments can be seen by every user.

enum CurlCommand {
  /// No settings from the user's home; then those on descriptor 3. The request's body is standard input.
  static let arguments = ["-q", "-K", "/dev/fd/3"]
  /// Fields that frame the message or choose the connection are curl's.
  private static let reserved: Set<String> = [
    "host", "content-length", "transfer-encoding", "connection", "expect", "upgrade", "te", "trailer", "keep-alive",
    "proxy-connection",
  ]
  private static let headerLimit = 100
  private static let headerBytesLimit = 32 << 10

  /// The settings for a call to exactly `address`. Throws an OutgoingFailure of reason `invalid` for what cannot be sent.
  static func settings(
    _ request: OutgoingRequest, _ url: TargetURL, address: IPAddress, seconds: Double
  ) throws(OutgoingFailure) -> [UInt8] {
    guard (1...32).contains(request.method.utf8.count), request.method.utf8.allSatisfy(isToken) else {
      throw OutgoingFailure(.invalid, "The method is no HTTP method.")
    }
    var lines = [
      "url = \(quoted(url.text))",
      // Whatever curl makes of the URL, this is where it goes: no second lookup, no surprise in reading the host.
      "connect-to = \(quoted("::\(address.isIPv6 ? "[\(address)]" : "\(address)"):\(url.port)"))",
      "proto = \"=http,https\"", "noproxy = \"*\"", "max-redirs = 0", "max-time = \(seconds)", "globoff", "path-as-is", "http1.1",
      "silent", "show-error", "include", "write-out = \"%{stderr}\\n%{time_pretransfer}\"", "header = \"Expect:\"",
    ]
    if request.method == "HEAD" { lines.append("head") } else { lines.append("request = \(quoted(request.method))") }
    var names: Set<String> = []
    var bytes = 0
    for header in request.headers {
      guard !header.name.isEmpty, header.name.utf8.allSatisfy(isToken),
        header.value.utf8.allSatisfy({ $0 == 9 || ($0 >= 32 && $0 != 127) })
      else { throw OutgoingFailure(.invalid, "A header holds a character that no header may hold.") }
      let name = header.name.lowercased()
      guard !reserved.contains(name) else { continue }
      names.insert(name)
      bytes += header.name.utf8.count + header.value.utf8.count
      // curl takes `Name;` for an empty value, and would remove the header for `Name:`.
      lines.append("header = \(quoted(header.value.isEmpty ? "\(header.name);" : "\(header.name): \(header.value)"))")
    }
    guard request.headers.count <= headerLimit, bytes <= headerBytesLimit else {
      throw OutgoingFailure(.tooLarge, "The headers are more than \(headerLimit) or longer than \(headerBytesLimit) bytes.")
    }
    if !request.body.isEmpty, request.method != "HEAD" {
      lines.append("data-binary = \"@-\"")
      if !names.contains("content-type") { lines.append("header = \"Content-Type: application/octet-stream\"") }
    } else if ["POST", "PUT", "PATCH"].contains(request.method) {
      lines.append("header = \"Content-Length: 0\"")
    }
    if !names.contains("user-agent") { lines.append("user-agent = \"plumb\"") }
    return Array((lines.joined(separator: "\n") + "\n").utf8)
  }

  private static func quoted(_ text: String) -> String {
    var out = "\""
    for character in text.unicodeScalars {
      switch character {
      case "\\": out += "\\\\"
      case "\"": out += "\\\""
      case "\t": out += "\\t"
      default: out.unicodeScalars.append(character)
      }
    }
    return out + "\""
  }

  private static func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122: true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }
}
