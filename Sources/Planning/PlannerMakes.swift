// Children that an object makes, kept in step with it in the same commit.
import Core
import Expressions
import Kinds
import Ports

extension PlannerRun {
  /// Children of new objects, and of changed ones whose `when` has become true. A made record or object never changes by itself.
  mutating func makeChildren() {
    for at in drafts.indices
    where !drafts[at].kind.makes.isEmpty
      && (drafts[at].fate == .create || drafts[at].fate == .update || drafts[at].fate == .record)
    {
      let draft = drafts[at]
      for makes in draft.kind.makes {
        guard let kind = context.catalog.kind(makes.kind), holds(makes.when, draft.object, draft), !wasMade(makes, draft) else {
          continue
        }
        let current = view(draft)
        var items: [CELValue] = [.null]
        if let each = makes.each {
          guard
            case .success(.list(let found)) = each.evaluate(ObjectScope(current: current, old: nil, names: [:], now: context.now))
          else { continue }
          items = found
        }
        for item in items {
          let scope = ObjectScope(current: current, old: nil, names: [makes.itemName: item], now: context.now)
          var spec = ObjectMap()
          for (field, program) in makes.fields {
            if case .success(let value) = program.evaluate(scope), !value.isNull { spec[field] = value.value }
          }
          let uid = kind.minted(context.minting.uid(at: context.now))
          let name = kind.identityField.flatMap { spec[$0]?.string } ?? uid.description
          let object = StoredObject(
            tenant: Self.home(of: kind, tenant: draft.object.tenant), uid: uid, kind: kind.name, name: name, rev: kind.rev,
            spec: spec,
            created: context.now, updated: context.now)
          add(
            Draft(
              fate: kind.storage == .record ? .record : .create, kind: kind, object: object, existing: nil, intent: nil,
              reason: "made by \(draft.object.label)"))
        }
      }
    }
  }

  private func holds(_ program: CELProgram?, _ object: StoredObject, _ draft: Draft) -> Bool {
    guard let program else { return true }
    let current = ObjectView(object: object, kind: draft.kind, lookup: nil, catalog: context.catalog)
    if case .success(.bool(true)) = program.evaluate(ObjectScope(current: current, old: nil, names: [:], now: context.now)) {
      return true
    }
    return false
  }

  private func wasMade(_ makes: KindSpec.Makes, _ draft: Draft) -> Bool {
    draft.existing.map { holds(makes.when, $0, draft) } ?? false
  }
}
