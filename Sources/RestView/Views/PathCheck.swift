// Whether a dotted path from an object exists and may be read: unknown fields and secrets are faults of the spec.
import Core
import Kinds

enum PathCheck {
  /// Nil when the path is sound. Paths into maps, lists and untyped fields are not followed.
  static func fault(_ path: [String], kind: KindSpec, catalog: KindCatalog) -> String? {
    guard let name = path.first else { return nil }
    let rest = Array(path.dropFirst())
    if let field = kind.field(name) {
      if field.secret != nil, rest.first != FieldConversion.hint {
        return "the field \"\(name)\" is secret: show \(name).\(FieldConversion.hint), once.\(name) or reveal(\(name))"
      }
      if let target = field.reference?.kind, let next = catalog.kind(target), !rest.isEmpty {
        return fault(rest, kind: next, catalog: catalog)
      }
      return members(rest, of: field)
    }
    if Builtins.has(name, kind: kind) || kind.inverses.contains(where: { $0.name == name }) { return nil }
    let near = nearestName(to: name, among: kind.fields.map(\.name) + Builtins.names + kind.inverses.map(\.name))
    return "\(kind.name) has no field \"\(name)\"" + (near.map { " (did you mean \"\($0)\"?)" } ?? "")
  }

  private static func members(_ path: [String], of field: FieldSpec) -> String? {
    guard let name = path.first, field.type == .object, !field.fields.isEmpty else { return nil }
    guard let member = field.fields.first(where: { $0.name == name }) else {
      return "\"\(field.name)\" has no member \"\(name)\""
    }
    if member.secret != nil, path.dropFirst().first != FieldConversion.hint { return "the member \"\(name)\" is secret" }
    return members(Array(path.dropFirst()), of: member)
  }
}
