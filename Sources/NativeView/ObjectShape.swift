// An object as the native API shows it: references as names, secrets masked.
import Core
import Identity
import Kinds
import Ports

struct ObjectShape: Sendable {
  let catalog: KindCatalog
  let names: ReferenceNames
  let caller: Caller
  /// Names of tenants besides the caller's.
  var tenants: [UID: String] = [:]
  /// Show who set each field.
  var owners = false

  static let masked: Value = ["$secret": true]

  func value(_ object: StoredObject) -> Value {
    let kind = catalog.kind(object.kind)
    var metadata: ObjectMap = [
      "tenant": .string(tenantName(object.tenant)), "name": .string(object.name), "uid": .string(object.uid.description),
      "generation": .int(object.generation), "version": .int(object.version),
    ]
    if !object.labels.isEmpty { metadata["labels"] = Self.labels(object.labels) }
    if object.protected { metadata["protect"] = true }
    metadata["createdAt"] = .string(object.created.description)
    metadata["updatedAt"] = .string(object.updated.description)
    if let deleting = object.deleting { metadata["deleting"] = .string(deleting.description) }
    var map: ObjectMap = [
      "apiVersion": .string(kind?.apiVersion ?? ""), "kind": .string(object.kind), "metadata": .object(metadata),
      "spec": .object(spec(object.spec, kind)), "status": Self.hideSealed(object.status),
      "ready": .bool(Readiness.isReady(object, kind)),
    ]
    if owners {
      map["owners"] = .object(ObjectMap(object.owners.sorted { $0.key < $1.key }.map { ($0.key, Self.owner($0.value)) }))
    }
    return .object(map)
  }

  func tenantName(_ uid: UID) -> String {
    uid == caller.tenant ? caller.tenantName : tenants[uid] ?? (uid == .rootTenant ? "root" : uid.description)
  }

  static func labels(_ labels: [String: String]) -> Value {
    .object(ObjectMap(labels.sorted { $0.key < $1.key }.map { ($0.key, Value.string($0.value)) }))
  }

  static func owner(_ owner: FieldOwner) -> Value {
    var map: ObjectMap = [
      "manager": .string(owner.manager.description), "actor": .string(owner.actor), "at": .string(owner.at.description),
    ]
    if let commit = owner.commit { map["commit"] = .string(commit) }
    if let place = owner.place {
      map["file"] = .string(place.file)
      map["line"] = .int(place.line)
    }
    return .object(map)
  }

  // MARK: Specs

  func spec(_ spec: ObjectMap, _ kind: KindSpec?) -> ObjectMap {
    var shown = ObjectMap()
    shown.reserveCapacity(spec.count)
    // In the order of the kind, which is for people; what the kind does not know any more comes last.
    for field in kind?.fields ?? [] { if let value = spec[field.name] { shown.append(field.name, self.value(value, field)) } }
    if shown.count < spec.count {
      for (name, value) in spec where !shown.has(name) { shown.append(name, self.value(value, nil)) }
    }
    return shown
  }

  /// A stored value by its field: masked, references by name.
  func value(_ value: Value, _ field: FieldSpec?) -> Value {
    guard let field else { return Self.hideSealed(value) }
    if field.secret != nil { return value.isNull ? .null : Self.masked }
    if field.reference != nil, field.type != .list { return reference(value) }
    switch value {
    case .list(let items): return .list(items.map { self.value($0, field.of) })
    case .object(let map):
      if field.type == .any { return Self.hideSealed(value) }
      return .object(
        ObjectMap(
          map.map { name, item in (name, self.value(item, field.type == .map ? field.of : field.fields.first { $0.name == name }))
          }))
    default: return value
    }
  }

  private func reference(_ value: Value) -> Value {
    guard let uid = value.string.flatMap({ UID($0) }), let name = names.name(uid) else { return value }
    guard let tenant = names.tenant(uid), tenant != caller.tenant, tenant != .rootTenant else { return .string(name) }
    return ["name": .string(name), "tenant": .string(tenantName(tenant))]
  }

  /// Sealed values are masked wherever they stand.
  static func hideSealed(_ value: Value) -> Value {
    switch value {
    case .list(let items): return .list(items.map(hideSealed))
    case .object(let map):
      if map.has("$sealed") || map.has("$password") || map.has("$digest") { return masked }
      return .object(ObjectMap(map.map { ($0.key, hideSealed($0.value)) }))
    default: return value
    }
  }
}
