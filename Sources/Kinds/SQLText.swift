// A read-only SQL file of a spec, taken apart: text, named parameters, names. It is never run as it stands.
import Core

/// One SELECT with parameters written `:name`. Tables are kinds: `"App"`.
public struct SQLText: Sendable {
  public enum Piece: Sendable, Equatable {
    case text(String)
    case parameter(String)
  }

  /// What is wrong with a file, at a byte of it.
  public struct Fault: Error, Sendable {
    public var message: String
    public var offset: Int
  }

  /// As people see it: `specs/deploy/App/busy.sql`.
  public let name: String
  public let source: String
  /// Each piece with the byte where it begins.
  public let pieces: [(piece: Piece, offset: Int)]
  /// Every word and quoted name outside of texts and comments.
  public let identifiers: Set<String>

  public init(name: String, source: String) throws(Fault) {
    self.name = name
    self.source = source
    var scanner = SQLScanner(Array(source.utf8))
    try scanner.run()
    pieces = scanner.pieces
    identifiers = scanner.identifiers
  }

  /// Names of parameters, each once, in order of their first use.
  public var parameters: [String] {
    var names: [String] = []
    for entry in pieces { if case .parameter(let name) = entry.piece, !names.contains(name) { names.append(name) } }
    return names
  }

  /// Line and column of a byte.
  public func place(_ offset: Int) -> Place {
    let before = source.utf8.prefix(max(0, min(offset, source.utf8.count)))
    let line = before.count { $0 == 10 } + 1
    let start = before.lastIndex(of: 10).map { before.index(after: $0) } ?? before.startIndex
    return Place(file: name, line: line, column: String(decoding: before[start...], as: UTF8.self).count + 1)
  }
}

/// Reads SQL's lexical structure, as PostgreSQL does.
private struct SQLScanner {
  private let bytes: [UInt8]
  private var at = 0
  private var textStart = 0
  private var firstWord: String?
  private var end: Int
  private(set) var pieces: [(piece: SQLText.Piece, offset: Int)] = []
  private(set) var identifiers: Set<String> = []

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    end = bytes.count
  }

  mutating func run() throws(SQLText.Fault) {
    while at < end {
      switch bytes[at] {
      case UInt8(ascii: "'"): try text(escapes: false)
      case UInt8(ascii: "\""): try quotedName()
      case UInt8(ascii: "-") where peek(1) == UInt8(ascii: "-"): lineComment()
      case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "*"): try blockComment()
      case UInt8(ascii: "$"): try dollar()
      case UInt8(ascii: ":"): colon()
      case UInt8(ascii: ";"): try semicolon()
      case let byte where Self.isNameStart(byte): try word()
      case let byte where Self.isDigit(byte): while at < end, Self.isName(bytes[at]) { at += 1 }
      default: at += 1
      }
    }
    flush(to: end)
    if firstWord != "select", firstWord != "with" {
      throw SQLText.Fault(message: "an SQL file is one SELECT", offset: 0)
    }
  }

  private func peek(_ ahead: Int) -> UInt8? { at + ahead < bytes.count ? bytes[at + ahead] : nil }

  private mutating func flush(to stop: Int) {
    if stop > textStart { pieces.append((.text(String(decoding: bytes[textStart..<stop], as: UTF8.self)), textStart)) }
  }

  private mutating func text(escapes: Bool) throws(SQLText.Fault) {
    let start = at
    at += 1
    while at < bytes.count {
      if escapes, bytes[at] == UInt8(ascii: "\\") {
        at += 2
      } else if bytes[at] == UInt8(ascii: "'") {
        at += 1
        if at < bytes.count, bytes[at] == UInt8(ascii: "'") { at += 1 } else { return }
      } else {
        at += 1
      }
    }
    throw SQLText.Fault(message: "this text does not end", offset: start)
  }

  private mutating func quotedName() throws(SQLText.Fault) {
    let start = at
    at += 1
    var name: [UInt8] = []
    while at < bytes.count {
      if bytes[at] == UInt8(ascii: "\"") {
        at += 1
        guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else {
          return try take(String(decoding: name, as: UTF8.self), at: start)
        }
      }
      name.append(bytes[at])
      at += 1
    }
    throw SQLText.Fault(message: "this quoted name does not end", offset: start)
  }

  private mutating func lineComment() { while at < bytes.count, bytes[at] != 10 { at += 1 } }

  private mutating func blockComment() throws(SQLText.Fault) {
    let start = at
    var depth = 0
    while at < bytes.count {
      if bytes[at] == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
        depth += 1
        at += 2
      } else if bytes[at] == UInt8(ascii: "*"), peek(1) == UInt8(ascii: "/") {
        depth -= 1
        at += 2
        if depth == 0 { return }
      } else {
        at += 1
      }
    }
    throw SQLText.Fault(message: "this comment does not end", offset: start)
  }

  private mutating func dollar() throws(SQLText.Fault) {
    throw SQLText.Fault(
      message: "\"$\" stands for nothing here: parameters are written :name, texts in single quotes", offset: at)
  }

  /// `::` is a cast, `:name` a parameter, anything else an array's slice.
  private mutating func colon() {
    if peek(1) == UInt8(ascii: ":") {
      at += 2
      return
    }
    guard let next = peek(1), Self.isNameStart(next) else {
      at += 1
      return
    }
    flush(to: at)
    let start = at
    at += 1
    while at < bytes.count, Self.isName(bytes[at]) { at += 1 }
    pieces.append((.parameter(String(decoding: bytes[start + 1..<at], as: UTF8.self)), start))
    textStart = at
  }

  /// Only at the end, where it is left out.
  private mutating func semicolon() throws(SQLText.Fault) {
    let mark = at
    at += 1
    while at < bytes.count {
      if bytes[at] == UInt8(ascii: "-"), peek(1) == UInt8(ascii: "-") {
        lineComment()
      } else if [9, 10, 13, 32].contains(bytes[at]) {
        at += 1
      } else {
        throw SQLText.Fault(message: "an SQL file is one statement", offset: at)
      }
    }
    end = mark
  }

  private mutating func word() throws(SQLText.Fault) {
    let start = at
    while at < bytes.count, Self.isName(bytes[at]) { at += 1 }
    let name = String(decoding: bytes[start..<at], as: UTF8.self).lowercased()
    if at < bytes.count, bytes[at] == UInt8(ascii: "'"), name == "e" { return try text(escapes: true) }
    if name == "u", at < bytes.count, bytes[at] == UInt8(ascii: "&") {
      throw SQLText.Fault(message: "Unicode escapes are not taken: write the characters", offset: start)
    }
    if firstWord == nil { firstWord = name }
    try take(name, at: start)
  }

  private mutating func take(_ name: String, at start: Int) throws(SQLText.Fault) {
    if let reason = Self.refusal(name) {
      throw SQLText.Fault(message: "\"\(name)\" is not for SQL files: \(reason)", offset: start)
    }
    identifiers.insert(name)
  }

  /// What reaches past the kinds: catalogs, settings, statements in texts, sequences, files.
  private static func refusal(_ name: String) -> String? {
    let name = name.lowercased()
    if name.hasPrefix("pg_") || name == "information_schema" { return "it reads the database itself" }
    if name.contains("_to_xml") || name.hasPrefix("dblink") || name == "ts_stat" { return "it runs a statement of its own" }
    if ["set_config", "current_setting", "nextval", "setval", "currval", "lastval"].contains(name) || name.hasPrefix("lo_") {
      return "it reads or changes the session"
    }
    return nil
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
  private static func isNameStart(_ byte: UInt8) -> Bool { (97...122).contains(byte | 0x20) || byte == 95 || byte >= 128 }
  private static func isName(_ byte: UInt8) -> Bool { isNameStart(byte) || isDigit(byte) }
}
