// One line of the request log.
import Core

/// What is told of a request: never its path's values, its body, its query or its credential.
public struct RequestLine: Sendable {
  public var method: String
  /// The route's pattern, such as `/deploy/api/apps/{id}`; nil when no route matched.
  public var pattern: String?
  /// Id of the operation.
  public var route: String?
  public var family: String?
  public var status: Int
  public var duration: Duration
  public var requestID: String
  /// The tenant that the call acted in is not known to the log: only what went wrong inside, for status 500 and 503.
  public var fault: String?
}
