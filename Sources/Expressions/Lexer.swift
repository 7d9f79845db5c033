// Text to tokens. Faults are collected, and reading goes on behind them.

struct Lexer {
  private let bytes: [UInt8]
  private var at = 0
  private(set) var tokens: [Token] = []
  private(set) var faults: [SourceFault] = []

  init(_ source: String) {
    bytes = Array(source.utf8)
    while at < bytes.count, faults.count < CELError.limit { next() }
    tokens.append(Token(kind: .end, offset: bytes.count))
  }

  private func peek(_ ahead: Int = 0) -> UInt8 { at + ahead < bytes.count ? bytes[at + ahead] : 0 }

  private mutating func add(_ kind: Token.Kind, from start: Int) { tokens.append(Token(kind: kind, offset: start)) }

  private mutating func fault(_ message: String, at offset: Int) { faults.append(SourceFault(offset: offset, message: message)) }

  private mutating func next() {
    let start = at
    let c = peek()
    switch c {
    case 9, 10, 12, 13, 32: at += 1
    case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "/"):
      while at < bytes.count, bytes[at] != 10 { at += 1 }
    case UInt8(ascii: "'"), UInt8(ascii: "\""): text(raw: false, isBytes: false, start)
    case UInt8(ascii: "`"): quotedName(start)
    case _ where Self.isDigit(c) || (c == UInt8(ascii: ".") && Self.isDigit(peek(1))): number(start)
    case _ where Self.isNameStart(c): name(start)
    default: symbol(start)
    }
  }

  private mutating func name(_ start: Int) {
    var raw = false
    var isBytes = false
    // Up to two prefix letters before a quote: r, b, br (rb is accepted too).
    for ahead in 0...2 {
      let c = peek(ahead)
      if c == UInt8(ascii: "'") || c == UInt8(ascii: "\"") {
        if ahead == 0 { break }
        at += ahead
        return text(raw: raw, isBytes: isBytes, start)
      }
      if c | 32 == UInt8(ascii: "r"), !raw {
        raw = true
      } else if c | 32 == UInt8(ascii: "b"), !isBytes {
        isBytes = true
      } else {
        break
      }
    }
    while Self.isNameStart(peek()) || Self.isDigit(peek()) { at += 1 }
    let name = String(decoding: bytes[start..<at], as: UTF8.self)
    switch name {
    case "true": add(.symbol(.true), from: start)
    case "false": add(.symbol(.false), from: start)
    case "null": add(.symbol(.null), from: start)
    case "in": add(.symbol(.in), from: start)
    default: add(.name(name), from: start)
    }
  }

  private mutating func quotedName(_ start: Int) {
    at += 1
    let from = at
    while at < bytes.count, Self.isNameStart(bytes[at]) || Self.isDigit(bytes[at]) || " ./-".utf8.contains(bytes[at]) { at += 1 }
    let name = String(decoding: bytes[from..<at], as: UTF8.self)
    guard peek() == UInt8(ascii: "`"), !name.isEmpty else {
      while at < bytes.count, bytes[at] != UInt8(ascii: "`"), bytes[at] != 10 { at += 1 }
      at += 1
      return fault("a backquoted field takes letters, digits, '_', '.', '-', '/' and spaces", at: start)
    }
    at += 1
    add(.quotedName(name), from: start)
  }

  private mutating func number(_ start: Int) {
    if peek() == 48, peek(1) | 32 == UInt8(ascii: "x"), Self.hexDigit(peek(2)) != nil {
      at += 2
      while Self.hexDigit(peek()) != nil { at += 1 }
      return integer(String(decoding: bytes[start + 2..<at], as: UTF8.self), radix: 16, start)
    }
    var isDouble = false
    while Self.isDigit(peek()) { at += 1 }
    if peek() == UInt8(ascii: "."), Self.isDigit(peek(1)) {
      isDouble = true
      at += 1
      while Self.isDigit(peek()) { at += 1 }
    }
    if peek() | 32 == UInt8(ascii: "e") {
      let sign = peek(1) == UInt8(ascii: "+") || peek(1) == UInt8(ascii: "-") ? 1 : 0
      if Self.isDigit(peek(1 + sign)) {
        isDouble = true
        at += 1 + sign
        while Self.isDigit(peek()) { at += 1 }
      }
    }
    let text = String(decoding: bytes[start..<at], as: UTF8.self)
    if !isDouble { return integer(text, radix: 10, start) }
    guard let number = Double(text.hasPrefix(".") ? "0" + text : text) else {
      return fault("this is no number: \(text)", at: start)
    }
    add(.double(number), from: start)
  }

  private mutating func integer(_ digits: String, radix: Int, _ start: Int) {
    let unsigned = peek() | 32 == UInt8(ascii: "u")
    if unsigned { at += 1 }
    guard let number = UInt64(digits, radix: radix) else {
      add(.int(0), from: start)
      return fault("the integer is out of range", at: start)
    }
    add(unsigned ? .uint(number) : .int(number), from: start)
  }

  private mutating func symbol(_ start: Int) {
    for length in [2, 1] where at + length <= bytes.count {
      let text = String(decoding: bytes[at..<at + length], as: UTF8.self)
      if let symbol = Token.Symbol(rawValue: text) {
        at += length
        return add(.symbol(symbol), from: start)
      }
    }
    at += 1
    while at < bytes.count, bytes[at] & 0xC0 == 0x80 { at += 1 }
    let shown = String(decoding: bytes[start..<at], as: UTF8.self)
    let fix =
      ["=": "; equality is '=='", "&": "; the logical operator is '&&'", "|": "; the logical operator is '||'"][shown] ?? ""
    fault("unexpected character '\(shown)'\(fix)", at: start)
  }

  /// A string or bytes literal; `at` stands on its first quote.
  private mutating func text(raw: Bool, isBytes: Bool, _ start: Int) {
    let quote = peek()
    let triple = peek(1) == quote && peek(2) == quote
    at += triple ? 3 : 1
    var out: [UInt8] = []
    while true {
      guard at < bytes.count else { return fault("the string is not closed", at: start) }
      let c = bytes[at]
      if c == quote, !triple || (peek(1) == quote && peek(2) == quote) {
        at += triple ? 3 : 1
        break
      }
      if !triple, c == 10 || c == 13 {
        return fault("the string is not closed on its line; a string of many lines takes three quotes", at: start)
      }
      if c == UInt8(ascii: "\\"), !raw {
        let escape = at
        do { try Escape.read(bytes, &at, isBytes: isBytes, into: &out) } catch {
          fault(error.message, at: escape)
          at = max(at, escape + 2)
        }
        continue
      }
      out.append(c)
      at += 1
    }
    add(isBytes ? .bytes(out) : .string(String(decoding: out, as: UTF8.self)), from: start)
  }

  static func isDigit(_ c: UInt8) -> Bool { c >= 48 && c <= 57 }
  static func isNameStart(_ c: UInt8) -> Bool { c == UInt8(ascii: "_") || (c | 32 >= 97 && c | 32 <= 122) }
  static func hexDigit(_ c: UInt8) -> UInt32? {
    switch c {
    case 48...57: UInt32(c - 48)
    case 65...70: UInt32(c - 55)
    case 97...102: UInt32(c - 87)
    default: nil
    }
  }
}
