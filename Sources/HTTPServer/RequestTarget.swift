// The forms of a request target (RFC 9112 section 3.2): origin, absolute, and `*` for OPTIONS. CONNECT's form is refused.

enum RequestTarget {
  /// A request with target, path and query set; `target` holds only characters that may stand in one.
  static func request(
    method: UnsafeBufferPointer<UInt8>, target: UnsafeBufferPointer<UInt8>
  ) throws(Refusal) -> HTTPRequest {
    let method = String(decoding: method, as: UTF8.self)
    let text = String(decoding: target, as: UTF8.self)
    if method == "CONNECT" { throw Refusal(status: 501, code: "not_implemented", message: "This server is no proxy.") }
    if target[0] == UInt8(ascii: "/") { return HTTPRequest(method: method, target: text) }
    if text == "*" {
      guard method == "OPTIONS" else { throw .bad("Only OPTIONS may ask for *.") }
      return HTTPRequest(method: method, target: text)
    }
    guard let (authority, rest) = split(text), !authority.isEmpty, authority.utf8.allSatisfy({ ByteClasses.host[Int($0)] })
    else { throw .bad("The request target is neither a path nor an http URL.") }
    var request = HTTPRequest(method: method, target: rest.first == "/" ? String(rest) : "/" + rest)
    request.target = text
    return request
  }

  /// The authority of an absolute target; nil for any other target.
  static func authority(of target: String) -> String? { split(target).map { String($0.authority) } }

  /// Authority and rest of an absolute target with scheme http or https.
  private static func split(_ target: String) -> (authority: Substring, rest: Substring)? {
    guard target.utf8.first != UInt8(ascii: "/"), let colon = target.firstIndex(of: ":") else { return nil }
    let scheme = target[..<colon].lowercased()
    let afterScheme = target[target.index(after: colon)...]
    guard scheme == "http" || scheme == "https", afterScheme.hasPrefix("//") else { return nil }
    let hierarchy = afterScheme.dropFirst(2)
    let end = hierarchy.firstIndex { $0 == "/" || $0 == "?" } ?? hierarchy.endIndex
    return (hierarchy[..<end], hierarchy[end...])
  }
}
