// Problems to responses in a family's own error shape.
import Core
import HTTPServer
import Kinds

struct ErrorWriter: Sendable {
  /// At most this many problems are told in one answer.
  static let problemLimit = 50
  /// Seconds a client should wait when the store cannot be reached.
  private static let retryAfter = "2"

  let family: FamilySpec
  let template: Template
  let version: String

  init(family: FamilySpec, version: String) {
    self.family = family
    self.version = version
    template = Template(family.errors.body)
  }

  func response(_ problems: Problems, route: RouteSpec?, requestID: String) -> HTTPResponse {
    let leading = ErrorStatus.leading(problems)
    let status = ErrorStatus.of(leading, family: family, route: route)
    let told = Array(problems.list.filter { $0.category == leading.category }.prefix(Self.problemLimit))
    var body: [UInt8] = []
    body.reserveCapacity(256)
    template.write(to: &body, members: details(leading, told)) { hole, out in
      switch hole {
      case .code: JSON.write(spelled(leading), to: &out)
      case .message: JSON.write(told.map(Self.sentence).joined(separator: " "), to: &out)
      case .requestId: JSON.write(requestID, to: &out)
      case .version: JSON.write(version, to: &out)
      case .status: JSON.write(status, to: &out)
      case .details: JSON.write(.object(details(leading, told)), to: &out)
      case .errors: JSON.write(.list(told.map(shown)), to: &out)
      default: out.append(contentsOf: "null".utf8)
      }
    }
    var response = HTTPResponse(status: status, contentType: "application/json", body)
    if status == 401 { response.headers.add("WWW-Authenticate", challenge) }
    if let seconds = leading.details["retryAfter"]?.int {
      response.headers.add("Retry-After", String(max(1, seconds)))
      if let most = leading.details["rateLimit"]?.int {
        response.headers.add("RateLimit-Limit", String(most))
        response.headers.add("RateLimit-Remaining", "0")
        response.headers.add("RateLimit-Reset", String(max(1, seconds)))
      }
    } else if status == 503 || status == 429 {
      response.headers.add("Retry-After", Self.retryAfter)
    }
    return response
  }

  /// A family spells codes, and categories for the codes it does not name; what it spells neither way is shown in upper case.
  private func spelled(_ problem: Problem) -> String {
    let spelling = family.errors.spelling
    return spelling[problem.code] ?? spelling[problem.category.rawValue]
      ?? (spelling.isEmpty ? problem.code : problem.code.uppercased().replacing("-", with: "_"))
  }

  private var challenge: String {
    let realm = "realm=\"\(family.name)\""
    return family.schemes.contains { $0.from.contains("bearer") } ? "Bearer \(realm)" : "ApiKey \(realm)"
  }

  /// What the family's body spreads: the problem's own data, with internal notes left out.
  private func details(_ leading: Problem, _ told: [Problem]) -> ObjectMap {
    var map = leading.details
    map["retryAfter"] = nil
    map["uid"] = nil
    map[ErrorStatus.detail] = nil
    if !template.has(.errors), told.count > 1 || told.first?.pointer != nil { map["errors"] = .list(told.map(shown)) }
    return map
  }

  private func shown(_ problem: Problem) -> Value {
    var map: ObjectMap = ["code": .string(spelled(problem)), "message": .string(Self.sentence(problem))]
    if let pointer = problem.pointer { map["pointer"] = .string(pointer) }
    return .object(map)
  }

  /// Whether the message says itself which member it is about.
  private static func names(_ text: String, _ name: String) -> Bool {
    text.hasPrefix("\(name) ") || text.hasPrefix("\(name):") || text.contains("\"\(name)\"") || text.contains("`\(name)`")
  }

  /// The message, the place it is about in front, and what to do behind.
  private static func sentence(_ problem: Problem) -> String {
    var text = problem.message
    if let pointer = problem.pointer, pointer.count > 1 {
      let name = String(pointer.dropFirst().replacing("/", with: "."))
      if !names(text, name) { text = "\(name): \(text)" }
    }
    if let last = text.last, !".!?".contains(last) { text += "." }
    if let fix = problem.fix { text += " \(fix)" }
    return text
  }
}
