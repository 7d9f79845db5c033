// A plan as JSON: what it does to each object, field by field, references as names, with who set the old values.
import Core
import Identity
import Kinds
import Planning
import Ports

struct PlanShape: Sendable {
  let handler: NativeHandler
  let request: NativeRequest
  /// Read who set the old values: true where nothing was committed yet.
  var withOwners = false
  /// Objects whose owners are read.
  static let ownersOf = 5000

  func value(_ plan: Plan, unchanged: Int, positions: [UID: Int]) async throws -> Value {
    let changed = plan.items.filter { $0.action != .unchanged }
    let before = withOwners ? try await stored(changed) : [:]
    let names = try await names(changed, plan)
    let shape = ObjectShape(catalog: handler.catalog, names: names, caller: request.caller)
    var summary: ObjectMap = [:]
    for action in [PlanItem.Action.create, .update, .replace, .rename, .delete, .adopt, .restore] {
      summary[action.rawValue] = .int(plan.count(action))
    }
    summary["unchanged"] = .int(unchanged + plan.count(.unchanged))
    var value: Value = [
      "items": .list(
        changed.map { item($0, $0.action == .create ? plan.results[$0.uid] : before[$0.replaces ?? $0.uid], shape) }),
      "summary": .object(summary),
      "positions": .object(ObjectMap(positions.sorted { $0.key < $1.key }.map { ($0.key.description, Value.int($0.value)) })),
      "problems": .list(plan.problems.map(\.value)), "warnings": .list(plan.warnings.map(\.value)),
    ]
    if !plan.asks.isEmpty { value["asks"] = .list(plan.asks.map(\.value)) }
    return value
  }

  private func stored(_ items: [PlanItem]) async throws -> [UID: StoredObject] {
    let shown: [PlanItem.Action] = [.update, .adopt, .rename, .replace]
    let uids = items.filter { shown.contains($0.action) }.prefix(Self.ownersOf).map { $0.replaces ?? $0.uid }
    if uids.isEmpty { return [:] }
    var found: [UID: StoredObject] = [:]
    let wanted = Set(uids)
    for (tenant, group) in Dictionary(grouping: items.filter { wanted.contains($0.replaces ?? $0.uid) }, by: \.tenant).sorted(
      by: {
        $0.key < $1.key
      })
    {
      for object in try await handler.store.objects(tenant: tenant, uids: group.map { $0.replaces ?? $0.uid }) {
        found[object.uid] = object
      }
    }
    return found
  }

  /// Names of what the changes refer to: of this plan itself, or stored.
  private func names(_ items: [PlanItem], _ plan: Plan) async throws -> ReferenceNames {
    var wanted: Set<UID> = []
    for item in items {
      guard let kind = handler.catalog.kind(item.kind) else { continue }
      for change in item.changes {
        guard holdsReference(Self.field(change.path, kind)) else { continue }
        for value in [change.before, change.after] { collect(value, &wanted) }
      }
    }
    return try await ReferenceNames.read(wanted, planned: plan.results, store: handler.store, caller: request.caller)
  }

  private func collect(_ value: Value, _ wanted: inout Set<UID>) {
    switch value {
    case .string(let text): if let uid = UID(text) { wanted.insert(uid) }
    case .list(let items): for item in items { collect(item, &wanted) }
    case .object(let map): for (_, item) in map { collect(item, &wanted) }
    default: break
    }
  }

  private func holdsReference(_ field: FieldSpec?) -> Bool {
    guard let field else { return false }
    return field.reference != nil || field.items.contains { holdsReference($0) } || field.fields.contains { holdsReference($0) }
  }

  /// The field at a path such as `healthCheck.path` or `env.LOG`.
  static func field(_ path: String, _ kind: KindSpec) -> FieldSpec? {
    let steps = path.split(separator: ".").map(String.init)
    guard let first = steps.first, var field = kind.field(first) else { return nil }
    for step in steps.dropFirst() {
      guard let next = field.type == .map ? field.of : field.fields.first(where: { $0.name == step }) else { return nil }
      field = next
    }
    return field
  }

  /// `known` is the object as it was; for a new one as it will be.
  private func item(_ item: PlanItem, _ known: StoredObject?, _ shape: ObjectShape) -> Value {
    let kind = handler.catalog.kind(item.kind)
    var map: ObjectMap = [
      "action": .string(item.action.rawValue), "kind": .string(item.kind), "name": .string(item.name),
      "tenant": .string(shape.tenantName(item.tenant)), "uid": .string(item.uid.description),
      "changes": .list(item.changes.map { change($0, item.action == .create, kind, known, shape) }),
    ]
    if let reason = item.reason { map["reason"] = .string(reason) }
    if !item.effects.isEmpty { map["effects"] = .list(item.effects.map(Value.string)) }
    if !item.forcedBy.isEmpty { map["forcedBy"] = .list(item.forcedBy.map { .string("spec.\($0)") }) }
    if let replaced = item.replaces { map["replaces"] = .string(replaced.description) }
    if let former = item.formerName { map["formerName"] = .string(former) }
    if let place = item.place {
      map["file"] = .string(place.file)
      map["line"] = .int(place.line)
    }
    return .object(map)
  }

  private func change(
    _ change: PlanItem.FieldChange, _ creates: Bool, _ kind: KindSpec?, _ known: StoredObject?, _ shape: ObjectShape
  ) -> Value {
    let field = kind.flatMap { Self.field(change.path, $0) }
    var map: ObjectMap = [
      "path": .string(change.path.hasPrefix("metadata.") ? change.path : "spec." + change.path),
      "before": change.secret ? .null : shape.value(change.before, field),
      "after": change.secret ? .null : shape.value(change.after, field),
      "secret": .bool(change.secret),
    ]
    if let owner = known?.owners[change.path] {
      // What nobody stated is worth less attention.
      if creates, owner.manager == .standard { map["default"] = true }
      if !creates { map["owner"] = ObjectShape.owner(owner) }
    }
    return .object(map)
  }
}

extension ReferenceNames {
  /// As `read`, with objects that a plan writes known already.
  static func read(_ uids: Set<UID>, planned: [UID: StoredObject], store: any StorePort, caller: Caller) async throws
    -> ReferenceNames
  {
    var names = try await read(uids.filter { planned[$0] == nil }, crosses: false, store: store, caller: caller)
    for uid in uids { if let object = planned[uid] { names.add(object) } }
    return names
  }
}
