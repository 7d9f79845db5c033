// The `do` of a route: further objects changed in the same transaction.
import Core
import Expressions
import Kinds
import Planning
import Ports

struct Effects {
  /// Objects that one effect may touch.
  static let limit = 1000

  let context: RequestContext
  /// Nil for calls without one.
  let target: ObjectValue?
  let kind: KindSpec?

  /// Intents besides the target's. What is set on the target itself goes into `fields`.
  func intents(_ plan: inout WritePlan, fields: inout ObjectMap) async throws -> [Intent] {
    var intents: [Intent] = []
    for effect in context.route.effects {
      for item in try items(effect) {
        var names = context.names
        if let item { names["item"] = item }
        let scope = RouteScope(names, object: target)
        if let when = effect.spec.when, try truth(when, scope) == false { continue }
        if effect.plan == nil, let kind, effect.kind.name == kind.name, case .set(let values) = effect.spec.action {
          for (name, program) in values {
            let field = effect.kind.field(name)
            fields[name] = try value(program, scope, field)
            plan.computed.take(fields[name] ?? .null, field, program, context, isTarget: true)
          }
          plan.dependsOnTarget =
            plan.dependsOnTarget
            || !([effect.spec.when].compactMap { $0 } + values.map(\.1)).allSatisfy { NeedlessTarget.holds($0, kind) }
          continue
        }
        let made = try await self.intents(effect, scope, &plan.computed)
        if let name = effect.spec.name, !made.isEmpty { plan.named.append((name, intents.count + 1, effect.kind)) }
        intents += made
        if intents.count > Self.limit {
          throw Problem(.tooLarge, code: ProblemCode.tooLarge, "This would change more than \(Self.limit) objects.")
        }
      }
    }
    return intents
  }

  /// The items of `each`; one nil without it.
  private func items(_ effect: ServedRoute.Effect) throws -> [CELValue?] {
    guard let each = effect.spec.each else { return [nil] }
    guard case .success(.list(let items)) = each.evaluate(RouteScope(context.names, object: target)) else { return [] }
    return items
  }

  private func intents(_ effect: ServedRoute.Effect, _ scope: RouteScope, _ computed: inout ComputedFields) async throws
    -> [Intent]
  {
    let tenant = context.reader.home(effect.kind)
    if case .create(let values) = effect.spec.action {
      var fields = ObjectMap()
      for (name, program) in values {
        let value = try value(program, scope, effect.kind.field(name))
        computed.take(value, effect.kind.field(name), program, context, isTarget: false)
        if !value.isNull { fields[name] = value }
      }
      var random = RandomGenerator(context.services.random)
      return [
        Intent(
          .create, .new(tenant: tenant, kind: effect.kind.name), fields: fields,
          newUID: effect.kind.minted(UID(at: context.now, random: &random)))
      ]
    }
    guard let predicate = effect.plan else {
      guard let target else { return [] }
      return [Intent(.delete, .uid(tenant: tenant, kind: effect.kind.name, target.object.uid))]
    }
    var names = scope.names
    if let target { names["self"] = .object(target) }
    let filled = predicate.predicate(RouteScope(names), ids: context.ids)
    let found = try await context.reader.list(effect.kind, filled, limit: Self.limit + 1).objects
    return try found.map { object in
      let place = Intent.Target.uid(tenant: tenant, kind: effect.kind.name, object.uid)
      guard case .set(let values) = effect.spec.action else { return Intent(.delete, place) }
      let own = RouteScope(names, object: ObjectValue(object, kind: effect.kind, needs: Needs(), page: .empty, ids: context.ids))
      var fields = ObjectMap()
      for (name, program) in values { fields[name] = try value(program, own, effect.kind.field(name)) }
      return Intent(.patch, place, fields: fields)
    }
  }

  private func truth(_ program: CELProgram, _ scope: RouteScope) throws -> Bool {
    (try? program.evaluate(scope).get())?.truth == true
  }

  private func value(_ program: CELProgram, _ scope: RouteScope, _ field: FieldSpec?) throws -> Value {
    do { return StoredValue.of(try program.evaluate(scope).get(), field: field, ids: context.ids) } catch {
      throw Problem(
        .invalid, code: ProblemCode.badField, "\(field?.name ?? "A value") cannot be computed from this request: \(error).")
    }
  }
}
