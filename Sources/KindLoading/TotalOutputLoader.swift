// `{total: Kind.name, by: {field: CEL}}` of a view.
import Core
import Documents
import Kinds

enum TotalOutputLoader {
  static func total(
    _ node: Node, in file: SpecFile, _ faults: SpecFaults, _ expressions: ExpressionReader, _ scope: ExpressionScope
  ) -> ViewSpec.TotalOutput? {
    guard let map = SpecMap(node, in: file, faults, what: "a total", keys: ["total", "by"]) else { return nil }
    let parts = (map.string("total") ?? "").split(separator: ".").map(String.init)
    guard parts.count == 2 else {
      faults.add("a total is written Kind.name", at: map.place("total"), fix: "Such as CreditEntry.balance.")
      return nil
    }
    let by = map.map("by")?.all.compactMap { member in
      expressions.program(member.value, in: file, scope).map { (field: member.key, value: $0) }
    }
    return ViewSpec.TotalOutput(kind: parts[0], name: parts[1], by: by ?? [])
  }

  /// Whether the kind keeps such a sum, by these fields.
  static func check(_ total: ViewSpec.TotalOutput, _ kinds: (String) -> KindSpec?, _ faults: SpecFaults, at place: Place?) {
    guard let kind = kinds(total.kind), let known = kind.totals.first(where: { $0.name == total.name }) else {
      return faults.unknown(
        "total named", "\(total.kind).\(total.name)", among: kinds(total.kind)?.totals.map { "\(total.kind).\($0.name)" } ?? [],
        at: place)
    }
    for (field, _) in total.by where !known.by.contains(field) {
      faults.unknown("field of the total named", field, among: known.by, at: place)
    }
  }
}
