// `totals` and `audit` of kind.yaml.
import Core
import Documents
import Kinds

enum SumLoader {
  private static let keyTypes: Set<FieldSpec.FieldType> = [.string, .integer, .boolean]

  static func totals(_ map: SpecMap, _ kind: KindSpec) -> [KindSpec.Total] {
    guard let totals = map.map("totals") else { return [] }
    if kind.storage != .record {
      map.faults.add("\"totals\" belong to a kind with storage record", at: totals.place, fix: "Sums are kept of records alone.")
    }
    if kind.lifecycle.keep != nil {
      map.faults.add(
        "records that are summed are kept for good", at: map.place("lifecycle"),
        fix: "Leave \"keep\" out: a sum equals its records.")
    }
    return totals.all.compactMap { total($0, totals, kind) }
  }

  private static func total(_ member: Node.Member, _ map: SpecMap, _ kind: KindSpec) -> KindSpec.Total? {
    let what = "the total \"\(member.key)\""
    guard
      let inner = SpecMap(
        member.value, in: map.file, map.faults, what: what, keys: ["sum", "by", "min", "max", "code", "message"]),
      let sum = inner.required("sum", of: what)
    else { return nil }
    check(sum, kind, inner, "sum", [.integer, .decimal], "summed: an integer or a decimal")
    let by = inner.strings("by") ?? []
    for name in by { check(name, kind, inner, "by", keyTypes, "a key of a sum: text, a whole number, true or false") }
    let bounds = -1_000_000_000_000_000...1_000_000_000_000_000
    let (low, high) = (inner.int("min", bounds), inner.int("max", bounds))
    if let low, let high, low > high { map.faults.add("\"min\" is above \"max\"", at: inner.place("min")) }
    if let low, low > 0 { map.faults.add("every sum begins at 0, which is below \"min\"", at: inner.place("min")) }
    if let high, high < 0 { map.faults.add("every sum begins at 0, which is above \"max\"", at: inner.place("max")) }
    return KindSpec.Total(
      name: member.key, sum: sum, by: by, min: low, max: high, code: inner.string("code") ?? "total",
      message: inner.string("message"))
  }

  private static func check(
    _ name: String, _ kind: KindSpec, _ map: SpecMap, _ key: String, _ types: Set<FieldSpec.FieldType>, _ expected: String
  ) {
    guard let field = kind.field(name) else {
      return map.faults.unknown("field named", name, among: kind.fields.map(\.name), at: map.place(key))
    }
    if field.computed != nil || !types.contains(field.type) {
      map.faults.add("\"\(name)\" cannot be \(expected)", at: map.place(key))
    }
  }

  /// `{create: high, delete: critical}`; the program of `title` is read by `KindFileLoader`.
  static func audit(_ map: SpecMap) -> KindSpec.Audit {
    var audit = KindSpec.Audit()
    guard let inner = map.map("audit", keys: ["create", "update", "delete", "title"]) else { return audit }
    audit.create = inner.choice("create", KindSpec.Audit.Severity.self)
    audit.update = inner.choice("update", KindSpec.Audit.Severity.self)
    audit.delete = inner.choice("delete", KindSpec.Audit.Severity.self)
    return audit
  }
}
