// Finds the numbers, dates and times in a text, however a language writes them.
import Foundation

struct NumberScanner {
  struct Token {
    enum Kind {
      /// What it may mean: 1.234 is a thousand and more in some languages, and one and a bit in others.
      case number([Double])
      /// `2026-02-27`.
      case date(String)
      /// `10:15` or `10:15:30`.
      case time(String)
      /// A digit of another script, a fraction, a Roman numeral.
      case exotic
    }
    var text: String
    var kind: Kind
    /// Where it stands in `characters`.
    var range: Range<Int>
  }

  let characters: [Character]
  private var at = 0

  init(_ text: String) { characters = Array(text) }

  mutating func next() -> Token? {
    while at < characters.count {
      let character = characters[at]
      if Self.isDigit(character) { return number() }
      if character.isNumber {
        defer { at += 1 }
        return Token(text: String(character), kind: .exotic, range: at..<(at + 1))
      }
      at += 1
    }
    return nil
  }

  private static func isDigit(_ character: Character) -> Bool { character >= "0" && character <= "9" && character.isASCII }
  /// Between digits they belong to a number, a date or a time.
  private static let inner: Set<Character> = [".", ",", ":", "/", "-", "'", "’", "\u{A0}", "\u{202F}", "T"]
  private static let grouping: Set<Character> = ["'", "’", "\u{A0}", "\u{202F}"]

  private mutating func number() -> Token {
    let start = at
    while at < characters.count {
      if Self.isDigit(characters[at]) {
        at += 1
        continue
      }
      guard Self.inner.contains(characters[at]), at + 1 < characters.count, Self.isDigit(characters[at + 1]) else { break }
      // A date ends before its time.
      if characters[at] == "T" || Self.isDate(String(characters[start..<at])) { break }
      at += 1
    }
    let text = String(characters[start..<at])
    return Token(text: text, kind: Self.kind(text), range: start..<at)
  }

  private static func isDate(_ text: String) -> Bool { text.count == 10 && date(text) != nil }

  private static func kind(_ text: String) -> Token.Kind {
    if let date = date(text) { return .date(date) }
    if text.contains(":") { return .time(text.count == 4 || text.count == 7 ? "0" + text : text) }
    return .number(readings(text))
  }

  /// `2026-02-27`, `27.02.2026`, `27/2/2026` as `2026-02-27`.
  private static func date(_ text: String) -> String? {
    for mark in ["-", ".", "/"] {
      let parts = text.components(separatedBy: mark)
      guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(isDigit) }) else { continue }
      let order = parts[0].count == 4 ? parts : parts[2].count == 4 ? parts.reversed() : []
      guard order.count == 3, order[1].count <= 2, order[2].count <= 2 else { continue }
      return order[0] + "-" + (order[1].count == 1 ? "0" : "") + order[1] + "-" + (order[2].count == 1 ? "0" : "") + order[2]
    }
    return nil
  }

  /// Ranges such as `4-7` and `1/2` are no number of the facts: all their readings fail.
  private static func readings(_ text: String) -> [Double] {
    let plain = text.filter { !grouping.contains($0) }
    guard !plain.contains("-"), !plain.contains("/") else { return [] }
    let points = plain.filter { $0 == "." }.count
    let commas = plain.filter { $0 == "," }.count
    var readings: [String] = []
    // The point is the decimal mark, commas group; and the other way round.
    if points <= 1 { readings.append(plain.replacingOccurrences(of: ",", with: "")) }
    if commas <= 1 { readings.append(plain.replacingOccurrences(of: ".", with: "").replacingOccurrences(of: ",", with: ".")) }
    // One mark before other than three digits cannot group.
    if let mark = plain.lastIndex(where: { $0 == "." || $0 == "," }), points + commas == 1,
      plain.distance(from: mark, to: plain.endIndex) != 4
    {
      readings = [plain.replacingOccurrences(of: ",", with: ".")]
    }
    return readings.compactMap(Double.init)
  }
}

/// Months beside a number make it a day or a year.
enum MonthNames {
  private static let names: Set<String> = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
    "januar", "februar", "märz", "mai", "juni", "juli", "oktober", "dezember", "janvier", "février", "mars", "avril", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre", "januari", "februari", "maart", "mei", "augustus", "enero",
    "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre", "jan",
    "feb",
    "mar", "apr", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
  ]
  private static let between: Set<String> = ["de", "of", "the", "le", "el", "del", "th", "st", "nd", "rd", "er"]

  static func around(_ token: NumberScanner.Token, in scanner: NumberScanner) -> Bool {
    let before = String(scanner.characters[max(0, token.range.lowerBound - 24)..<token.range.lowerBound])
    let after = String(scanner.characters[token.range.upperBound..<min(scanner.characters.count, token.range.upperBound + 24)])
    return isMonth(words(before).last) || isMonth(words(after).first)
  }

  private static func words(_ text: String) -> [String] {
    text.lowercased().split { !$0.isLetter }.map(String.init).filter { !between.contains($0) }
  }

  private static func isMonth(_ word: String?) -> Bool { word.map(names.contains) ?? false }
}
