// The seam between the client and the wire: one request, one answer, or a stream of bytes.

struct ClientRequest: Sendable {
  var method: String
  /// Path and query, percent-encoded.
  var target: String
  var headers: [(name: String, value: String)] = []
  var body: [UInt8] = []
}

struct ClientResponse: Sendable {
  var status: Int
  /// Names in lower case.
  var headers: [String: String] = [:]
  var body: [UInt8] = []
}

protocol Transport: AnyObject {
  /// Sends a request and reads the whole answer. Throws Problem(.unavailable or .timeout), or `Interrupted`.
  func send(_ request: ClientRequest, within: Duration) throws -> ClientResponse
  /// Sends a request and hands over the body's bytes as they come, until `take` says false or the answer ends. An answer other
  /// than 200 comes back whole, with its body.
  func stream(_ request: ClientRequest, take: ([UInt8]) throws -> Bool) throws -> ClientResponse
}

enum ClientLimits {
  static let connectTime: Duration = .seconds(5)
  /// A large apply may take this long.
  static let answerTime: Duration = .seconds(300)
  /// An event stream that is silent for this long is broken: the server says something every 15 seconds.
  static let silence: Duration = .seconds(60)
  static let headBytes = 64 << 10
  static let bodyBytes = 1 << 30
}
