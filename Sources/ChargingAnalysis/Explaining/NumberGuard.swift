// Whether a text contains a number that is not in the facts: what a model adds by itself is not believed.
import Core
import Foundation

public enum NumberGuard {
  /// The numbers of the text that no fact has, as written; empty when every one is known. Rounded or converted numbers are foreign. Dates
  /// and times must be those of the facts. `literals` are names that may stand in the text as they are, such as the session's identifier.
  public static func foreignNumbers(
    in text: String, facts: SessionFacts, language: ExplanationLanguage, literals: [String] = []
  ) -> [String] {
    var text = text
    for literal in (literals + names).sorted(by: { $0.count > $1.count }) where !literal.isEmpty {
      text = text.replacingOccurrences(of: literal, with: " ")
    }
    let known = KnownNumbers(facts)
    var scanner = NumberScanner(text)
    var foreign: [String] = []
    while let token = scanner.next() {
      if !known.contains(token, months: MonthNames.around(token, in: scanner)) { foreign.append(token.text) }
    }
    return foreign + words(text, known, language)
  }

  /// Names with a digit that are no numbers.
  private static let names = ["CSAR-2", "CSAR 2", "L1", "L2", "L3"]

  /// Numbers in words, where the language's word means nothing else.
  private static func words(_ text: String, _ known: KnownNumbers, _ language: ExplanationLanguage) -> [String] {
    let words = text.lowercased().split { !$0.isLetter }.map(String.init)
    return words.filter { word in numerals[language]?[word].map { !known.has($0) } ?? false }
  }

  private static let numerals: [ExplanationLanguage: [String: Double]] = [
    .en: [
      "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
      "twelve": 12,
      "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
      "hundred": 100, "thousand": 1000, "million": 1e6,
    ],
    .de: [
      "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "sechs": 6, "sieben": 7, "acht": 8, "neun": 9, "zehn": 10, "elf": 11,
      "zwölf": 12,
      "fünfzehn": 15, "zwanzig": 20, "dreißig": 30, "vierzig": 40, "fünfzig": 50, "hundert": 100, "tausend": 1000,
    ],
    .fr: [
      "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7, "huit": 8, "dix": 10, "onze": 11, "douze": 12,
      "quinze": 15,
      "vingt": 20, "trente": 30, "quarante": 40, "cinquante": 50, "soixante": 60, "cent": 100, "cents": 100, "mille": 1000,
    ],
    .nl: [
      "twee": 2, "drie": 3, "vier": 4, "vijf": 5, "zes": 6, "zeven": 7, "acht": 8, "negen": 9, "tien": 10, "elf": 11,
      "twaalf": 12,
      "vijftien": 15, "twintig": 20, "dertig": 30, "veertig": 40, "vijftig": 50, "honderd": 100, "duizend": 1000,
    ],
    .es: [
      "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "siete": 7, "ocho": 8, "nueve": 9, "diez": 10, "once": 11,
      "doce": 12,
      "quince": 15, "veinte": 20, "treinta": 30, "cuarenta": 40, "cincuenta": 50, "cien": 100, "ciento": 100, "mil": 1000,
    ],
  ]
}

/// Every number, date and time of the facts.
struct KnownNumbers {
  private var numbers: Set<Double> = []
  private var dates: Set<String> = []
  private var times: Set<String> = []

  init(_ facts: SessionFacts) {
    numbers = [Double(facts.anomalies.count), Double(facts.recurring.count)]
    for category in AnomalyCategory.allCases { numbers.insert(Double(facts.anomalies.filter { $0.category == category }.count)) }
    // No anomaly at all is said with a zero only where there is none.
    if !facts.anomalies.isEmpty { numbers.remove(0) }
    collect(facts.json)
  }

  private mutating func collect(_ value: Value) {
    switch value {
    case .int, .double: numbers.insert(Self.key(abs(value.double ?? 0)))
    case .list(let items): for item in items { collect(item) }
    case .object(let map): for item in map.values { collect(item) }
    case .string(let text):
      if let at = Timestamp(text) {
        dates.insert(String(at.description.prefix(10)))
        times.insert(String(at.description.dropFirst(11).prefix(5)))
        times.insert(String(at.description.dropFirst(11).prefix(8)))
      }
    case .null, .bool: break
    }
  }

  private static func key(_ number: Double) -> Double { (number * 1000).rounded() / 1000 }

  func has(_ number: Double) -> Bool { numbers.contains(Self.key(number)) && abs(Self.key(number) - number) < 1e-9 }

  func contains(_ token: NumberScanner.Token, months: Bool) -> Bool {
    switch token.kind {
    case .date(let text): dates.contains(text)
    case .time(let text): times.contains(text)
    case .exotic: false
    case .number(let readings):
      readings.contains { has($0) } || months && readings.contains { isDayOrYear($0) }
    }
  }

  private func isDayOrYear(_ number: Double) -> Bool {
    dates.contains { Double($0.suffix(2)) == number || Double($0.prefix(4)) == number }
  }
}
