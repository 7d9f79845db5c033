// What a server asks of the program.

public protocol HTTPHandler: Sendable {
  /// Answers one request. Runs on an event loop's thread: it may suspend, but must not block or compute for long. HEAD arrives
  /// as HEAD; answer it as GET, the server leaves the body out.
  func handle(_ request: HTTPRequest) async -> HTTPResponse

  /// The largest body, in bytes, that this request may have. Called after the head, only when a body follows; must be quick.
  func bodyLimit(for head: HTTPRequest) -> Int
}

extension HTTPHandler {
  public func bodyLimit(for head: HTTPRequest) -> Int { HTTPLimits.defaultBodyLimit }
}
