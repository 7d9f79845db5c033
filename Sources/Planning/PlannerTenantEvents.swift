// What happens in tenants and the operators want to hear of: an event more, in the root tenant, in the same commit.
import Core
import Kinds
import Ports

extension PlannerRun {
  static let tenantEvent = "TenantEvent"

  /// Events that kinds mark with `platform: true`. Webhooks follow the feed of one tenant, those of the root tenant its own.
  mutating func tellPlatform() {
    guard let kind = context.catalog.kind(Self.tenantEvent) else { return }
    for draft in drafts where draft.object.tenant != .rootTenant && draft.fate != .keep && draft.fate != .record {
      let marked = draft.kind.events.filter { $0.platform && !$0.observed }
      if marked.isEmpty { continue }
      let happened = Set(events(draft))
      for event in marked where happened.contains(event.name) { add(notice(event.name, draft, kind)) }
    }
  }

  private func notice(_ event: String, _ draft: Draft, _ kind: KindSpec) -> Draft {
    let uid = kind.minted(context.minting.uid(at: context.now))
    var data = ObjectMap()
    for field in draft.kind.fields where !Self.holdsSecret(field) && field.computed == nil {
      if let value = draft.object.spec[field.name] { data[field.name] = value }
    }
    let spec: ObjectMap = [
      "event": .string(event), "tenant": .string(draft.object.tenant.description), "subject": .string(draft.kind.name),
      "subjectId": .string(draft.object.uid.description), "subjectName": .string(draft.object.name), "data": .object(data),
    ]
    let object = StoredObject(
      tenant: .rootTenant, uid: uid, kind: kind.name, name: uid.description, rev: kind.rev, spec: spec, created: context.now,
      updated: context.now)
    return Draft(fate: .create, kind: kind, object: object, existing: nil, intent: nil, reason: "tells of \(draft.object.label)")
  }

  private static func holdsSecret(_ field: FieldSpec) -> Bool {
    field.secret != nil || field.fields.contains(where: holdsSecret) || field.items.contains(where: holdsSecret)
  }
}
