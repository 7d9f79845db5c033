// A request's head after it was checked: what to hand on, and how its body is framed.

struct RequestHead {
  enum Framing: Equatable {
    case none
    case length(Int)
    case chunked
  }

  /// With no body yet.
  var request: HTTPRequest
  var isHTTP11: Bool
  var keepAlive: Bool
  var framing: Framing
  var expectsContinue: Bool
}
