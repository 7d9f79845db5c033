// The text of a pattern to its tree, in the syntax of RE2.

indirect enum PatternNode: Sendable {
  case empty
  case scalar(UInt32)
  case any(newline: Bool)
  case set(PatternSet)
  case assert(PatternAssertion)
  case sequence([PatternNode])
  case choice([PatternNode])
  case repetition(PatternNode, least: Int, most: Int?)
}

struct PatternParser {
  static let depthLimit = 100
  static let repeatLimit = 1000

  struct Flags {
    var folds = false
    var dotIsAll = false
    var lines = false
  }

  let text: [UInt32]
  var at = 0
  private var flags = Flags()
  private var depth = 0

  init(_ pattern: String) { text = pattern.unicodeScalars.map(\.value) }

  typealias Fault = Pattern.Fault

  mutating func parse() throws(Fault) -> PatternNode {
    let node = try choice()
    if at < text.count { throw Fault(message: "unexpected ')'") }
    return node
  }

  func peek(_ ahead: Int = 0) -> Character? {
    at + ahead < text.count ? Unicode.Scalar(text[at + ahead]).map(Character.init) : nil
  }

  mutating func take(_ c: Character) -> Bool {
    guard peek() == c else { return false }
    at += 1
    return true
  }

  private mutating func choice() throws(Fault) -> PatternNode {
    depth += 1
    defer { depth -= 1 }
    if depth > Self.depthLimit { throw Fault(message: "groups are nested too deeply") }
    var parts = [try sequence()]
    while take("|") { parts.append(try sequence()) }
    return parts.count == 1 ? parts[0] : .choice(parts)
  }

  private mutating func sequence() throws(Fault) -> PatternNode {
    var parts: [PatternNode] = []
    while let c = peek(), c != "|", c != ")" {
      let start = at
      guard let atom = try atom() else { continue }
      parts.append(try repeated(atom, start))
    }
    return parts.count == 1 ? parts[0] : .sequence(parts)
  }

  private mutating func repeated(_ atom: PatternNode, _ start: Int) throws(Fault) -> PatternNode {
    guard let (least, most) = try bounds() else { return atom }
    _ = take("?")
    if try bounds() != nil { throw Fault(message: "a repetition of a repetition takes a group, such as (?:a*)*") }
    return .repetition(atom, least: least, most: most)
  }

  /// `*`, `+`, `?` or `{n,m}`; nil when none stands here.
  private mutating func bounds() throws(Fault) -> (Int, Int?)? {
    if take("*") { return (0, nil) }
    if take("+") { return (1, nil) }
    if take("?") { return (0, 1) }
    guard peek() == "{" else { return nil }
    let start = at
    at += 1
    var least: Int?
    var most: Int?
    least = number()
    var open = false
    if take(",") {
      most = number()
      open = most == nil
    } else {
      most = least
    }
    guard let least, take("}") else {
      // A brace that opens no repetition is a character.
      at = start
      return nil
    }
    if least > Self.repeatLimit || (most ?? 0) > Self.repeatLimit {
      throw Fault(message: "repetitions go up to \(Self.repeatLimit)")
    }
    if let most, most < least { throw Fault(message: "a repetition's bounds are in the wrong order") }
    return (least, open ? nil : most)
  }

  private mutating func number() -> Int? {
    var value: Int?
    while at < text.count, (48...57).contains(text[at]) {
      value = min((value ?? 0) * 10 + Int(text[at] - 48), Self.repeatLimit + 1)
      at += 1
    }
    return value
  }

  /// Nil for what stands for nothing: a change of flags.
  private mutating func atom() throws(Fault) -> PatternNode? {
    guard let c = peek() else { return nil }
    switch c {
    case "(": return try group()
    case "[": return .set(try bracket(folds: flags.folds))
    case ".":
      at += 1
      return .any(newline: flags.dotIsAll)
    case "^":
      at += 1
      return .assert(flags.lines ? .lineStart : .textStart)
    case "$":
      at += 1
      return .assert(flags.lines ? .lineEnd : .textEnd)
    case "*", "+", "?": throw Fault(message: "nothing to repeat before '\(c)'")
    case "\\": return try escape()
    default:
      at += 1
      return scalar(text[at - 1])
    }
  }

  private func scalar(_ c: UInt32) -> PatternNode {
    guard flags.folds, !PatternSet.variants(c).isEmpty else { return .scalar(c) }
    var set = PatternSet()
    set.add(c...c)
    set.folds = true
    set.close()
    return .set(set)
  }

  private mutating func group() throws(Fault) -> PatternNode? {
    at += 1
    let saved = flags
    if take("?") {
      if peek() == "P" || peek() == "<" {
        _ = take("P")
        try groupName()
      } else if try readFlags() {
        // Flags alone hold to the end of the group around them.
        return nil
      }
    }
    let inner = try choice()
    guard take(")") else { throw Fault(message: "a group is not closed") }
    flags = saved
    return inner
  }

  private mutating func groupName() throws(Fault) {
    guard take("<"), let first = peek(), first != "=", first != "!" else { throw Fault(message: "look-behind is not supported") }
    while let c = peek(), c != ">" {
      guard c.isASCII, c.isLetter || c.isNumber || c == "_" else {
        throw Fault(message: "a group's name has letters, digits and '_'")
      }
      at += 1
    }
    guard take(">") else { throw Fault(message: "a group's name is not closed") }
  }

  /// Reads `i`, `m`, `s`, `U` and their negation up to `:` (false) or `)` (true).
  private mutating func readFlags() throws(Fault) -> Bool {
    var on = true
    while let c = peek() {
      at += 1
      switch c {
      case "i": flags.folds = on
      case "m": flags.lines = on
      case "s": flags.dotIsAll = on
      case "U": break
      case "-": on = false
      case ":": return false
      case ")": return true
      case "=", "!": throw Fault(message: "look-ahead is not supported")
      default: throw Fault(message: "unknown flag '\(c)'")
      }
    }
    throw Fault(message: "a group is not closed")
  }

  private mutating func escape() throws(Fault) -> PatternNode {
    let assertions: [Character: PatternAssertion] = ["b": .wordEdge, "B": .noWordEdge, "A": .textStart, "z": .textEnd]
    if let next = peek(1) {
      if let assertion = assertions[next] {
        at += 2
        return .assert(assertion)
      }
      if next == "Q" {
        at += 2
        return quoted()
      }
    }
    var set = PatternSet()
    set.folds = flags.folds
    if let c = try escaped(into: &set) { return scalar(c) }
    set.close()
    return .set(set)
  }

  /// `\Q...\E`: everything between stands for itself.
  private mutating func quoted() -> PatternNode {
    var parts: [PatternNode] = []
    while at < text.count {
      if peek() == "\\", peek(1) == "E" {
        at += 2
        break
      }
      parts.append(scalar(text[at]))
      at += 1
    }
    return .sequence(parts)
  }
}
