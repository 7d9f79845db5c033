// What a handler answers.

public struct HTTPResponse: Sendable {
  /// 200 to 599.
  public var status: Int
  /// Without Content-Length, Transfer-Encoding, Date and Connection, which are the server's: it ignores them here.
  public var headers: HTTPHeaders
  public var body: HTTPBody

  public init(status: Int, headers: HTTPHeaders = HTTPHeaders(), body: HTTPBody = .bytes([])) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// A body of a given media type.
  public init(status: Int = 200, contentType: String, _ bytes: [UInt8]) {
    self.init(status: status, headers: ["Content-Type": contentType], body: .bytes(bytes))
  }
}

public enum HTTPBody: Sendable {
  /// Bodies over 1 KiB of a text-like Content-Type are compressed for clients that accept it, unless Content-Encoding is set.
  case bytes([UInt8])
  /// Written while the closure runs. Its task is cancelled when the client leaves; throwing breaks the answer off visibly. With
  /// the Content-Type `text/event-stream` the head is sent at once, silence is filled with comment lines, and a shutdown of the
  /// server cancels the task.
  case stream(@Sendable (HTTPStreamWriter) async throws -> Void)
}
