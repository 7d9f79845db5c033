// The body of a request: read as its media type says, checked member by member against what the route takes.
import Core
import Foundation
import HTTPServer
import Kinds
import Ports

/// What a body gave: `raw` as it was sent, for expressions; faults of all members at once.
struct BodyReader {
  private(set) var raw: Value = .null
  private(set) var files: [UploadedFile] = []
  private(set) var problems: [Problem] = []

  /// Throws a Problem for a body that cannot be read at all.
  init(_ request: HTTPRequest, route: ServedRoute) throws {
    guard route.readsBody else {
      raw = .emptyObject
      return
    }
    let media = request.headers["Content-Type"].map(Self.mediaType) ?? ""
    if media == "multipart/form-data", route.spec.accept.contains("multipart") {
      let parts = try MultipartReader(request.body, type: request.headers["Content-Type"] ?? "")
      files = parts.files
      raw = Self.form(parts.texts, route.bodyMembers)
      raw = Self.adding(files, to: raw, route.bodyMembers)
    } else {
      raw = try Self.decode(request, media, accept: route.spec.accept, members: route.bodyMembers)
    }
    raw = WholeNumbers.read(raw, route.bodyMembers)
    guard case .object(var map) = raw else {
      throw Problem(
        .invalid, code: ProblemCode.badJSON,
        "The body must be a JSON object, not \(raw.typeName == "list" ? "a list" : "a \(raw.typeName)").")
    }
    if route.spec.verb == .create {
      // An absent member and null are the same where there is nothing to clear.
      map = Self.withoutNulls(map, route.bodyMembers)
      if let each = route.spec.each, let items = map[each.member]?.list,
        let members = route.bodyMembers.first(where: { $0.name == each.member })?.of?.fields
      {
        let clean = items.map { item in item.object.map { Value.object(Self.withoutNulls($0, members)) } ?? item }
        map[each.member] = .list(clean)
        raw = .object(map)
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

  private static func withoutNulls(_ map: ObjectMap, _ members: [FieldSpec]) -> ObjectMap {
    var map = map
    for name in map.keys where map[name]?.isNull == true && members.contains(where: { $0.name == name && !$0.required }) {
      map[name] = nil
    }
    return map
  }

  /// Codes of `FieldCheck` that are about one value; rules, keys and limits keep their own.
  private static let valueCodes: Set = [
    "read_only", "type", "enum", "min", "max", "pattern", "format", "secret", "reference", "duplicate", "missing_reference",
    "cross_tenant",
  ]

  /// The words of field checks in the words of the families.
  static func translated(_ problem: Problem) -> Problem {
    var problem = problem
    switch problem.code {
    case "required": problem.code = ProblemCode.missingField
    case let code where valueCodes.contains(code): problem.code = ProblemCode.badField
    default: break
    }
    return problem
  }

  private static func decode(_ request: HTTPRequest, _ media: String, accept: [String], members: [FieldSpec]) throws -> Value {
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
    let types = ["form": "application/x-www-form-urlencoded", "multipart": "multipart/form-data"]
    let known = accept.map { types[$0] ?? "application/\($0)" }
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
    return form(pairs, members)
  }

  /// What a handler sees of a file that the route names: an object where that is its type, else the bytes as base64.
  private static func adding(_ files: [UploadedFile], to raw: Value, _ members: [FieldSpec]) -> Value {
    guard case .object(var map) = raw else { return raw }
    for file in files {
      guard let field = members.first(where: { $0.name == file.name }) else {
        map[file.name] = .string(file.fileName)
        continue
      }
      let facts: Value = ["fileName": .string(file.fileName), "type": .string(file.type), "size": .int(file.bytes.count)]
      switch field.type {
      case .bytes: map[file.name] = .string(Data(file.bytes).base64EncodedString())
      case .string: map[file.name] = String(validating: file.bytes, as: UTF8.self).map(Value.string) ?? facts
      default: map[file.name] = facts
      }
    }
    return .object(map)
  }

  private static func form(_ pairs: [(name: String, value: String)], _ members: [FieldSpec]) -> Value {
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
