// Entries of the audit log for writes of kinds that ask for them: one hook for manifests, API and controllers alike.
import Core
import Expressions
import Kinds
import Ports

extension PlannerRun {
  /// Names of changed fields are told, never their values.
  func auditRows(_ draft: Draft) -> [RecordRow] {
    let verb: String
    let severity: KindSpec.Audit.Severity?
    switch draft.fate {
    case .create: (verb, severity) = ("created", draft.kind.audit.create)
    case .restore: (verb, severity) = ("restored", draft.kind.audit.create)
    case .delete: (verb, severity) = ("deleted", draft.kind.audit.delete)
    case .update where draft.specChanged: (verb, severity) = ("updated", draft.kind.audit.update)
    case .update, .keep, .record: return []
    }
    guard let severity, context.catalog.kind(AuditRows.platformKind) != nil else { return [] }
    let title = auditTitle(draft)
    var message = "\(AuditRows.words(draft.kind.name)) \(verb): \(title)"
    if draft.fate == .update, let before = draft.existing {
      let changed = draft.kind.fields.map(\.name).filter { !sameValue(before.spec[$0], draft.object.spec[$0]) }
      if !changed.isEmpty { message += " (\(changed.joined(separator: ", ")))" }
    }
    let entry = AuditRows.Entry(
      severity: severity, action: "\(draft.kind.noun).\(verb)", message: message, actor: context.origin.actor,
      user: context.origin.user, operation: context.origin.action, targetKind: draft.kind.name, target: draft.object.uid,
      targetName: draft.object.name)
    return AuditRows.rows(entry, tenant: draft.object.tenant, at: context.now) { context.minting.uid(at: context.now) }
  }

  private func auditTitle(_ draft: Draft) -> String {
    if let program = draft.kind.audit.title {
      let view = ObjectView(object: draft.object, kind: draft.kind, lookup: nil, catalog: context.catalog)
      let scope = ObjectScope(current: view, old: nil, names: [:], now: context.now)
      if case .success(.string(let text)) = program.evaluate(scope), !text.isEmpty { return text }
    }
    return draft.object.spec["title"]?.string ?? draft.object.spec["label"]?.string ?? draft.object.name
  }
}
