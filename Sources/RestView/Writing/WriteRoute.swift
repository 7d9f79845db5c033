// Verbs create, update and replace: fields from binds, body and `sets`, guards under lock, effects in one transaction.
import Core
import Expressions
import HTTPServer
import Kinds
import Planning
import Ports
import Reconciling

extension RouteExecutor {
  /// A write that rests on the target as it was read is tried again this often when the target moved.
  private static let attemptLimit = 5

  mutating func write() async throws -> HTTPResponse {
    guard let kind = route.kind else { throw Self.missing }
    return try await retrying { try await $0.writeOnce(kind) }
  }

  /// Runs a write again that rested on what moved meanwhile.
  func retrying(_ body: (inout RouteExecutor) async throws -> HTTPResponse) async throws -> HTTPResponse {
    var attempt = 1
    while true {
      var copy = self
      do { return try await body(&copy) } catch let problems as Problems
        where problems.list.contains(where: { $0.category == .stale }) && attempt < Self.attemptLimit
      {
        attempt += 1
      }
    }
  }

  private mutating func writeOnce(_ kind: KindSpec) async throws -> HTTPResponse {
    let isNew = spec.verb == .create
    var fields = try bodyFields(kind)
    var existing: StoredObject?
    if isNew {
      for (name, value) in try await boundFields(kind).fields { fields[name] = value }
    } else if let found = try await target(kind) {
      existing = found
    } else if spec.absent == .missing {
      existing = try await requiredTarget(kind)
    } else {
      for (name, value) in try await boundFields(kind).fields { fields[name] = value }
    }
    if let existing, existing.deleting != nil { throw Self.missing }
    let targetPage = try await existing.map { [$0] }.asyncMap {
      try await context.prefetch().load($0, kind: kind, needs: route.targetNeeds)
    }
    let old = existing.map { context.view(of: $0, kind: kind, page: targetPage ?? .empty) }
    try AuthGate(services: services, route: route).permit(context.caller, target: old)
    if let old {
      if route.names.contains("target") { context.names["target"] = .object(old) }
      if route.names.contains("old") { context.names["old"] = .object(old) }
    }
    let tenant = context.reader.home(kind)
    var random = RandomGenerator(services.random)
    let uid = existing?.uid ?? kind.minted(UID(at: context.now, random: &random))
    func draft(_ fields: ObjectMap) -> StoredObject {
      existing.map { DraftObject.changed($0, kind, fields: fields) }
        ?? DraftObject.new(kind, tenant: tenant, uid: uid, fields: fields, now: context.now)
    }
    var first = draft(fields)
    let page = try await context.prefetch().load([first], kind: kind, needs: route.targetNeeds)
    try await readLets(old ?? context.view(of: first, kind: kind, page: page))
    var plan = WritePlan()
    try set(&fields, kind, context.view(of: first, kind: kind, page: page), &plan)
    first = draft(fields)
    let value = context.view(of: first, kind: kind, page: page)
    plan.dependsOnTarget = existing != nil && !spec.sets.isEmpty && spec.sets.contains { !NeedlessTarget.holds($0.1, kind) }
    let effects = try await Effects(context: context, target: old ?? value, kind: kind).intents(&plan, fields: &fields)
    try plan.computed.finish()
    plan.intents = [intent(kind, tenant, uid, existing, fields, plan)] + effects + auditIntents(first, kind)
    do {
      let outcome = try await commit(plan, kind, existing: old, draft: value)
      return try await finish(outcome, plan, kind, existing: existing)
    } catch let problems as Problems where spec.exists != .conflict && existing == nil && problems.category == .conflict {
      guard let holder = try await self.holder(of: fields, kind) else { throw problems }
      return try await answer(existing: holder, kind, fields: fields, effects)
    }
  }

  /// The object that holds a key which a creation wanted; nil when it is not one of the plain keys.
  private func holder(of fields: ObjectMap, _ kind: KindSpec) async throws -> StoredObject? {
    for unique in kind.unique where unique.condition == nil {
      let values = unique.fields.compactMap { name in fields[name].flatMap { $0.isNull ? nil : (name, $0) } }
      guard values.count == unique.fields.count else { continue }
      let parts = values.map { name, value in Predicate.compare(SortPaths.path(name, kind: kind) ?? .spec([name]), .equal, value)
      }
      if let found = try await context.reader.list(kind, PredicatePlan.all(parts), limit: 1).objects.first, found.deleting == nil
      {
        return found
      }
    }
    return nil
  }

  /// `exists: return` and `exists: update`.
  private mutating func answer(existing: StoredObject, _ kind: KindSpec, fields: ObjectMap, _ effects: [Intent]) async throws
    -> HTTPResponse
  {
    if spec.exists == .return { return try await answer(existing, kind: kind, template: family.item) }
    var plan = WritePlan()
    plan.intents = [intent(kind, existing.tenant, existing.uid, existing, fields, plan)] + effects
    let page = try await context.prefetch().load([existing], kind: kind, needs: route.targetNeeds)
    let outcome = try await commit(plan, kind, existing: context.view(of: existing, kind: kind, page: page), draft: nil)
    return try await finish(outcome, plan, kind, existing: existing)
  }

  /// Body members as stored fields: names and mapped values read backwards, ids as uids. PUT clears what it leaves out.
  /// - Parameters:
  ///   - item: an item of the body, for `each`; nil: the body itself.
  ///   - pointer: where it stands.
  func bodyFields(_ kind: KindSpec, of item: Value? = nil, at pointer: String = "") throws -> ObjectMap {
    let body = item ?? context.body
    var fields = ObjectMap()
    var references = ReferenceReader(ids: context.ids)
    for member in spec.body {
      guard let field = kind.field(member.field) else { continue }
      guard var value = body.object?[member.shown] else {
        if spec.verb == .replace { fields[member.field] = replacement(field) }
        continue
      }
      if value.isNull, spec.verb == .create { continue }
      if let map = member.map, let text = value.string, let stored = map.first(where: { $0.value == text })?.key {
        value = .string(stored)
      }
      value = MemberSpelling.stored(value, field, spec.spelling ?? family.spec.spelling)
      fields[member.field] = references.read(
        FieldNormal.value(value, field), field, pointer: pointer + "/" + FieldCheck.escape(member.shown))
    }
    guard references.problems.isEmpty else { throw Problems(references.problems) }
    return fields
  }

  private func replacement(_ field: FieldSpec) -> Value {
    guard let program = field.defaultValue, let value = try? program.evaluate(RouteScope()).get() else { return .null }
    return FieldConversion.stored(value)
  }

  /// `sets`: each sees the object after body, binds and defaults.
  func set(_ fields: inout ObjectMap, _ kind: KindSpec, _ object: ObjectValue, _ plan: inout WritePlan) throws {
    for (name, program) in spec.sets {
      let value: CELValue
      do { value = try program.evaluate(RouteScope(context.names, object: object)).get() } catch {
        throw Problem(.invalid, code: ProblemCode.badField, "\(name) cannot be computed from this request: \(error).")
      }
      let stored = StoredValue.of(value, field: kind.field(name), ids: context.ids)
      plan.computed.take(stored, kind.field(name), program, context, isTarget: true)
      if stored.isNull, spec.verb == .create { fields[name] = nil } else { fields[name] = stored }
    }
  }

  private func intent(
    _ kind: KindSpec, _ tenant: UID, _ uid: UID, _ existing: StoredObject?, _ fields: ObjectMap, _ plan: WritePlan
  ) -> Intent {
    guard let existing else { return Intent(.create, .new(tenant: tenant, kind: kind.name), fields: fields, newUID: uid) }
    var intent = Intent(
      .patch, .uid(tenant: tenant, kind: kind.name, uid), fields: fields,
      expectedVersion: plan.dependsOnTarget ? existing.version : nil)
    // Another name for an object whose name never changes by itself is a rename: what refers to it follows.
    if let identity = kind.identityField, kind.field(identity)?.immutable == true, let name = fields[identity]?.string {
      intent.fields[identity] = nil
      if name != existing.name { intent.newName = name }
    }
    return intent
  }

  /// Commits; guards run with the target as it stands under lock.
  func commit(_ plan: WritePlan, _ kind: KindSpec?, existing: ObjectValue?, draft: ObjectValue?) async throws -> WriteOutcome {
    let guards = spec.unless
    let names = context.names
    let ids = context.ids
    let page = existing?.page ?? draft?.page ?? .empty
    let needs = route.targetNeeds
    let isNew = existing == nil
    do {
      let outcome = try await services.writer.write(plan.intents, origin: context.origin, options: WriteOptions()) { objects in
        if guards.isEmpty { return [] }
        let locked = kind.flatMap { kind in objects[0].map { ObjectValue($0, kind: kind, needs: needs, page: page, ids: ids) } }
        let current = isNew ? draft : locked ?? existing
        do { try Guards.check(guards, RouteScope(names, object: current)) } catch let problem as Problem {
          throw Problems(problem)
        }
        return []
      }
      services.positions.note(outcome.positions)
      return outcome
    } catch let problems as Problems {
      throw ProblemTranslation(route, plan.computed.sources).translated(problems)
    } catch let problem as Problem {
      throw Problems(ProblemTranslation(route, plan.computed.sources).translated(problem))
    }
  }

  private func finish(_ outcome: WriteOutcome, _ plan: WritePlan, _ kind: KindSpec, existing: StoredObject?) async throws
    -> HTTPResponse
  {
    guard var object = outcome.object(0) ?? existing else { throw Self.missing }
    var names = context.names
    for entry in plan.named {
      guard let made = outcome.object(entry.intent) else { continue }
      names[entry.name] = .object(ObjectValue(made, kind: entry.kind, needs: Needs(), page: .empty, ids: context.ids))
    }
    if route.names.contains("once") {
      let minted = outcome.plan.minted[object.uid] ?? [:]
      names["once"] = .map(CELMap(ObjectMap(minted.sorted { $0.key < $1.key }.map { ($0.key, Value.string($0.value)) })))
    }
    if let wait = spec.wait {
      if let of = wait.of, let entry = plan.named.first(where: { $0.name == of }), let made = outcome.object(entry.intent) {
        let waited = try await ObjectWait(context: context, wait: wait).until(made, kind: entry.kind)
        names[of] = .object(ObjectValue(waited, kind: entry.kind, needs: Needs(), page: .empty, ids: context.ids))
      } else {
        object = try await ObjectWait(context: context, wait: wait).until(object, kind: kind)
      }
    }
    let position = outcome.positions[object.tenant]
    let template = spec.verb == .create ? family.created : family.item
    return try await answer(object, kind: kind, template: template, names: names, position: position)
  }
}

extension Optional {
  /// `map` with a closure that waits.
  func asyncMap<T>(_ transform: (Wrapped) async throws -> T) async rethrows -> T? {
    guard let self else { return nil }
    return try await transform(self)
  }
}

/// Whether a program says the same whatever the object holds, so that it need not be pinned.
enum NeedlessTarget {
  static func holds(_ program: CELProgram, _ kind: KindSpec) -> Bool {
    program.paths.allSatisfy { path in
      guard let name = path.first else { return true }
      if name == "self" || name == "old" || name == "target" { return false }
      return kind.field(name) == nil && !Builtins.has(name, kind: kind)
    }
  }
}

/// What an expression gave, as a field stores it.
enum StoredValue {
  /// An id text in a reference field becomes a uid; an object its uid.
  static func of(_ value: CELValue, field: FieldSpec?, ids: IDCodec) -> Value {
    let stored = FieldConversion.stored(value)
    guard let field else { return stored }
    if let reference = field.reference ?? field.of?.reference {
      func uid(_ value: Value) -> Value {
        guard let text = value.string, case .uid(let uid)? = ids.read(text, kind: reference.kind) else { return value }
        return .string(uid.description)
      }
      if case .list(let items) = stored { return .list(items.map(uid)) }
      return uid(stored)
    }
    return FieldNormal.value(stored, field)
  }
}
