// Label selectors: `a=b`, `a!=b`, `a in (b, c)`, `a notin (b, c)`, `a`, `!a`, joined by commas.
import Core
import Ports

enum LabelSelector {
  static let terms = 20

  static func predicate(_ text: String) throws -> Predicate {
    let parts = split(text)
    guard parts.count <= terms else { throw problem(text, "it has more than \(terms) terms") }
    return .all(try parts.map { try term($0, text) })
  }

  private static func term(_ part: String, _ whole: String) throws -> Predicate {
    if let open = part.firstIndex(of: "("), part.hasSuffix(")") {
      let words = part[..<open].split(separator: " ").map(String.init)
      guard words.count == 2, words[1] == "in" || words[1] == "notin" else { throw problem(whole, "\"\(part)\" is no term") }
      let path = FieldPath.label(try name(words[0], whole))
      let values = part[part.index(after: open)...].dropLast().split(separator: ",").map { Value.string(trim($0)) }
      guard !values.isEmpty else { throw problem(whole, "\"\(part)\" names no values") }
      return words[1] == "in" ? .among(path, values) : .any([.isNull(path), .not(.among(path, values))])
    }
    for sign in ["!=", "==", "="] {
      guard let at = find(sign, in: part) else { continue }
      let path = FieldPath.label(try name(trim(part[..<at]), whole))
      let value = Value.string(trim(part[part.index(at, offsetBy: sign.count)...]))
      return sign == "!=" ? .any([.isNull(path), .compare(path, .notEqual, value)]) : .compare(path, .equal, value)
    }
    if part.hasPrefix("!") { return .isNull(.label(try name(trim(part.dropFirst()), whole))) }
    return .not(.isNull(.label(try name(part, whole))))
  }

  private static func find(_ sign: String, in text: String) -> String.Index? {
    text.indices.first { text[$0...].hasPrefix(sign) }
  }

  private static func name(_ text: String, _ whole: String) throws -> String {
    guard !text.isEmpty, text.utf8.count <= 253, !text.contains(where: { " =!()".contains($0) }) else {
      throw problem(whole, "\"\(text)\" is no name of a label")
    }
    return text
  }

  /// At commas outside parentheses.
  private static func split(_ text: String) -> [String] {
    var parts: [String] = []
    var part = ""
    var depth = 0
    for c in text {
      if c == "(" { depth += 1 }
      if c == ")" { depth -= 1 }
      if c == ",", depth == 0 {
        parts.append(trim(part))
        part = ""
      } else {
        part.append(c)
      }
    }
    parts.append(trim(part))
    return parts
  }

  private static func trim(_ text: some StringProtocol) -> String {
    var text = Substring(text)
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return String(text)
  }

  private static func problem(_ text: String, _ why: String) -> Problem {
    Problem(
      .invalid, code: "selector", "\"\(text)\" selects nothing: \(why).",
      fix: "Write such as team=shop,tier in (web,api),!legacy.")
  }
}
