// The body of a request: read as its media type says, checked member by member against what the route takes.
import Core
import HTTPServer
import Kinds

/// What a body gave: `raw` as it was sent, for expressions; faults of all members at once.
struct BodyReader {
  private(set) var raw: Value = .null
  private(set) var problems: [Problem] = []

  /// Throws a Problem for a body that cannot be read at all.
  init(_ request: HTTPRequest, route: ServedRoute) throws {
    guard route.hasBody, !route.spec.accept.contains("raw") else {
      raw = .emptyObject
      return
    }
    raw = try Self.decode(request, accept: route.spec.accept, members: route.bodyMembers)
    raw = WholeNumbers.read(raw, route.bodyMembers)
    guard case .object(var map) = raw else {
      throw Problem(
        .invalid, code: ProblemCode.badJSON,
        "The body must be a JSON object, not \(raw.typeName == "list" ? "a list" : "a \(raw.typeName)").")
    }
    if route.spec.verb == .create {
      // An absent member and null are the same where there is nothing to clear.
      for name in map.keys
      where map[name]?.isNull == true && route.bodyMembers.contains(where: { $0.name == name && !$0.required }) {
        map[name] = nil
      }
    }
    let faults = FieldCheck.check(.object(map), against: route.bodyMembers, mode: .api, partial: false, pointer: "")
    problems = faults.map(Self.translated)
    for member in route.bodyMembers where member.required && map[member.name]?.isNull == true {
      let pointer = "/" + FieldCheck.escape(member.name)
      if !problems.contains(where: { $0.pointer == pointer }) {
        problems.append(
          Problem(.invalid, code: ProblemCode.missingField, "\"\(member.name)\" is required and cannot be null", pointer: pointer)
        )
      }
    }
  }

  /// The words of field checks in the words of the families.
  static func translated(_ problem: Problem) -> Problem {
    var problem = problem
    switch problem.code {
    case "required": problem.code = ProblemCode.missingField
    case ProblemCode.unknownField, ProblemCode.missingField, "immutable": break
    default: problem.code = ProblemCode.badField
    }
    return problem
  }

  private static func decode(_ request: HTTPRequest, accept: [String], members: [FieldSpec]) throws -> Value {
    let media = request.headers["Content-Type"].map(mediaType) ?? ""
    if request.body.isEmpty { return .emptyObject }
    if media == "application/x-www-form-urlencoded" {
      guard accept.contains("form") else { throw unsupported(media, accept) }
      return try form(request.body, members)
    }
    guard accept.contains("json"), media.isEmpty || media == "application/json" || media.hasSuffix("+json") else {
      throw unsupported(media, accept)
    }
    do { return try JSON.parse(request.body) } catch let error as JSONError {
      throw Problem(
        .invalid, code: ProblemCode.badJSON,
        "The body is not valid JSON: line \(error.line), column \(error.column): \(error.message).")
    }
  }

  private static func unsupported(_ media: String, _ accept: [String]) -> Problem {
    let known = accept.map { $0 == "form" ? "application/x-www-form-urlencoded" : "application/\($0)" }
    return Problem(
      .invalid, code: ProblemCode.unsupportedMedia, "The media type \"\(media.prefix(80))\" is not accepted here.",
      fix: "Send \(known.joined(separator: " or ")).")
  }

  /// `application/json; charset=utf-8` without its parameters, in lower case.
  private static func mediaType(_ header: String) -> String {
    var type = header.prefix { $0 != ";" }
    while type.last == " " || type.last == "\t" { type.removeLast() }
    return type.lowercased()
  }

  private static func form(_ body: [UInt8], _ members: [FieldSpec]) throws -> Value {
    guard let text = String(validating: body, as: UTF8.self), let pairs = QueryString.parse(text) else {
      throw Problem(
        .invalid, code: ProblemCode.badJSON, "The form cannot be read: a percent escape is broken, or there are too many members."
      )
    }
    var map = ObjectMap()
    for (name, value) in pairs {
      guard let field = members.first(where: { $0.name == name }) else {
        map[name] = .string(value)
        continue
      }
      let item = field.type == .list ? field.of : field
      let typed = item.flatMap { QueryReader.typed(value, $0) } ?? .string(value)
      map[name] = field.type == .list ? .list((map[name]?.list ?? []) + [typed]) : typed
    }
    return .object(map)
  }
}
