// A stored object as expressions see it: fields by name, references followed where they were read.
import Core
import Expressions
import Kinds
import Ports

/// `needs` says which references are objects here; all others are the ids that the family shows.
final class ObjectValue: CELObject, Sendable {
  /// Computed fields that read computed fields, at most this deep.
  private static let computedDepth = 8
  /// An inverse is never longer than this as a list.
  private static let inverseLimit = 1_000_000

  let object: StoredObject
  let kind: KindSpec
  let needs: Needs
  let page: PageData
  let ids: IDCodec
  private let depth: Int

  init(_ object: StoredObject, kind: KindSpec, needs: Needs, page: PageData, ids: IDCodec, depth: Int = 0) {
    self.object = object
    self.kind = kind
    self.needs = needs
    self.page = page
    self.ids = ids
    self.depth = depth
  }

  var keys: [String] { Builtins.names + kind.fields.map(\.name) }

  func member(_ name: String) -> CELValue? {
    if name == "id" { return .string(ids.text(object)) }
    if let field = kind.field(name) { return value(of: field) }
    if let builtin = Builtins.value(name, of: object, kind: kind) { return builtin }
    if let inverse = kind.inverses.first(where: { $0.name == name }) { return self.inverse(inverse) }
    return nil
  }

  private func value(of field: FieldSpec) -> CELValue {
    if let computed = field.computed {
      guard depth < Self.computedDepth else { return .null }
      let inner = ObjectValue(object, kind: kind, needs: needs, page: page, ids: ids, depth: depth + 1)
      return (try? computed.evaluate(RouteScope(object: inner)).get()) ?? .null
    }
    let stored = Builtins.stored(field, of: object, kind: kind)
    if let reference = field.reference, field.type != .list { return self.reference(stored, field.name, reference) }
    if let reference = field.of?.reference, case .list(let items) = stored {
      return .list(items.map { self.reference($0, field.name, reference) })
    }
    if let kind = field.idOf, let uid = stored.string.flatMap({ UID($0) }) { return .string(ids.text(uid, kind: kind)) }
    return FieldConversion.expression(stored, field)
  }

  /// The target where the page holds it and programs go through it, else its id.
  private func reference(_ stored: Value, _ field: String, _ reference: FieldSpec.Reference) -> CELValue {
    guard let text = stored.string, let uid = UID(text) else { return stored.isNull ? .null : CELValue(stored) }
    guard let next = needs.references[field] else { return .string(ids.text(uid, kind: reference.kind)) }
    guard let target = page.objects[uid], let kind = ids.catalog.kind(target.kind) else {
      return ids.needsObject(reference.kind) ? .null : .string(ids.text(uid, kind: reference.kind))
    }
    return .object(ObjectValue(target, kind: kind, needs: next, page: page.references[field] ?? .empty, ids: ids))
  }

  private func inverse(_ inverse: KindSpec.Inverse) -> CELValue? {
    if let objects = page.inverses[inverse.name], let kind = ids.catalog.kind(inverse.kind) {
      let own = objects[object.uid] ?? []
      return .list(own.map { .object(ObjectValue($0, kind: kind, needs: Needs(), page: .empty, ids: ids)) })
    }
    if let counts = page.inverseCounts[inverse.name] {
      return .list(Array(repeating: .null, count: min(counts[object.uid] ?? 0, Self.inverseLimit)))
    }
    return nil
  }
}
