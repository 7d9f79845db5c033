// A call to somebody else's HTTP server, its answer, and why there may be none.

public struct OutgoingRequest: Sendable {
  public static let defaultTimeout = Duration.seconds(10)

  /// A token such as `POST`.
  public var method: String
  /// http or https, without user name and password.
  public var url: String
  public var headers: [(name: String, value: String)]
  public var body: [UInt8]
  /// For all of it: resolving, connecting, sending, receiving.
  public var timeout: Duration

  public init(
    method: String = "GET", url: String, headers: [(name: String, value: String)] = [], body: [UInt8] = [],
    timeout: Duration = defaultTimeout
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.timeout = timeout
  }
}

public struct OutgoingResponse: Sendable {
  public var status: Int
  public var headers: [(name: String, value: String)]
  /// At most `OutgoingHTTP.responseLimit` bytes.
  public var body: [UInt8]
  /// More of the body came, and was dropped.
  public var isCut: Bool
  public var durationMs: Int

  /// The first value of a header, whatever its case.
  public func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name.lowercased() }?.value }
}

public struct OutgoingFailure: Error, Sendable, Equatable {
  public enum Reason: String, Sendable {
    /// URL, method or header cannot be sent.
    case invalid
    /// The host is, or is only, in a network that tenants must not reach.
    case refusedTarget
    case unresolved, connectFailed, timeout, tls
    /// The request's body is over the limit.
    case tooLarge
    case programMissing
    /// The server broke off, or did not speak HTTP.
    case other
  }

  public var reason: Reason
  public var message: String
  /// The server may have received the request: trying again may do it twice.
  public var mayHaveArrived: Bool
  public var durationMs: Int

  public init(_ reason: Reason, _ message: String, mayHaveArrived: Bool = false, durationMs: Int = 0) {
    self.reason = reason
    self.message = message
    self.mayHaveArrived = mayHaveArrived
    self.durationMs = durationMs
  }
}
