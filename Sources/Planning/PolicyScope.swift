// What an expression of a policy sees: one object's change, or the plan as a whole.
import Core
import Expressions
import Kinds
import Ports

/// One object's change as a policy sees it.
struct PolicyChange: Sendable {
  /// `create`, `update`, `delete` or `restore`.
  var operation: String
  var kind: String
  /// The object that people speak of: as it will be, or as it was when it goes.
  var object: StoredObject
  var old: ObjectView?
  var new: ObjectView?
  /// Paths of the fields that change. Found only when they are asked for.
  var paths: @Sendable () -> [String]
  var references: @Sendable () -> [CELValue]
  /// Draft that it comes from.
  var draft: Int

  var value: CELValue {
    .object(
      PolicyRecord(members: [
        "kind": { .string(kind) }, "name": { .string(object.name) }, "operation": { .string(operation) }, "labels": { labels },
        "old": { old.map { .object($0) } ?? .null }, "new": { new.map { .object($0) } ?? .null },
        "changes": { .list(paths().map { .string($0) }) },
      ]))
  }
  var labels: CELValue {
    CELValue(.object(ObjectMap(object.labels.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })))
  }
}

/// Members found when they are read.
struct PolicyRecord: CELObject {
  var members: [String: @Sendable () -> CELValue]
  var keys: [String] { members.keys.sorted() }
  var identity: String? { nil }
  func member(_ name: String) -> CELValue? { members[name]?() }
}

struct PolicyScope: CELScope {
  var change: PolicyChange?
  var tenant: String
  var origin: Origin
  var plan: CELValue
  var now: Timestamp

  func lookup(_ name: String) -> CELValue? {
    switch name {
    case "new": change?.new.map { .object($0) } ?? .null
    case "old": change?.old.map { .object($0) } ?? .null
    case "self": (change?.new ?? change?.old).map { .object($0) } ?? .null
    case "kind": change.map { .string($0.kind) } ?? .null
    case "name": change.map { .string($0.object.name) } ?? .null
    case "labels": change?.labels ?? .null
    case "operation": change.map { .string($0.operation) } ?? .null
    case "changes": .list(change?.paths().map { .string($0) } ?? [])
    case "references": .list(change?.references() ?? [])
    case "tenant": .string(tenant)
    case "manager": .string(origin.manager.description)
    case "set": if case .set(let set) = origin.manager { .string(set) } else { .null }
    case "actor": .string(origin.actor)
    case "plan": plan
    case "now": CELValue(timestamp: now)
    default: nil
    }
  }
}

/// A stored policy, taken apart.
struct Policy {
  var object: StoredObject
  var denies: Bool
  var asksPlan: Bool
  var kinds: Set<String>
  var operations: Set<String>
  var selector: [String: String]
  var tenants: Set<String>
  var when: CELProgram?
  var require: CELProgram?
  var detail: CELProgram?
  var message: String

  init(_ object: StoredObject, _ programs: PolicyPrograms) {
    let spec = object.spec
    func texts(_ name: String) -> Set<String> { Set((spec[name]?.list ?? []).compactMap(\.string)) }
    self.object = object
    denies = spec["action"]?.string != "warn"
    asksPlan = spec["scope"]?.string == "plan"
    kinds = texts("kinds")
    operations = texts("operations")
    tenants = texts("tenants")
    var labels: [String: String] = [:]
    for (key, value) in spec["selector"]?.object ?? [:] { labels[key] = value.string ?? "" }
    selector = labels
    when = programs.program(spec["when"]?.string)
    require = programs.program(spec["require"]?.string)
    detail = programs.program(spec["detail"]?.string)
    message = spec["message"]?.string ?? ""
  }

  /// A rename is an update, and a replacement a deletion and a creation, for policies that know no better.
  private static func meanings(of operation: String) -> Set<String> {
    switch operation {
    case "rename": ["rename", "update"]
    case "replace": ["replace", "create", "delete"]
    default: [operation]
    }
  }

  func covers(_ change: PolicyChange) -> Bool {
    (kinds.isEmpty || kinds.contains(change.kind))
      && (operations.isEmpty || !operations.isDisjoint(with: Self.meanings(of: change.operation)))
      && selector.allSatisfy { change.object.labels[$0.key] == $0.value }
  }

  /// It reads through references, so that their targets must be known.
  var follows: Bool {
    [when, require, detail].compactMap { $0 }.contains { program in
      program.paths.contains { $0[0] == "references" || $0[0] == "plan" || $0.count > 2 }
    }
  }
}
