// The names that every object has besides its kind's fields.
import Core
import Expressions
import Kinds
import Ports

enum Builtins {
  static let names = [
    "id", "uid", "name", "createdAt", "updatedAt", "deletedAt", "generation", "observedGeneration", "conditions", "labels",
    "ready",
  ]
  /// What runs have besides; `KindSpec.Storage.run`.
  static let runNames = ["phase", "finished", "result", "error", "progress", "startedAt", "finishedAt", "attempts", "steps"]
  /// Phases that a run never leaves.
  static let finishedPhases = ["Succeeded", "Failed", "Rejected", "Cancelled", "TimedOut", "Unknown"]
  private static let firstPhase = "Waiting"

  static func has(_ name: String, kind: KindSpec) -> Bool {
    names.contains(name) || (kind.storage == .run && runNames.contains(name))
  }

  /// The stored value of a declared field. The identity need not be repeated in the spec.
  static func stored(_ field: FieldSpec, of object: StoredObject, kind: KindSpec) -> Value {
    if field.isObserved { return object.status[field.name] }
    if let value = object.spec[field.name] { return value }
    guard kind.unique.first?.fields.first == field.name, field.name == kind.identityField, kind.storage != .record else {
      return .null
    }
    return .string(object.name)
  }

  static func value(_ name: String, of object: StoredObject, kind: KindSpec) -> CELValue? {
    switch name {
    case "uid": return .string(object.uid.description)
    case "name": return .string(object.name)
    case "createdAt": return FieldConversion.expression(object.created)
    case "updatedAt": return FieldConversion.expression(object.updated)
    case "deletedAt": return object.deleting.map { FieldConversion.expression($0) } ?? .null
    case "generation": return .int(object.generation)
    case "observedGeneration": return .int(object.observedGeneration)
    case "conditions": return .list((object.status["conditions"].list ?? []).map { CELValue($0) })
    case "labels":
      return .map(CELMap(ObjectMap(object.labels.sorted { $0.key < $1.key }.map { ($0.key, Value.string($0.value)) })))
    case "ready": return .bool(object.isReady)
    default: return kind.storage == .run ? run(name, object) : nil
    }
  }

  private static func run(_ name: String, _ object: StoredObject) -> CELValue? {
    let phase = object.status["phase"].string ?? firstPhase
    switch name {
    case "phase": return .string(phase)
    case "finished": return .bool(finishedPhases.contains(phase))
    case "startedAt", "finishedAt":
      return object.status[name].string.flatMap { Timestamp($0) }.map { FieldConversion.expression($0) } ?? .null
    case _ where runNames.contains(name): return CELValue(object.status[name])
    default: return nil
    }
  }
}

extension Builtins {
  /// The ciphertext of a sealed field; nil when it is not set.
  static func sealed(_ field: FieldSpec, of object: StoredObject) -> String? {
    (field.isObserved ? object.status[field.name] : object.spec[field.name] ?? .null)["$sealed"].string
  }
}
