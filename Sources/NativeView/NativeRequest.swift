// A request of the native API: authenticated, its path and query taken apart, and what its caller may see.
import Core
import HTTPServer
import Identity
import Kinds
import Ports

struct NativeRequest: Sendable {
  var method: String
  /// Segments below `/plumb/v1`, decoded.
  var path: [String] { parts.path }
  let parts: Parts
  var body: [UInt8]
  var caller: Caller

  struct Parts: Sendable {
    var path: [String]
    var query: [String: String]

    init(_ request: HTTPRequest) throws {
      let raw = request.path.dropFirst(NativeHandler.base.count).split(separator: "/")
      path = try raw.map { segment in
        guard let text = PercentEncoding.decode(segment) else { throw Self.problem("The path has a broken escape.") }
        return text
      }
      query = [:]
      guard let pairs = QueryString.parse(request.query ?? "") else { throw Self.problem("The query has a broken escape.") }
      for (name, value) in pairs {
        if query[name] != nil { throw Self.problem("The parameter \(name) stands twice.") }
        query[name] = value
      }
    }

    private static func problem(_ message: String) -> Problem { Problem(.invalid, code: "bad_request", message) }
  }

  func query(_ name: String) -> String? { parts.query[name].flatMap { $0.isEmpty ? nil : $0 } }

  func flag(_ name: String) throws -> Bool {
    switch query(name) {
    case nil, "false", "0": return false
    case "true", "1": return true
    case let other?: throw Problem(.invalid, code: "parameter", "\(name) cannot be \"\(other)\".", fix: "Write true or false.")
    }
  }

  func integer(_ name: String, in range: ClosedRange<Int>, standard: Int) throws -> Int {
    guard let text = query(name) else { return standard }
    guard let number = Int(text), range.contains(number) else {
      throw Problem(
        .invalid, code: "parameter", "\(name) cannot be \"\(text)\".",
        fix: "Write a number from \(range.lowerBound) to \(range.upperBound).")
    }
    return number
  }

  func moment(_ name: String) throws -> Timestamp? {
    guard let text = query(name) else { return nil }
    guard let moment = Timestamp(text) else {
      throw Problem(
        .invalid, code: "parameter", "\(name) cannot be \"\(text)\".", fix: "Write a moment such as 2026-01-31T12:00:00Z.")
    }
    return moment
  }

  func json() throws -> Value {
    do {
      let value = try JSON.parse(body)
      guard value.object != nil else { throw Problem(.invalid, code: "body", "The body is no JSON object.") }
      return value
    } catch let error as JSONError {
      throw Problem(
        .invalid, code: "body", "The body is no JSON: \(error.message).",
        place: Place(file: "body", line: error.line, column: error.column))
    }
  }

  // MARK: What the caller may

  /// Where the objects of a kind live that this caller speaks of.
  func home(of kind: KindSpec) -> UID { kind.scope == .platform || kind.scope == .shared ? .rootTenant : caller.tenant }

  func mayUse(_ verb: String, _ kind: KindSpec) throws {
    let scoped =
      caller.scopes.contains("*") || caller.scopes.contains(verb == "read" ? "read" : "write")
      || (verb == "read" && caller.scopes.contains("write"))
    let ofPlatform = verb != "read" && (kind.scope == .platform || kind.scope == .shared) && !caller.isOperator
    guard scoped, !ofPlatform, caller.may(verb, kind.name) else {
      throw Problem(
        .denied, code: "denied", "\(caller.actor) may not \(verb) \(kind.name) objects.",
        fix: "A role with \(kind.name).\(verb) permits it.")
    }
  }

  func mayRead(_ kind: KindSpec) -> Bool { (try? mayUse("read", kind)) != nil }

  /// Objects of the platform are the operators'; a tenant sees itself.
  func maySee(_ object: StoredObject, _ kind: KindSpec) -> Bool {
    switch kind.scope {
    case .platform:
      caller.isOperator || object.uid == caller.tenant || object.spec["tenant"] == .string(caller.tenant.description)
    case .shared: true
    case .tenant, .organization: object.tenant == caller.tenant || caller.isOperator
    }
  }
}
