// How a family spells names: snake_case or camelCase.
import Kinds

enum Spelling {
  /// `costCents` → `cost_cents` in a snake-case family.
  static func shown(_ name: String, _ spelling: FamilySpec.Case) -> String {
    guard spelling == .snake else { return name }
    var out = ""
    for character in name {
      if character.isUppercase {
        if !out.isEmpty { out += "_" }
        out += character.lowercased()
      } else {
        out.append(character)
      }
    }
    return out
  }
}
