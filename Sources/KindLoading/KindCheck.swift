// What can be checked only when all kinds are known: references, inverses, makes, keys.
import Core
import Kinds

struct KindCheck {
  let kinds: [String: KindSpec]
  let faults: SpecFaults

  func check(_ loaded: [LoadedKind]) {
    for one in loaded { check(one.spec, one.file) }
  }

  func check(_ families: [FamilySpec]) {
    for family in families {
      for name in family.ids.keys.sorted() where name != "default" && kinds[name] == nil {
        faults.unknown("kind", name, among: kinds.keys, at: family.place)
      }
    }
  }

  private func check(_ kind: KindSpec, _ file: SpecFile) {
    for field in kind.fields { check(field, kind) }
    if kind.storage == .resource, kind.unique.isEmpty {
      faults.add(
        "a declared kind needs \"unique\"", at: kind.place, fix: "Its first key is the name in manifests: unique: [[name]].")
    }
    if kind.storage == .record, kind.lifecycle.soft { faults.add("a record is never deleted softly", at: kind.place) }
    checkInverses(kind, file)
    for one in kind.lets where kinds[one.kind] == nil { unknownKind(one.kind, file.root["let"]?[one.name]?["find"], kind, file) }
    for (n, makes) in kind.makes.enumerated() { check(makes, file.root["makes"]?.items?[n], kind, file) }
  }

  private func unknownKind(_ name: String, _ node: Node?, _ kind: KindSpec, _ file: SpecFile) {
    faults.unknown("kind", name, among: kinds.keys, at: node.map(file.place) ?? kind.place)
  }

  private func check(_ field: FieldSpec, _ kind: KindSpec) {
    if let kind = field.idOf, kinds[kind] == nil { faults.unknown("kind", kind, among: kinds.keys, at: field.place) }
    if let reference = field.reference {
      if kinds[reference.kind] == nil {
        faults.unknown("kind", reference.kind, among: kinds.keys, at: field.place)
      }
      if reference.onDelete == .clear, field.required {
        faults.add(
          "a required reference cannot be cleared when its object goes", at: field.place,
          fix: "Use onDelete: restrict, cascade or confirm.")
      }
      if reference.tree, reference.kind != kind.name {
        faults.add("\"tree\" belongs to a reference to the kind itself", at: field.place)
      }
    }
    if let generate = field.generate {
      if case .slug(let from) = generate.source { known(from, kind, field.place) }
      if let again = generate.again { known(again, kind, field.place) }
      if case .gapless = generate.source, kind.storage != .record || kind.unique.isEmpty || field.type != .string {
        faults.add(
          "numbers without gaps belong to a text field of records that have a \"unique\" key", at: field.place,
          fix: "The key keeps a row that is sent twice from taking two numbers.")
      }
    }
    for inner in field.items + field.fields { check(inner, kind) }
  }

  private func known(_ name: String, _ kind: KindSpec, _ place: Place?) {
    if kind.field(name) == nil { faults.unknown("field of \(kind.name) named", name, among: kind.fields.map(\.name), at: place) }
  }

  private func checkInverses(_ kind: KindSpec, _ file: SpecFile) {
    var seen: Set<String> = []
    for inverse in kind.inverses {
      let node = file.root["inverse"]?[inverse.name]
      let place = node.map(file.place) ?? kind.place
      if kind.field(inverse.name) != nil || !seen.insert(inverse.name).inserted {
        faults.add("\"\(inverse.name)\" is a field of \(kind.name) too", at: place)
      }
      guard let other = kinds[inverse.kind] else {
        unknownKind(inverse.kind, node, kind, file)
        continue
      }
      guard let field = other.field(inverse.field) else {
        faults.unknown("field of \(other.name) named", inverse.field, among: other.fields.map(\.name), at: place)
        continue
      }
      let target = field.reference?.kind ?? field.of?.reference?.kind
      if target != kind.name {
        faults.add("\(other.name).\(field.name) refers to \(target ?? "nothing"), not to \(kind.name)", at: place)
      }
    }
  }

  private func check(_ makes: KindSpec.Makes, _ node: Node?, _ kind: KindSpec, _ file: SpecFile) {
    guard let made = kinds[makes.kind] else { return unknownKind(makes.kind, node?["kind"], kind, file) }
    for member in node?["fields"]?.members ?? [] where made.field(member.key) == nil && member.key != "name" {
      faults.unknown("field of \(made.name) named", member.key, among: made.fields.map(\.name), at: file.place(member))
    }
    for field in made.fields where field.required && field.defaultValue == nil && field.generate == nil {
      if !makes.fields.contains(where: { $0.0 == field.name }) {
        faults.add("\(made.name) needs \"\(field.name)\", which is not given", at: node.map(file.place) ?? kind.place)
      }
    }
  }
}
