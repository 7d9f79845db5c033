// The seam for operations that data cannot describe: Swift by name.
import Core
import HTTPServer

enum HandlerResult: Sendable {
  /// Shown through the route's reply (`result`) or as it is, in the family's envelope.
  case value(Value)
  /// Sent as it is.
  case response(HTTPResponse)
}

/// Registered under the name that specs use in `handler:`.
protocol RouteHandler: Sendable {
  var name: String { get }
  /// Throws Problem or Problems.
  func handle(_ context: RequestContext) async throws -> HandlerResult
}
