// Values to YAML for people: block style, quotes only where the text would read back as something else.
import Core

public enum YAMLWriter {
  /// One document, ending in a newline. `YAMLReader` reads it back equal, but for NaN, which equals nothing.
  public static func write(_ value: Value) -> String {
    var out = ""
    switch value {
    case .object(let map) where !map.isEmpty: members(map, indent: 0, to: &out)
    case .list(let list) where !list.isEmpty: items(list, indent: 0, to: &out)
    default: out = scalar(value) + "\n"
    }
    return out
  }

  /// Several documents, with `---` between them.
  public static func write(documents: [Value]) -> String {
    documents.map(write).joined(separator: "---\n")
  }

  private static func members(_ map: ObjectMap, indent: Int, firstIndent: Int? = nil, to out: inout String) {
    for (n, member) in map.enumerated() {
      pad(n == 0 ? firstIndent ?? indent : indent, &out)
      key(member.key, indent: indent, to: &out)
      switch member.value {
      case .object(let inner) where !inner.isEmpty:
        out += "\n"
        members(inner, indent: indent + 2, to: &out)
      case .list(let list) where !list.isEmpty:
        out += "\n"
        items(list, indent: indent + 2, to: &out)
      case .string(let string) where isBlock(string):
        block(string, indent: indent + 2, to: &out)
      default: out += " " + scalar(member.value) + "\n"
      }
    }
  }

  private static func key(_ key: String, indent: Int, to out: inout String) {
    let shown = text(key)
    // Only a key with `?` before it may be longer.
    if shown.unicodeScalars.count <= longestKey {
      out += shown + ":"
      return
    }
    out += "? " + shown + "\n"
    pad(indent, &out)
    out += ":"
  }

  private static func items(_ list: [Value], indent: Int, firstIndent: Int? = nil, to out: inout String) {
    for (n, item) in list.enumerated() {
      pad(n == 0 ? firstIndent ?? indent : indent, &out)
      out += "- "
      switch item {
      case .object(let inner) where !inner.isEmpty: members(inner, indent: indent + 2, firstIndent: 0, to: &out)
      case .list(let inner) where !inner.isEmpty: items(inner, indent: indent + 2, firstIndent: 0, to: &out)
      default: out += scalar(item) + "\n"
      }
    }
  }

  private static func pad(_ count: Int, _ out: inout String) { out += String(repeating: " ", count: count) }

  private static func scalar(_ value: Value) -> String {
    switch value {
    case .null: "null"
    case .bool(let flag): flag ? "true" : "false"
    case .int(let number): String(number)
    case .double(let number): number.isNaN ? ".nan" : number.isInfinite ? (number < 0 ? "-.inf" : ".inf") : "\(number)"
    case .string(let string): text(string)
    case .list: "[]"
    case .object: "{}"
    }
  }

  // MARK: Text

  /// Several lines of plain characters, which read best as a block (`|`).
  private static func isBlock(_ string: String) -> Bool {
    let bytes = string.utf8
    guard bytes.contains(10), let first = bytes.first, first != 32, first != 10, first != 9,
      string.unicodeScalars.allSatisfy(isPrintable)
    else { return false }
    // Trailing newlines beyond one, and lines of space, are kept exactly only in quotes.
    return !string.hasSuffix("\n\n") && !bytes.split(separator: 10).contains { $0.last == 32 || $0.last == 9 || $0.last == 13 }
  }

  private static func block(_ string: String, indent: Int, to out: inout String) {
    out += string.utf8.last == 10 ? " |\n" : " |-\n"
    for line in string.split(separator: "\n", omittingEmptySubsequences: false) where line.startIndex < string.endIndex {
      if !line.isEmpty { pad(indent, &out) }
      out += line + "\n"
    }
  }

  private static func isPrintable(_ c: Unicode.Scalar) -> Bool {
    switch c.value {
    case 10, 0x20...0x7E, 0xA0...0x2027, 0x202A...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF: true
    default: false
    }
  }

  /// The most characters of a key without `?`: libyaml allows 1024.
  private static let longestKey = 1000

  private static func text(_ string: String) -> String {
    if isPlain(string) { return string }
    var out = "\""
    for c in string.unicodeScalars {
      switch c {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\t": out += "\\t"
      case "\r": out += "\\r"
      default:
        if isPrintable(c) {
          out.unicodeScalars.append(c)
        } else {
          let hex = String(c.value, radix: 16)
          let width = c.value < 0x100 ? 2 : c.value < 0x10000 ? 4 : 8
          out += (width == 2 ? "\\x" : width == 4 ? "\\u" : "\\U") + String(repeating: "0", count: width - hex.count) + hex
        }
      }
    }
    return out + "\""
  }

  /// Whether the text reads back as itself without quotes, in YAML 1.1 readers too (`yes`, `on`, `1:30`, `2024-01-01`).
  private static func isPlain(_ string: String) -> Bool {
    let bytes = Array(string.utf8)
    guard let first = bytes.first, let last = bytes.last, last != 32, last != UInt8(ascii: ":") else { return false }
    let isLetter =
      (first | 0x20 >= 97 && first | 0x20 <= 122) || first == UInt8(ascii: "/") || first == UInt8(ascii: "_") || first >= 0xC2
    let isDigit = first >= 48 && first <= 57
    guard isLetter || isDigit else { return false }
    guard string.unicodeScalars.allSatisfy({ isPrintable($0) && $0 != "\n" }) else { return false }
    for at in bytes.indices.dropFirst() {
      if bytes[at] == UInt8(ascii: "#"), bytes[at - 1] == 32 { return false }
      if bytes[at] == 32, bytes[at - 1] == UInt8(ascii: ":") { return false }
    }
    if isDigit {
      // Not a number, date or time, and nothing that another reader could take for one.
      return bytes.contains { $0 | 0x20 >= 97 && $0 | 0x20 <= 122 } && !looksNumeric(bytes)
    }
    return !words.contains(string.lowercased())
  }

  private static func looksNumeric(_ bytes: [UInt8]) -> Bool {
    bytes.allSatisfy { ($0 >= 48 && $0 <= 57) || ".:+-_eExXoOabcdfABCDFTZtz ".utf8.contains($0) }
  }

  private static let words: Set<String> = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
}
