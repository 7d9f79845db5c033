// From the category and code of a problem to the HTTP status that a family documents for it.
import Core
import Kinds

enum ErrorStatus {
  /// What a family answers where it says nothing else.
  private static let standard: [Problem.Category: Int] = [
    .invalid: 400, .unauthenticated: 401, .denied: 403, .missing: 404, .conflict: 409, .stale: 409, .refused: 422, .tooLarge: 413,
    .limited: 429, .unavailable: 503, .timeout: 504, .failure: 500,
  ]
  private static let codes: [String: Int] = ["unsupported_media": 415, "not_allowed": 405]

  /// Where a guard's own status travels in a problem's details; the error writer leaves it out.
  static let detail = "$status"

  /// The route's word goes before the family's, a code's before a category's.
  static func of(_ problem: Problem, family: FamilySpec, route: RouteSpec?) -> Int {
    if let status = problem.details[detail]?.int { return status }
    if let status = route?.errors[problem.code] ?? route?.errors[problem.category.rawValue] { return status }
    if let status = family.errors.codes[problem.code] { return status }
    if problem.code == ProblemCode.badID { return family.badID }
    if let status = codes[problem.code] ?? family.errors.statuses[problem.category.rawValue] { return status }
    return standard[problem.category] ?? 500
  }

  /// The problem to answer with: the first one of the category that a caller must know first.
  static func leading(_ problems: Problems) -> Problem {
    let category = problems.category
    return problems.list.first { $0.category == category }
      ?? Problem(.failure, code: "failure", "Something went wrong.")
  }
}

/// Codes of the problems that this module finds by itself.
enum ProblemCode {
  static let badJSON = "bad_json"
  static let badID = "bad_id"
  static let badPath = "bad_path"
  static let badQuery = "bad_query"
  static let badField = "bad_field"
  static let missingField = "missing_field"
  static let unknownField = "unknown_field"
  static let tooLarge = "too_large"
  static let unsupportedMedia = "unsupported_media"
  static let unauthenticated = "unauthenticated"
  static let denied = "denied"
  static let missing = "missing"
  static let conflict = "conflict"
  static let notAllowed = "not_allowed"
  static let limited = "limited"
  static let unavailable = "unavailable"
  static let failure = "failure"
  static let tenantRequired = "tenant_required"
}
