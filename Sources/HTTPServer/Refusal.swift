// A message that breaks the protocol or a limit, and the answer to it. The connection always closes after one.

struct Refusal: Error, Sendable, Equatable {
  var status: Int
  var code: String
  var message: String

  static func bad(_ message: String) -> Refusal { Refusal(status: 400, code: "bad_request", message: message) }

  static let headTimeout = Refusal(status: 408, code: "timeout", message: "The request's head did not arrive in time.")
  static let bodyTimeout = Refusal(status: 408, code: "timeout", message: "The request's body did not arrive in time.")
  static let targetTooLong = Refusal(status: 414, code: "target_too_long", message: "The request line is too long.")
  static let headTooLarge = Refusal(
    status: 431, code: "head_too_large", message: "The request's header fields are too large or too many.")
  static let expectation = Refusal(
    status: 417, code: "expectation_failed", message: "Only the expectation 100-continue is known.")
  static let version = Refusal(status: 505, code: "version_not_supported", message: "Only HTTP/1.1 and HTTP/1.0 are spoken here.")
  static let coding = Refusal(
    status: 501, code: "coding_not_supported", message: "The only transfer coding understood is chunked, alone.")
  static let busy = Refusal(status: 503, code: "busy", message: "The server is at its limit. Try again in a few seconds.")

  static func bodyTooLarge(_ limit: Int) -> Refusal {
    Refusal(status: 413, code: "body_too_large", message: "The request's body is larger than the \(limit) bytes allowed here.")
  }

  /// The small JSON body of the answer. Codes and messages hold no character that JSON escapes.
  var body: [UInt8] { Array("{\"error\":{\"code\":\"\(code)\",\"message\":\"\(message)\"}}\n".utf8) }
}
