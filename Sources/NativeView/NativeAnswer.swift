// Answers of the native API: JSON, and problems with the status of their category.
import Core
import HTTPServer

enum NativeAnswer {
  static func json(_ value: Value, status: Int = 200, position: Int? = nil) -> HTTPResponse {
    var response = HTTPResponse(status: status, contentType: "application/json", JSON.write(value))
    if let position { response.headers["Plumb-Position"] = String(position) }
    return response
  }

  static func problems(_ problems: Problems) -> HTTPResponse {
    var response = json(["problems": .list(problems.list.map(\.value))], status: status(problems.category))
    if problems.category == .unauthenticated { response.headers["WWW-Authenticate"] = "Bearer" }
    return response
  }

  static func status(_ category: Problem.Category) -> Int {
    switch category {
    case .invalid: 400
    case .unauthenticated: 401
    case .denied: 403
    case .missing: 404
    case .conflict: 409
    case .stale: 412
    case .tooLarge: 413
    case .refused: 422
    case .limited: 429
    case .unavailable: 503
    case .timeout: 504
    case .failure: 500
    }
  }
}
