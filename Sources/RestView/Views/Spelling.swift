// Field names in the case of a family.
import Kinds

enum Spelling {
  static func shown(_ name: String, _ spelling: FamilySpec.Case) -> String { spelling == .snake ? snake(name) : name }

  /// `costCents` → `cost_cents`, `repoURL` → `repo_url`.
  static func snake(_ name: String) -> String { separated(name, by: "_") }

  /// `WebhookDelivery` → `webhook delivery`.
  static func words(_ name: String) -> String { separated(name, by: " ") }

  /// `EnvVar` → `an env var`.
  static func one(_ name: String) -> String {
    let words = words(name)
    return "\(words.first.map { "aeio".contains($0) } ?? false ? "an" : "a") \(words)"
  }

  private static func separated(_ name: String, by separator: Character) -> String {
    var text = ""
    let letters = Array(name)
    for (at, letter) in letters.enumerated() {
      if letter.isUppercase, at > 0,
        letters[at - 1].isLowercase || letters[at - 1].isNumber || (at + 1 < letters.count && letters[at + 1].isLowercase)
      {
        text.append(separator)
      }
      text += letter.lowercased()
    }
    return text
  }
}
