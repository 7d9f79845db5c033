// Step 4, continued: what a tenant's plan must grant for a write.
import Core
import Expressions
import Kinds
import Ports

extension PlannerRun {
  /// The root tenant runs the installation and needs no plan.
  mutating func checkEntitlements() {
    for draft in drafts where !draft.kind.entitlements.isEmpty && draft.object.tenant != .rootTenant {
      guard draft.fate == .create || draft.fate == .restore || (draft.fate == .update && draft.specChanged) else { continue }
      let current = ObjectView(object: draft.object, kind: draft.kind, lookup: nil, catalog: context.catalog)
      let before = draft.fate == .update ? draft.existing : nil
      let old = before.map { ObjectView(object: $0, kind: draft.kind, lookup: nil, catalog: context.catalog) }
      let scope = EventScope(current: current, old: old, now: context.now)
      for one in draft.kind.entitlements {
        if let when = one.when {
          guard case .success(.bool(true)) = when.evaluate(scope) else { continue }
        }
        let least = one.least.map { Self.number($0, scope) }
        if let old {
          // What the object has already is not taken away by a smaller plan.
          if let program = one.least, let least {
            let had = Self.number(program, EventScope(current: old, old: nil, now: context.now)) ?? 0
            if least ?? 0 <= had { continue }
          } else if one.when == nil {
            continue
          }
        }
        if let least, (least ?? 0) <= 0 { continue }
        guard let grants = snapshot.grants[draft.object.tenant] else {
          needs.insert(.grants(tenant: draft.object.tenant))
          continue
        }
        guard var problem = grants.problem(one.key, least: least ?? nil) else { continue }
        problem.place = draft.intent.flatMap { intents[$0].place }
        problem.object = draft.object.label
        problems.append(problem)
      }
    }
  }

  private static func number(_ program: CELProgram, _ scope: EventScope) -> Double? {
    (try? program.evaluate(scope).get())?.value.double
  }
}
