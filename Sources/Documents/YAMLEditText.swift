// Values as an editor writes them into a document that somebody else laid out.
import Core

struct YAMLEditText {
  let isJSON: Bool

  /// On one line, safe between brackets.
  func flow(_ value: Value) -> String {
    if isJSON { return JSON.text(value) }
    switch value {
    case .string(let text): return Self.isWord(text) ? plain(value) : JSON.text(value)
    case .list(let items): return "[" + items.map(flow).joined(separator: ", ") + "]"
    case .object(let map): return "{" + map.map { "\(flow(.string($0.key))): \(flow($0.value))" }.joined(separator: ", ") + "}"
    default: return plain(value)
    }
  }

  /// In place of a value of this form. Collections are written on one line.
  func scalar(_ value: Value, like form: YAMLSpan.Form, indent: Int?, newline: String) -> String {
    if isJSON { return JSON.text(value) }
    guard case .string(let text) = value else { return flow(value) }
    switch form {
    case .singleQuoted where text.unicodeScalars.allSatisfy({ $0.value >= 32 && $0.value != 127 }):
      return "'" + text.replacing("'", with: "''") + "'"
    case .doubleQuoted: return JSON.text(value)
    case .block:
      if let indent, let block = block(text, indent: indent, newline: newline) { return block }
      return plain(value)
    default: return plain(value)
    }
  }

  /// A `|` block; nil when the text would not read back as it is.
  private func block(_ text: String, indent: Int, newline: String) -> String? {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let isEnded = text.hasSuffix("\n")
    let shown = isEnded ? lines.dropLast() : lines[...]
    guard let first = shown.first, !first.isEmpty, first.first != " ", let last = shown.last, !last.isEmpty,
      text.unicodeScalars.allSatisfy({ $0.value == 10 || ($0.value >= 32 && $0.value != 127) })
    else { return nil }
    let pad = String(repeating: " ", count: indent)
    return (isEnded ? "|" : "|-") + newline + shown.map { $0.isEmpty ? "" : pad + $0 }.joined(separator: newline)
  }

  private func plain(_ value: Value) -> String {
    let text = YAMLWriter.write(value)
    return text.hasSuffix("\n") ? String(text.dropLast()) : text
  }

  private static func isWord(_ text: String) -> Bool {
    text.utf8.allSatisfy {
      (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45 || $0 == 46 || $0 == 47 || $0 == 95
    } && !text.isEmpty && text.utf8.first != 45
  }

  /// `key: value` as lines of a block map, without the last break.
  func member(_ key: String, _ value: Value, indent: Int, newline: String) -> String {
    let written = isJSON ? JSON.text(.string(key)) + ": " + JSON.text(value) + "\n" : YAMLWriter.write(.object([key: value]))
    return indented(written, by: indent, newline: newline)
  }

  /// `- value` as lines of a block list, without the last break.
  func item(_ value: Value, indent: Int, newline: String) -> String {
    indented(YAMLWriter.write(.list([value])), by: indent, newline: newline)
  }

  private func indented(_ text: String, by indent: Int, newline: String) -> String {
    let pad = String(repeating: " ", count: indent)
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines.map { $0.isEmpty ? "" : pad + $0 }.joined(separator: newline)
  }
}
