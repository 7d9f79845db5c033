// A request as a handler sees it.

public struct HTTPRequest: Sendable {
  /// As sent; methods are case-sensitive.
  public var method: String
  /// The request target as sent.
  public var target: String
  /// The path, still percent-encoded; begins with `/`, or is `*` (OPTIONS only).
  public var path: String
  /// What follows `?`, still percent-encoded; nil without a `?`.
  public var query: String?
  public var headers: HTTPHeaders
  /// The whole body; empty in `HTTPHandler.bodyLimit`, which comes before it.
  public var body: [UInt8]
  /// The peer's IP address, or `unix` for a local socket. Behind a proxy this is the proxy.
  public var remoteAddress: String
  /// Unique in this process.
  public var id: UInt64

  public init(
    method: String, target: String, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = [], remoteAddress: String = "",
    id: UInt64 = 0
  ) {
    self.method = method
    self.target = target
    if let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) {
      path = String(target[..<mark])
      query = String(target[target.utf8.index(after: mark)...])
    } else {
      path = target
      query = nil
    }
    self.headers = headers
    self.body = body
    self.remoteAddress = remoteAddress
    self.id = id
  }
}
