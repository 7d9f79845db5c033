// The languages that explanations are written in, and how each writes numbers.
import Core
import Foundation

public enum ExplanationLanguage: String, CaseIterable, Sendable {
  case en, de, fr, nl, es

  /// From a language tag in any case: `de`, `de-AT`, `pt_BR` (nil: not one of ours).
  public init?(tag: String) {
    guard
      let known = Self(rawValue: tag.lowercased().split(whereSeparator: { $0 == "-" || $0 == "_" }).first.map(String.init) ?? "")
    else {
      return nil
    }
    self = known
  }

  /// In English, for prompts.
  public var name: String {
    switch self {
    case .en: "English"
    case .de: "German"
    case .fr: "French"
    case .nl: "Dutch"
    case .es: "Spanish"
    }
  }

  /// Without grouping, with the language's decimal mark, no trailing zeros.
  func number(_ value: Double) -> String {
    var text = String(format: "%.3f", value)
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    if text == "-0" { text = "0" }
    return self == .en ? text : text.replacingOccurrences(of: ".", with: ",")
  }

  var phrases: [Phrase: String] {
    switch self {
    case .en: EnglishPhrases.all
    case .de: GermanPhrases.all
    case .fr: FrenchPhrases.all
    case .nl: DutchPhrases.all
    case .es: SpanishPhrases.all
    }
  }

  /// Whether a count takes the form for one. French says it of nothing too.
  func isSingular(_ count: Int) -> Bool { count == 1 || self == .fr && count == 0 }
}
