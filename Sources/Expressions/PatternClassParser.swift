// Character classes and escapes of patterns.

extension PatternParser {
  /// `[...]`
  mutating func bracket(folds: Bool) throws(Fault) -> PatternSet {
    at += 1
    var set = PatternSet()
    set.folds = folds
    set.negated = take("^")
    var first = true
    while first || peek() != "]" {
      guard peek() != nil else { throw Fault(message: "a character class is not closed") }
      if peek() == "[", peek(1) == ":" {
        try named(&set)
      } else {
        try range(&set)
      }
      first = false
    }
    at += 1
    set.close()
    return set
  }

  /// `[:alpha:]` or `[:^alpha:]`
  private mutating func named(_ set: inout PatternSet) throws(Fault) {
    at += 2
    let negated = take("^")
    var name = ""
    while let c = peek(), c != ":" {
      name.append(c)
      at += 1
    }
    guard let ranges = PatternSet.named[name], take(":"), take("]") else {
      throw Fault(message: "unknown character class '[:\(name.prefix(32)):]'")
    }
    set.add(ranges, negated: negated)
  }

  private mutating func range(_ set: inout PatternSet) throws(Fault) {
    guard let low = try classScalar(&set) else { return }
    guard peek() == "-", let after = peek(1), after != "]" else { return set.add(low...low) }
    at += 1
    var none = PatternSet()
    guard let high = try classScalar(&none), high >= low else {
      throw Fault(message: "a range of characters is in the wrong order")
    }
    set.add(low...high)
  }

  /// One character of a class; nil when an escape added a set instead.
  private mutating func classScalar(_ set: inout PatternSet) throws(Fault) -> UInt32? {
    guard at < text.count else { throw Fault(message: "a character class is not closed") }
    if peek() == "\\" { return try escaped(into: &set) }
    at += 1
    return text[at - 1]
  }

  /// An escape for one character, or nil when it stands for a set, which is added to `set`.
  mutating func escaped(into set: inout PatternSet) throws(Fault) -> UInt32? {
    guard let c = peek(1) else { throw Fault(message: "a backslash at the end") }
    at += 2
    switch c {
    case "d": set.add(PatternSet.digits, negated: false)
    case "D": set.add(PatternSet.digits, negated: true)
    case "w": set.add(PatternSet.words, negated: false)
    case "W": set.add(PatternSet.words, negated: true)
    case "s": set.add(PatternSet.spaces, negated: false)
    case "S": set.add(PatternSet.spaces, negated: true)
    case "p", "P": set.add(try category(negated: c == "P"))
    case "a": return 7
    case "f": return 12
    case "n": return 10
    case "r": return 13
    case "t": return 9
    case "v": return 11
    case "x": return try hex()
    case "0"..."7": return try octal(c)
    default:
      guard c.isASCII, !c.isLetter, !c.isNumber, let value = c.unicodeScalars.first?.value else {
        throw Fault(message: "unknown escape '\\\(c)'")
      }
      return value
    }
    return nil
  }

  /// Two digits, or any number of them in braces.
  private mutating func hex() throws(Fault) -> UInt32 {
    var value: UInt32 = 0
    let braces = take("{")
    var digits = 0
    while at < text.count, text[at] < 128, let digit = Lexer.hexDigit(UInt8(text[at])), braces || digits < 2 {
      value = value << 4 | digit
      digits += 1
      at += 1
      if value > 0x10FFFF { throw Fault(message: "an escape is no code point") }
    }
    guard braces ? digits > 0 && take("}") : digits == 2 else {
      throw Fault(message: "\\x takes two hexadecimal digits, or braces")
    }
    return value
  }

  /// `\0`, or three digits; `\1` would be a back-reference, which patterns in linear time cannot have.
  private mutating func octal(_ first: Character) throws(Fault) -> UInt32 {
    var value = UInt32(first.wholeNumberValue ?? 0)
    var digits = 1
    while digits < 3, at < text.count, (48...55).contains(text[at]) {
      value = value * 8 + text[at] - 48
      digits += 1
      at += 1
    }
    if first != "0", digits < 3 { throw Fault(message: "back-references are not supported") }
    return value
  }

  /// `\pL`, `\p{Lu}`, `\p{^L}`
  private mutating func category(negated: Bool) throws(Fault) -> PatternSet.Category {
    var name = ""
    var negated = negated
    if take("{") {
      if take("^") { negated.toggle() }
      while let c = peek(), c != "}" {
        name.append(c)
        at += 1
      }
      guard take("}") else { throw Fault(message: "a Unicode class is not closed") }
    } else if let c = peek() {
      name.append(c)
      at += 1
    }
    guard Unicode.GeneralCategory.shortNames.contains(name) else {
      throw Fault(message: "unknown Unicode class '\(name.prefix(32))'; general categories such as L or Lu are known")
    }
    return PatternSet.Category(name: name, negated: negated)
  }
}
