// The query of a request: decoded once, each parameter read as the type that its spec says.
import Core
import HTTPServer
import Kinds

struct QueryReader: Sendable {
  let pairs: [(name: String, value: String)]

  /// Throws a Problem for a broken escape or too many parameters.
  init(_ raw: String?) throws {
    guard let raw, !raw.isEmpty else {
      pairs = []
      return
    }
    guard let pairs = QueryString.parse(raw) else {
      throw Problem(
        .invalid, code: ProblemCode.badQuery,
        "The query cannot be read: a percent escape is broken, or there are more than \(QueryString.pairLimit) parameters.")
    }
    self.pairs = pairs
  }

  /// The last value of a parameter, as callers mean it who write one twice by mistake.
  subscript(name: String) -> String? { pairs.last { $0.name == name }?.value }

  func all(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }

  var value: Value { .object(ObjectMap(pairs.map { ($0.name, .string($0.value)) })) }

  /// The typed value of a parameter; nil when it is absent or empty.
  func value(_ field: FieldSpec, _ problems: inout [Problem]) -> Value? {
    let texts = all(field.name).filter { !$0.isEmpty }
    guard let text = texts.last else { return nil }
    let value: Value?
    if field.type == .list {
      let items = texts.count > 1 ? texts : text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      let typed = items.map { item in field.of.map { Self.typed(item, $0) } ?? .string(item) }
      value = typed.contains { $0 == nil } ? nil : .list(typed.compactMap { $0 })
    } else {
      value = Self.typed(text, field)
    }
    guard let value else {
      problems.append(Self.problem(field.name, "\(Self.word(field)) is expected, not \"\(text.prefix(40))\""))
      return nil
    }
    let faults = FieldCheck.check(value, field: field, mode: .api, pointer: "/\(field.name)")
    for fault in faults { problems.append(Self.problem(field.name, fault.message)) }
    guard faults.isEmpty else { return .none }
    return .some(value)
  }

  /// A whole number that is not negative; nil when it is absent.
  func count(_ name: String, _ problems: inout [Problem]) -> Int? {
    guard let text = self[name], !text.isEmpty else { return nil }
    guard let number = Int(text), number >= 0, text.utf8.allSatisfy({ (48...57).contains($0) }) else {
      problems.append(Self.problem(name, "a whole number from 0 on is expected, not \"\(text.prefix(40))\""))
      return nil
    }
    return number
  }

  static func problem(_ name: String, _ message: String) -> Problem {
    Problem(.invalid, code: ProblemCode.badQuery, message, pointer: "/\(name)")
  }

  /// Nil when the text is no value of the type.
  static func typed(_ text: String, _ field: FieldSpec) -> Value? {
    switch field.type {
    case .integer: Int(text).map(Value.int)
    case .number: Double(text).flatMap { $0.isFinite ? .double($0) : nil }
    case .boolean: text == "true" || text == "1" ? .bool(true) : text == "false" || text == "0" ? .bool(false) : nil
    case .timestamp: Timestamp(text).map { .string($0.description) }
    case .object, .map: try? JSON.parse(text)
    case .any: (try? JSON.parse(text)) ?? .string(text)
    default: .string(text)
    }
  }

  private static func word(_ field: FieldSpec) -> String {
    switch field.type {
    case .integer: "an integer"
    case .number: "a number"
    case .boolean: "true or false"
    case .timestamp: "a time such as 2026-01-31T12:00:00Z"
    default: "a value of type \(field.type.rawValue)"
    }
  }
}
