// Verb query: an answer without a target, from lets and constants, and the effects of calls that are about no single object.
import Core
import Expressions
import HTTPServer
import Kinds
import Ports

extension RouteExecutor {
  mutating func query() async throws -> HTTPResponse {
    try AuthGate(services: services, route: route).permit(context.caller, target: nil)
    if let kind = route.kind, !spec.binds.isEmpty { _ = try await boundFields(kind) }
    try await readLets(nil)
    try checkUnless(nil)
    if !route.effects.isEmpty { return try await runEffects() }
    try await audit(nil, route.kind)
    if let sql = spec.sql { return try await query(sql) }
    return try await answer(nil, kind: nil, template: family.item)
  }

  /// `do` without a target: all effects in one transaction, then the answer, which may read what `as` names.
  private mutating func runEffects() async throws -> HTTPResponse {
    var plan = WritePlan()
    var fields = ObjectMap()
    plan.intents = try await Effects(context: context, target: nil, kind: nil).intents(&plan, fields: &fields)
    try plan.computed.finish()
    plan.intents += auditIntents(nil, route.kind)
    let outcome = try await commit(plan, nil, existing: nil, draft: nil)
    for entry in plan.named {
      // Positions are counted behind a target's intent, which is not here.
      guard var made = outcome.object(entry.intent - 1) else { continue }
      if let wait = spec.wait, wait.of == entry.name {
        made = try await ObjectWait(context: context, wait: wait).until(made, kind: entry.kind)
      }
      context.names[entry.name] = .object(ObjectValue(made, kind: entry.kind, needs: Needs(), page: .empty, ids: context.ids))
    }
    return try await answer(nil, kind: nil, template: family.item, position: outcome.positions[context.tenant])
  }
}
