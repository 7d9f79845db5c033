// A URL that a tenant chose, taken apart strictly: two programs must not read two different hosts in it.

/// An http or https URL of plain characters; what it is handed on as, is put together anew from its parts.
struct TargetURL: Equatable {
  static let lengthLimit = 8 << 10

  let scheme: String
  /// A name or IPv4 address in lower case, or an IPv6 address without brackets.
  let host: String
  let port: Int
  /// Path and query; begins with `/`.
  let target: String

  /// Throws an OutgoingFailure of reason `invalid` that tells what is wrong.
  init(_ text: String) throws(OutgoingFailure) {
    func fault(_ why: String) -> OutgoingFailure { OutgoingFailure(.invalid, "The URL \(why).") }
    guard text.utf8.count <= Self.lengthLimit else { throw fault("is longer than \(Self.lengthLimit) bytes") }
    guard text.utf8.allSatisfy({ $0 > 32 && $0 < 127 && !"\"<>\\^`{|}".utf8.contains($0) }) else {
      throw fault("holds a character that must be percent-encoded, or a host name that is not in its ASCII form")
    }
    let whole = text.prefix { $0 != "#" }
    guard let separator = whole.firstRange(of: "://") else { throw fault("does not begin with http:// or https://") }
    let scheme = whole[..<separator.lowerBound].lowercased()
    guard scheme == "http" || scheme == "https" else { throw fault("does not begin with http:// or https://") }
    let rest = whole[separator.upperBound...]
    let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
    let authority = rest[..<end]
    guard !authority.contains("@") else { throw fault("holds a user name or password; send them in a header") }
    let (host, digits) = try Self.split(authority)
    guard Self.isHost(host) else { throw fault("has no valid host") }
    var port = scheme == "https" ? 443 : 80
    if let digits, !digits.isEmpty {
      guard digits.utf8.count <= 5, digits.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(digits),
        (1...65535).contains(number)
      else { throw fault("has no valid port") }
      port = number
    }
    self.scheme = scheme
    self.host = host.lowercased()
    self.port = port
    target = rest[end...].first == "/" ? String(rest[end...]) : "/" + rest[end...]
  }

  var isIPv6: Bool { host.contains(":") }

  var text: String { "\(scheme)://\(isIPv6 ? "[\(host)]" : host):\(port)\(target)" }

  private static func split(_ authority: Substring) throws(OutgoingFailure) -> (host: Substring, port: Substring?) {
    if authority.first == "[" {
      guard let close = authority.firstIndex(of: "]") else { throw OutgoingFailure(.invalid, "The URL has no valid host.") }
      let after = authority[authority.index(after: close)...]
      guard after.isEmpty || after.first == ":" else { throw OutgoingFailure(.invalid, "The URL has no valid host.") }
      let host = authority[authority.index(after: authority.startIndex)..<close]
      guard host.contains(":") else { throw OutgoingFailure(.invalid, "The URL has no valid host.") }
      return (host, after.isEmpty ? nil : after.dropFirst())
    }
    guard let colon = authority.firstIndex(of: ":") else { return (authority, nil) }
    return (authority[..<colon], authority[authority.index(after: colon)...])
  }

  private static func isHost(_ host: Substring) -> Bool {
    guard (1...253).contains(host.utf8.count) else { return false }
    if host.contains(":") { return IPAddress(String(host)) != nil }
    return host.utf8.allSatisfy { byte in
      switch byte {
      case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
      default: false
      }
    } && host.first != "." && host.first != "-" && !host.contains("..")
  }
}
