// Verb delete: refused while others depend on the object, unless the caller confirms; cascades happen in the planner.
import Core
import Expressions
import HTTPServer
import Kinds
import Planning
import Ports

extension RouteExecutor {
  mutating func delete() async throws -> HTTPResponse {
    guard let kind = route.kind else { throw Self.missing }
    guard let object = try await target(kind) else {
      if spec.absent == .same { return response(status: spec.status, body: deletedBody(nil)) }
      _ = try await requiredTarget(kind)
      throw Self.missing
    }
    let page = try await context.prefetch().load([object], kind: kind, needs: route.targetNeeds)
    let value = context.view(of: object, kind: kind, page: page)
    try AuthGate(services: services, route: route).permit(context.caller, target: value)
    if route.names.contains("target") { context.names["target"] = .object(value) }
    try await readLets(value)
    try checkUnless(value)
    let dependents = Dependents(context: context, kind: kind)
    let confirmation = try await dependents.confirm(object)
    var plan = WritePlan()
    let tenant = context.reader.home(kind)
    plan.intents = [Intent(.delete, .uid(tenant: tenant, kind: kind.name, object.uid), force: confirmation.force)]
    plan.intents += confirmation.taken.map { Intent(.delete, .uid(tenant: $0.tenant, kind: $0.kind, $0.uid)) }
    var fields = ObjectMap()
    plan.intents += try await Effects(context: context, target: value, kind: kind).intents(&plan, fields: &fields)
    try plan.computed.finish()
    plan.intents += auditIntents(object, kind)
    let outcome = try await commit(plan, kind, existing: value, draft: nil)
    let position = outcome.positions[object.tenant]
    if case .empty = spec.answer, spec.status != 204 {
      return response(status: spec.status, body: deletedBody(object), position: position)
    }
    return try await answer(object, kind: kind, template: family.item, position: position)
  }

  /// The family's word for a deletion.
  private func deletedBody(_ object: StoredObject?) -> [UInt8] {
    var out: [UInt8] = []
    family.deleted.write(to: &out) { hole, out in
      switch hole {
      case .id: JSON.write(Value(object.map { context.ids.text($0) }), to: &out)
      case .requestId: JSON.write(context.requestID, to: &out)
      case .version: JSON.write(family.version, to: &out)
      case .status: JSON.write(spec.status, to: &out)
      default: out.append(contentsOf: "null".utf8)
      }
    }
    return out
  }
}
