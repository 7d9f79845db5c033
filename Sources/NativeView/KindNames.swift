// Kinds as people write them: `App`, `app`, `apps`, `deploy/App`.
import Core
import Kinds

enum KindNames {
  static func find(_ word: String, in catalog: KindCatalog) throws -> KindSpec {
    if let kind = catalog.kind(word) { return kind }
    let name = word.split(separator: "/").last.map(String.init) ?? word
    let wanted = name.lowercased()
    if let kind = catalog.kinds.first(where: { forms($0.name).contains(wanted) }) { return kind }
    let near =
      nearestName(to: name, among: catalog.kinds.map(\.name))
      ?? nearestName(to: singular(wanted), among: catalog.kinds.map(\.name))
    throw Problem(
      .invalid, code: "unknown_kind", "There is no kind \"\(word)\".",
      fix: near.map { "Did you mean \($0)?" } ?? "See plumb explain for all kinds.")
  }

  /// Lower-case singular and plural: `alertrule`, `alertrules`; `policy`, `policies`.
  static func forms(_ name: String) -> [String] {
    let lower = name.lowercased()
    if lower.hasSuffix("y"), !lower.hasSuffix("ey") { return [lower, lower.dropLast() + "ies"] }
    if lower.hasSuffix("s") || lower.hasSuffix("x") || lower.hasSuffix("ch") { return [lower, lower + "es"] }
    return [lower, lower + "s"]
  }

  private static func singular(_ word: String) -> String { word.hasSuffix("s") ? String(word.dropLast()) : word }
}
