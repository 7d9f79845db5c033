// Fields: of kinds, of list items and object members, and the arguments of routes.
import Core
import Expressions
import Kinds

struct FieldLoader {
  let file: SpecFile
  let faults: SpecFaults
  let expressions: ExpressionReader
  /// What `computed` may read.
  let scope: ExpressionScope

  static let keys = [
    "type", "of", "fields", "ref", "onDelete", "tree", "crossTenant", "key", "required", "default", "enum", "moves", "min", "max",
    "pattern", "format", "immutable", "replace", "writer", "secret", "generate", "computed", "indexed", "wakes", "idOf", "doc",
  ]
  /// Fields within fields deeper than this are refused.
  private static let depthLimit = 8

  /// The fields of a map `name: {…}`, in order.
  func fields(_ node: Node, depth: Int = 0) -> [FieldSpec] {
    guard let map = SpecMap(node, in: file, faults, what: "\"fields\"", keys: nil) else { return [] }
    return map.all.compactMap { member in
      if !Self.isName(member.key) {
        faults.add(
          "\"\(member.key)\" is no field name", at: file.place(member),
          fix: "Names begin with a lower-case letter and hold letters and digits.")
      }
      return field(member.key, member.value, at: file.place(member), depth: depth)
    }
  }

  static func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, first >= 97, first <= 122 else { return false }
    return text.utf8.count <= 63
      && text.utf8.allSatisfy { ($0 | 0x20 >= 97 && $0 | 0x20 <= 122) || ($0 >= 48 && $0 <= 57) || $0 == 95 }
  }

  func field(_ name: String, _ node: Node, at place: Place, depth: Int) -> FieldSpec? {
    guard let map = SpecMap(node, in: file, faults, what: "the field \"\(name)\"", keys: Self.keys) else { return nil }
    if depth > Self.depthLimit {
      faults.add("fields lie within each other more than \(Self.depthLimit) deep", at: place)
      return nil
    }
    let field = FieldSpec(name: name, type: type(map))
    field.place = place
    field.doc = map.string("doc")
    field.required = map.bool("required") ?? false
    field.immutableBecause = map["immutable"]?.string
    field.immutable = field.immutableBecause != nil || map.bool("immutable") ?? false
    field.replace = map.bool("replace") ?? false
    if field.replace, !field.immutable { faults.add("\"replace\" belongs to an immutable field", at: map.place("replace")) }
    if field.replace, field.immutableBecause != nil {
      faults.add("a field that has its object replaced needs no reason why it never changes", at: map.place("immutable"))
    }
    field.indexed = map.bool("indexed") ?? false
    field.wakes = map.bool("wakes") ?? false
    if field.wakes, !map.has("ref") { faults.add("\"wakes\" belongs to a field with \"ref\"", at: map.place("wakes")) }
    field.idOf = map.string("idOf")
    if field.idOf != nil, map.has("ref") || field.type != .string {
      faults.add("\"idOf\" belongs to a text without \"ref\"", at: map.place("idOf"))
    }
    field.writer = map.choice("writer", among: ["any", "api", "controller"]).flatMap(FieldSpec.Writer.init(rawValue:)) ?? .any
    field.secret = map.choice("secret", among: ["hash", "sealed", "password"]).flatMap(FieldSpec.SecretStorage.init(rawValue:))
    field.defaultValue = expressions.program(map, "default", .constant)
    field.computed = expressions.program(map, "computed", scope)
    field.allowed = map.strings("enum") ?? []
    field.moves = moves(map, field.allowed)
    field.min = map.number("min")
    field.max = map.number("max")
    field.pattern = map.string("pattern")
    field.format = map.choice("format", among: FieldFormat.names)
    field.reference = reference(map)
    field.generate = generate(map)
    if let of = map["of"], let shape = self.field(name, of, at: file.place(of), depth: depth + 1) { field.items = [shape] }
    if let members = map["fields"] { field.fields = fields(members, depth: depth + 1) }
    field.key = map.string("key")
    check(field, map)
    return field
  }

  /// The type as written, or as other keys imply it: `ref` and `enum` text, `fields` an object.
  private func type(_ map: SpecMap) -> FieldSpec.FieldType {
    if map.has("type") { return map.choice("type", FieldSpec.FieldType.self) ?? .any }
    if map.has("ref") || map.has("enum") || map.has("idOf") { return .string }
    if map.has("fields") { return .object }
    faults.add(
      "a field needs a \"type\"", at: map.place,
      fix: "One of \(FieldSpec.FieldType.allCases.map(\.rawValue).joined(separator: ", ")).")
    return .any
  }

  private func moves(_ map: SpecMap, _ allowed: [String]) -> [String: [String]] {
    guard let moves = map.map("moves") else { return [:] }
    var table: [String: [String]] = [:]
    for member in moves.all {
      if !allowed.contains(member.key) { faults.unknown("enum value", member.key, among: allowed, at: file.place(member)) }
      let targets = moves.strings(member.key) ?? []
      for target in targets where !allowed.contains(target) {
        faults.unknown("enum value", target, among: allowed, at: file.place(member.value))
      }
      table[member.key] = targets
    }
    return table
  }

  private func reference(_ map: SpecMap) -> FieldSpec.Reference? {
    guard let kind = map.string("ref") else {
      for key in ["onDelete", "tree", "crossTenant"] where map.has(key) {
        faults.add("\"\(key)\" belongs to a field with \"ref\"", at: map.place(key))
      }
      return nil
    }
    let onDelete = map.choice("onDelete", among: ["restrict", "cascade", "clear", "confirm"]).flatMap(
      FieldSpec.OnDelete.init(rawValue:))
    return FieldSpec.Reference(
      kind: kind.split(separator: "/").last.map(String.init) ?? kind, onDelete: onDelete ?? .restrict,
      tree: map.bool("tree") ?? false,
      crossTenant: map.bool("crossTenant") ?? false)
  }

  private func generate(_ map: SpecMap) -> FieldSpec.Generate? {
    guard let node = map["generate"] else { return nil }
    if node.string == "sequence" { return FieldSpec.Generate(source: .sequence) }
    if node.string == "uuid" { return FieldSpec.Generate(source: .uuid) }
    guard
      let inner = map.map("generate", keys: ["prefix", "bytes", "length", "slug", "sequence", "width", "uuid", "again", "grace"])
    else { return nil }
    let (again, grace) = (inner.string("again"), inner.duration("grace"))
    func made(_ source: FieldSpec.Generate.Source) -> FieldSpec.Generate {
      FieldSpec.Generate(source: source, again: again, grace: grace)
    }
    if let from = inner.string("slug") { return made(.slug(from: from)) }
    if inner["sequence"]?.string == "gapless" {
      return made(.gapless(prefix: inner.string("prefix") ?? "", width: inner.int("width", 1...18) ?? 1))
    }
    if inner.bool("sequence") == true { return made(.sequence) }
    if inner.bool("uuid") == true { return made(.uuid) }
    // A character of base62 carries about 5.95 bits.
    let length = inner.int("length", 8...256) ?? Int((Double(inner.int("bytes", 8...128) ?? 32) * 8 / 5.95).rounded(.up))
    return made(.token(prefix: inner.string("prefix") ?? "", length: length))
  }

  /// Keys that contradict each other.
  private func check(_ field: FieldSpec, _ map: SpecMap) {
    let numeric: Set<FieldSpec.FieldType> = [.integer, .number, .decimal, .string, .list, .map, .bytes, .blob]
    for key in ["min", "max"] where map.has(key) && !numeric.contains(field.type) {
      faults.add("\"\(key)\" has no meaning for the type \(field.type)", at: map.place(key))
    }
    if let min = field.min, let max = field.max, min > max { faults.add("\"min\" is above \"max\"", at: map.place("min")) }
    for key in ["pattern", "format", "enum"] where map.has(key) && field.type != .string {
      faults.add("\"\(key)\" belongs to a field of type string, not \(field.type)", at: map.place(key))
    }
    if map.has("enum"), field.allowed.isEmpty { faults.add("\"enum\" allows nothing", at: map.place("enum")) }
    if Set(field.allowed).count != field.allowed.count { faults.add("\"enum\" names a value twice", at: map.place("enum")) }
    if map.has("moves"), field.allowed.isEmpty {
      faults.add("\"moves\" belongs to a field with \"enum\"", at: map.place("moves"))
    }
    if field.type == .list || field.type == .map, field.of == nil {
      faults.add("a \(field.type) needs \"of\", the shape of its \(field.type == .list ? "items" : "values")", at: map.place)
    }
    if map.has("of"), field.type != .list, field.type != .map {
      faults.add("\"of\" belongs to a list or map", at: map.place("of"))
    }
    if map.has("fields"), field.type != .object {
      faults.add("\"fields\" belong to a field of type object", at: map.place("fields"))
    }
    if field.type == .object, !map.has("fields") {
      faults.add("an object needs \"fields\"", at: map.place, fix: "Use {type: map, of: …} for free keys, or {type: any}.")
    }
    if field.reference != nil, field.type != .string {
      faults.add("a reference is of type string", at: map.place("ref"), fix: "For several: {type: list, of: {ref: …}}.")
    }
    if let key = field.key {
      if field.type != .list || field.of?.type != .object {
        faults.add("\"key\" belongs to a list of objects", at: map.place("key"))
      } else if let of = field.of, !of.fields.contains(where: { $0.name == key }) {
        faults.unknown("member of the items named", key, among: of.fields.map(\.name), at: map.place("key"))
      }
    }
    if field.computed != nil {
      for key in ["required", "default", "generate", "secret", "immutable", "writer"] where map.has(key) {
        faults.add("a computed field is never written: \"\(key)\" has no meaning", at: map.place(key))
      }
    }
    if field.required, field.writer == .controller {
      faults.add("a field that only controllers write cannot be required", at: map.place("required"))
    }
    if let pattern = field.pattern, let fault = TextPattern.fault(pattern) {
      faults.add("the pattern is no regular expression: \(fault)", at: map.place("pattern"))
    }
  }
}
