// `migrations` of a kind: how objects of earlier revisions become those of now.
import Core
import Expressions
import Kinds

struct MigrationLoader {
  let file: SpecFile
  let faults: SpecFaults
  let expressions: ExpressionReader
  let kind: KindSpec

  func migrations(_ map: SpecMap) -> [KindSpec.Migration] {
    var found: [KindSpec.Migration] = []
    for node in map.items("migrations") {
      guard
        let one = SpecMap(node, in: file, faults, what: "a migration", keys: ["rev", "rename", "convert", "drop"]),
        let change = change(one)
      else { continue }
      if !one.has("rev") { faults.add("a migration needs \"rev\", the revision that it leads to", at: one.place) }
      let rev = one.int("rev", 2...10_000) ?? 2
      if rev > kind.rev { faults.add("this leads to revision \(rev), and the kind is at \(kind.rev)", at: one.place("rev")) }
      if let last = found.last, last.rev > rev {
        faults.add("migrations stand in the order of their revisions", at: one.place("rev"))
      }
      found.append(KindSpec.Migration(rev: rev, change: change, place: one.place))
    }
    if !found.isEmpty, kind.storage == .record {
      faults.add("records are never changed, and have no migrations", at: map.place("migrations"), fix: "Add a field instead.")
    }
    return found
  }

  private func change(_ map: SpecMap) -> KindSpec.Migration.Change? {
    switch (map.has("rename"), map.has("convert"), map.has("drop")) {
    case (true, false, false):
      let names = map.map("rename")?.all.compactMap { member -> (String, String)? in
        gone(member.key, at: file.place(member))
        guard let new = member.value.string else {
          faults.add("a field is renamed to a name", at: file.place(member.value))
          return nil
        }
        present(new, at: file.place(member.value))
        return (member.key, new)
      }
      return .rename(names ?? [])
    case (false, true, false):
      let scope = ExpressionScope(["value": .open, "self": .open])
      var open = scope
      open.isOpen = true
      let programs = map.map("convert")?.all.compactMap { member -> (String, CELProgram)? in
        convertible(member.key, at: file.place(member))
        return expressions.program(member.value, in: file, open).map { (member.key, $0) }
      }
      return .convert(programs ?? [])
    case (false, false, true):
      let fields = map.strings("drop") ?? []
      for field in fields { gone(field, at: map.place("drop")) }
      return .drop(fields)
    default:
      faults.add("a migration has exactly one of \"rename\", \"convert\" and \"drop\"", at: map.place)
      return nil
    }
  }

  private func gone(_ name: String, at place: Place) {
    if kind.field(name) != nil { faults.add("\"\(name)\" is still a field of \(kind.name)", at: place) }
  }

  private func present(_ name: String, at place: Place) {
    guard let field = kind.field(name) else {
      return faults.unknown("field of \(kind.name) named", name, among: kind.fields.map(\.name), at: place)
    }
    if field.isObserved || field.computed != nil { faults.add("\"\(name)\" is not stored with what is desired", at: place) }
  }

  /// Keys and references are held apart from the object, and are not made anew.
  private func convertible(_ name: String, at place: Place) {
    present(name, at: place)
    guard let field = kind.field(name) else { return }
    if field.reference != nil || field.of?.reference != nil {
      faults.add("the reference \"\(name)\" cannot be converted", at: place)
    }
    if field.secret != nil { faults.add("the secret \"\(name)\" cannot be converted", at: place) }
    if kind.unique.contains(where: { $0.fields.contains(name) }) {
      faults.add("\"\(name)\" is part of a key and cannot be converted", at: place)
    }
  }
}
