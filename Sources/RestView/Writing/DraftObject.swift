// An object as it would be, for expressions that run before it is stored.
import Core
import Expressions
import Kinds
import Ports

enum DraftObject {
  /// The kind's defaults and nothing else.
  static func standard(_ kind: KindSpec, tenant: UID, now: Timestamp) -> StoredObject {
    var object = StoredObject(
      tenant: tenant, uid: UID(high: 0, low: 0), kind: kind.name, name: "", generation: 0, spec: [:], created: now, updated: now)
    fillDefaults(&object, kind)
    return object
  }

  /// A new object with these fields, and defaults where they say nothing.
  static func new(_ kind: KindSpec, tenant: UID, uid: UID, fields: ObjectMap, now: Timestamp) -> StoredObject {
    var object = StoredObject(
      tenant: tenant, uid: uid, kind: kind.name, name: kind.identityField.flatMap { fields[$0]?.string } ?? "", spec: [:],
      created: now,
      updated: now)
    for (name, value) in fields where !value.isNull { object.spec[name] = plain(value, kind.field(name)) }
    fillDefaults(&object, kind)
    return object
  }

  /// `object` with some fields changed; null clears.
  static func changed(_ object: StoredObject, _ kind: KindSpec, fields: ObjectMap) -> StoredObject {
    var object = object
    for (name, value) in fields { object.spec[name] = value.isNull ? Value?.none : plain(value, kind.field(name)) }
    return object
  }

  /// A secret that was just sent shows its presence only.
  private static func plain(_ value: Value, _ field: FieldSpec?) -> Value {
    field?.secret == nil || value.isNull ? value : ["$new": true]
  }

  private static func fillDefaults(_ object: inout StoredObject, _ kind: KindSpec) {
    for field in kind.fields where object.spec[field.name] == nil && field.computed == nil && !field.isObserved {
      guard let program = field.defaultValue, let value = try? program.evaluate(RouteScope()).get(), !value.isNull else {
        continue
      }
      object.spec[field.name] = FieldConversion.stored(value)
    }
  }
}
