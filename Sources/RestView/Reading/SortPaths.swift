// Sort keys of specs to paths of the store.
import Core
import Kinds
import Ports

enum SortPaths {
  /// Keys that no field has are left out; `fault` names them when specs load.
  static func paths(_ keys: [SortKey], kind: KindSpec) -> [(path: FieldPath, descending: Bool)] {
    keys.compactMap { key in path(key.field, kind: kind).map { ($0, key.descending) } }
  }

  static func path(_ name: String, kind: KindSpec) -> FieldPath? {
    if let field = kind.field(name) {
      guard field.computed == nil, field.secret == nil else { return nil }
      if name == kind.identityField, kind.storage != .record { return .name }
      return field.isObserved ? .status([name]) : .spec([name])
    }
    switch name {
    case "createdAt": return .created
    case "updatedAt": return .updated
    case "name": return .name
    case "id", "uid": return .uid
    default: return nil
    }
  }

  /// The value that a cursor remembers of an object for a path.
  static func value(_ path: FieldPath, of object: StoredObject) -> Value {
    switch path {
    case .uid: .string(object.uid.description)
    case .name: .string(object.name)
    case .created: .string(object.created.description)
    case .updated: .string(object.updated.description)
    case .version: .int(object.version)
    case .label(let name): Value(object.labels[name])
    case .spec(let path): Value.object(object.spec).at(path: path)
    case .status(let path): object.status.at(path: path)
    }
  }
}
