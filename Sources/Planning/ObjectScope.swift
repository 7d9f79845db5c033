// What a rule, default, event or computed field sees: an object's fields by bare name, `self`, `old`, lets and `now`.
import Core
import Expressions
import Kinds
import Ports

/// Finds objects for expressions that go through references.
protocol ObjectLookup: Sendable {
  func object(_ uid: UID) -> StoredObject?
}

/// A stored object as an expression sees it: desired and observed fields have one name each.
struct ObjectView: CELObject {
  let object: StoredObject
  let kind: KindSpec
  /// Follows references into objects instead of giving their uids.
  let lookup: (any ObjectLookup)?
  let catalog: KindCatalog

  var keys: [String] { object.spec.keys }

  func member(_ name: String) -> CELValue? {
    if let value = object.spec[name] {
      if let reference = kind.field(name)?.reference, let lookup, let uid = value.string.flatMap({ UID($0) }),
        let target = lookup.object(uid),
        let targetKind = catalog.kind(reference.kind)
      {
        return .object(ObjectView(object: target, kind: targetKind, lookup: lookup, catalog: catalog))
      }
      return CELValue(value)
    }
    switch name {
    case "id", "uid": return .string(object.uid.description)
    case "name": return .string(object.name)
    case "tenant": return .string(object.tenant.description)
    case "createdAt": return CELValue(timestamp: object.created)
    case "updatedAt": return CELValue(timestamp: object.updated)
    case "deletedAt": return object.deleting.map { CELValue(timestamp: $0) } ?? .null
    case "generation": return .int(object.generation)
    case "labels":
      return CELValue(.object(ObjectMap(object.labels.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })))
    case "conditions": return CELValue(object.status["conditions"])
    case "ready": return .bool(object.isReady)
    case "finished" where kind.storage == .run:
      return .bool(object.status["phase"].string.map { RunPhase.finished.contains($0) } ?? false)
    case "phase" where kind.storage == .run: return .string(object.status["phase"].string ?? RunPhase.first)
    default:
      if let field = kind.field(name) { return field.isObserved ? CELValue(object.status[name]) : .null }
      if case .object(let status) = object.status, let value = status[name] { return CELValue(value) }
      return nil
    }
  }
}

/// The scope of one expression.
struct ObjectScope: CELScope {
  var current: ObjectView?
  var old: ObjectView?
  var names: [String: CELValue]
  var now: Timestamp

  func lookup(_ name: String) -> CELValue? {
    switch name {
    case "self": current.map { .object($0) } ?? .null
    case "old": old.map { .object($0) } ?? .null
    case "now": CELValue(timestamp: now)
    default: names[name] ?? current?.member(name)
    }
  }
}

extension CELValue {
  init(timestamp: Timestamp) {
    let seconds = Int((Double(timestamp.microseconds) / 1e6).rounded(.down))
    self = .timestamp(seconds: seconds, nanos: Int32((timestamp.microseconds - seconds * 1_000_000) * 1000))
  }
}

extension CELProgram {
  /// True when the program goes through `name`, a reference: `self.server.online`.
  func follows(_ name: String) -> Bool {
    paths.contains { ($0.count > 2 && ($0[0] == "self" || $0[0] == "old") && $0[1] == name) || ($0.count > 1 && $0[0] == name) }
  }
}

/// The phases of a run. LANGUAGES: "Run".
public enum RunPhase {
  public static let first = "Queued"
  public static let finished: Set<String> = ["Succeeded", "Failed", "Rejected", "Cancelled", "TimedOut", "Unknown"]
}
