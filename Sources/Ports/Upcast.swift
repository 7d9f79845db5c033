// Objects of an earlier schema revision as the kind has them now: `migrations` of kind.yaml, applied in order. Pure.
import Core
import Expressions
import Kinds

public enum Upcast {
  /// Brings spec and owners from `rev` to the kind's revision. Throws Problem when a conversion cannot be computed.
  public static func apply(_ kind: KindSpec, from rev: Int, spec: inout ObjectMap, owners: inout Owners) throws {
    for migration in kind.migrations where migration.rev > rev {
      switch migration.change {
      case .rename(let names):
        for (old, new) in names {
          if let value = spec[old], spec[new] == nil { spec[new] = value }
          spec[old] = nil
          rename(old, new, &owners)
        }
      case .convert(let programs):
        let before = spec
        for (field, program) in programs where before[field] != nil {
          switch program.evaluate(Scope(spec: before, value: before[field] ?? .null)) {
          case .success(let value): spec[field] = value.value.isNull ? Value?.none : value.value
          case .failure(let failure):
            throw Problem(
              .failure, code: "migration", "\(kind.name) cannot be brought to revision \(migration.rev): \(field): \(failure).",
              place: migration.place)
          }
        }
      case .drop(let fields):
        for field in fields {
          spec[field] = nil
          rename(field, nil, &owners)
        }
      }
    }
  }

  /// The same for an object, which is of the kind's revision then.
  public static func apply(_ object: inout StoredObject, _ kind: KindSpec) throws {
    guard object.rev < kind.rev, !kind.migrations.isEmpty else { return }
    var spec = object.spec
    var owners = object.owners
    try apply(kind, from: object.rev, spec: &spec, owners: &owners)
    object.spec = spec
    object.owners = owners
    object.rev = kind.rev
  }

  /// Owners of a field and of what is in it; nil: they go.
  private static func rename(_ old: String, _ new: String?, _ owners: inout Owners) {
    for (path, owner) in owners where path == old || path.hasPrefix(old + ".") || path.hasPrefix(old + "[") {
      owners[path] = nil
      if let new { owners[new + path.dropFirst(old.count)] = owner }
    }
  }

  /// `value` is the field before, bare names and `self` the object before.
  private struct Scope: CELScope {
    let spec: ObjectMap
    let value: Value
    func lookup(_ name: String) -> CELValue? {
      switch name {
      case "value": CELValue(value)
      case "self": .map(CELMap(spec))
      default: spec[name].map { CELValue($0) } ?? .null
      }
    }
  }
}
