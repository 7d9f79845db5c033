// Writes on many objects at once: all that match (`many`), or one for each item of the body (`each`). Whole or not at all.
import Core
import Expressions
import HTTPServer
import Kinds
import Planning
import Ports
import Reconciling

extension RouteExecutor {
  /// Objects that one call may change, whatever its route says.
  static let bulkLimit = 1000

  /// One object of a bulk: what it is now, and what is wanted of it.
  private struct Member {
    /// Nil: it is made.
    var existing: StoredObject?
    var fields = ObjectMap()
    /// The item of the body that it stands for.
    var item: Value?
    var position: Int?
    var uid: UID
  }

  mutating func writeBulk() async throws -> HTTPResponse {
    guard let kind = route.kind else { throw Self.missing }
    return try await retrying { try await $0.bulkOnce(kind) }
  }

  private mutating func bulkOnce(_ kind: KindSpec) async throws -> HTTPResponse {
    let bound = try await boundFields(kind).fields
    let gate = AuthGate(services: services, route: route)
    if !route.permissions.contains(where: \.readsTarget) { try gate.permit(context.caller, target: nil) }
    try await readLets(nil)
    var members = try await spec.each == nil ? matching(kind, bound) : items(kind, bound)
    let tenant = context.reader.home(kind)
    let objects = members.map { member in
      member.existing ?? DraftObject.new(kind, tenant: tenant, uid: member.uid, fields: member.fields, now: context.now)
    }
    let page = try await context.prefetch().load(objects, kind: kind, needs: route.targetNeeds)
    var plan = WritePlan()
    plan.dependsOnTarget = spec.sets.contains { !NeedlessTarget.holds($0.1, kind) }
    var values: [ObjectValue] = []
    var effects: [Intent] = []
    for at in members.indices {
      let value = context.view(of: objects[at], kind: kind, page: page)
      values.append(value)
      try gate.permit(context.caller, target: members[at].existing == nil ? nil : value)
      var own = self
      if let item = members[at].item { own.context.names["item"] = CELValue(item) }
      var more = WritePlan()
      try own.set(&members[at].fields, kind, value, &more)
      effects += try await Effects(context: own.context, target: value, kind: kind).intents(&more, fields: &members[at].fields)
      try more.computed.finish()
      plan.dependsOnTarget = plan.dependsOnTarget || more.dependsOnTarget
      guard members.count + effects.count <= Self.bulkLimit else { throw Self.tooMany(Self.bulkLimit) }
    }
    plan.intents = members.map { intent($0, kind, tenant, dependsOnTarget: plan.dependsOnTarget) } + effects
    for member in members { plan.intents += auditIntents(member.existing, kind) }
    if members.isEmpty { return try await answer([], kind, position: nil) }
    let outcome = try await commitBulk(plan, values, members.map { $0.existing == nil }, kind)
    let results = members.indices.compactMap { outcome.object($0) ?? (spec.verb == .delete ? members[$0].existing : nil) }
    return try await answer(results, kind, position: outcome.positions[tenant])
  }

  /// What `where` and `bind` name, at most `many`.
  private func matching(_ kind: KindSpec, _ bound: ObjectMap) async throws -> [Member] {
    let most = min(spec.many ?? Self.bulkLimit, Self.bulkLimit)
    let found = try await read(kind, bound, nil, limit: most + 1)
    guard found.count <= most else { throw Self.tooMany(most) }
    let fields = spec.verb == .delete ? [:] : try bodyFields(kind)
    return found.map { Member(existing: $0, fields: fields, uid: $0.uid) }
  }

  private func read(_ kind: KindSpec, _ bound: ObjectMap, _ among: [UID]?, limit: Int) async throws -> [StoredObject] {
    var parts = bound.map { name, value in Predicate.compare(SortPaths.path(name, kind: kind) ?? .spec([name]), .equal, value) }
    if let among { parts.append(.among(.uid, among.map { .string($0.description) })) }
    if let predicate = route.predicate { parts.append(predicate.predicate(RouteScope(context.names), ids: context.ids)) }
    return try await context.reader.list(kind, PredicatePlan.all(parts), limit: limit).objects.filter { $0.deleting == nil }
  }

  /// One member for each item of the body.
  private func items(_ kind: KindSpec, _ bound: ObjectMap) async throws -> [Member] {
    guard let each = spec.each, let items = context.body.object?[each.member]?.list else { return [] }
    var random = RandomGenerator(services.random)
    var members: [Member] = []
    var problems: [Problem] = []
    for (at, item) in items.enumerated() {
      do {
        var fields = try bodyFields(kind, of: item, at: "/\(each.member)/\(at)")
        if spec.verb == .create { for (name, value) in bound { fields[name] = value } }
        members.append(Member(fields: fields, item: item, position: at, uid: kind.minted(UID(at: context.now, random: &random))))
      } catch let faults as Problems { problems += faults.list }
    }
    guard problems.isEmpty else { throw Problems(problems) }
    if let id = each.id { try await find(&members, kind, bound, id, each.member) }
    if spec.verb == .create, spec.exists == .update { try await findHolders(&members, kind) }
    return members
  }

  /// The objects that the items name by their ids; unknown ones, and those named twice, are faults of their items.
  private func find(_ members: inout [Member], _ kind: KindSpec, _ bound: ObjectMap, _ id: String, _ list: String) async throws {
    var problems: [Problem] = []
    func fault(_ at: Int, _ category: Problem.Category, _ code: String, _ message: String) {
      problems.append(Problem(category, code: code, message, pointer: "/\(list)/\(at)/\(id)"))
    }
    var seen: Set<UID> = []
    for at in members.indices {
      let text = members[at].item?[id].string ?? ""
      guard case .uid(let uid)? = context.ids.read(text, kind: kind.name) else {
        fault(at, .missing, ProblemCode.badID, "\"\(text.prefix(80))\" is no id of \(Spelling.one(kind.name)).")
        continue
      }
      if !seen.insert(uid).inserted { fault(at, .invalid, ProblemCode.badField, "This object is named twice.") }
      members[at].uid = uid
    }
    let found = try await read(kind, bound, Array(seen), limit: seen.count)
    let objects = Dictionary(found.map { ($0.uid, $0) }, uniquingKeysWith: { first, _ in first })
    for at in members.indices where seen.contains(members[at].uid) {
      members[at].existing = objects[members[at].uid]
      if members[at].existing == nil {
        fault(at, .missing, ProblemCode.missing, "There is no such \(Spelling.words(kind.name)).")
      }
    }
    guard problems.isEmpty else { throw Problems(problems) }
  }

  /// `exists: update`: items whose name is taken change the object that has it.
  private func findHolders(_ members: inout [Member], _ kind: KindSpec) async throws {
    guard let identity = kind.identityField else { return }
    let tenant = context.reader.home(kind)
    let names = members.compactMap { $0.fields[identity]?.string }
    let keys = Set(names).sorted().map { ObjectKey(tenant: tenant, kind: kind.name, name: $0) }
    let found = Dictionary(
      try await services.store.objects(named: keys).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    for at in members.indices {
      guard let holder = found[members[at].fields[identity]?.string ?? ""], !holder.deleted, holder.deleting == nil else {
        continue
      }
      members[at].existing = holder
      members[at].uid = holder.uid
    }
  }

  private func intent(_ member: Member, _ kind: KindSpec, _ tenant: UID, dependsOnTarget: Bool) -> Intent {
    let place = member.position.map(Place.item)
    let target = Intent.Target.uid(tenant: tenant, kind: kind.name, member.uid)
    if spec.verb == .delete { return Intent(.delete, target, place: place) }
    guard let existing = member.existing else {
      return Intent(.create, .new(tenant: tenant, kind: kind.name), fields: member.fields, place: place, newUID: member.uid)
    }
    return Intent(
      .patch, target, fields: member.fields, place: place, expectedVersion: dependsOnTarget ? existing.version : nil)
  }

  private func commitBulk(_ plan: WritePlan, _ values: [ObjectValue], _ isNew: [Bool], _ kind: KindSpec) async throws
    -> WriteOutcome
  {
    let guards = spec.unless
    let names = context.names
    let ids = context.ids
    let needs = route.targetNeeds
    do {
      let outcome = try await services.writer.write(plan.intents, origin: context.origin, options: WriteOptions()) { objects in
        if guards.isEmpty { return [] }
        for (at, value) in values.enumerated() {
          let current =
            isNew[at] ? value : objects[at].map { ObjectValue($0, kind: kind, needs: needs, page: value.page, ids: ids) } ?? value
          do { try Guards.check(guards, RouteScope(names, object: current)) } catch let problem as Problem {
            throw Problems(problem)
          }
        }
        return []
      }
      services.positions.note(outcome.positions)
      return outcome
    } catch let problems as Problems {
      throw ProblemTranslation(route).translated(problems)
    } catch let problem as Problem {
      throw Problems(ProblemTranslation(route).translated(problem))
    }
  }

  private mutating func answer(_ objects: [StoredObject], _ kind: KindSpec, position: Int?) async throws -> HTTPResponse {
    context.names["count"] = .int(objects.count)
    if case .empty = spec.answer {
      var response = response(status: spec.status, body: [], position: position)
      response.headers.remove("Content-Type")
      return response
    }
    let page = ListPage(
      objects: objects, total: objects.count, limit: objects.count, offset: 0, nextCursor: nil, position: position)
    return try await answer(page, kind) { _ in }
  }

  private static func tooMany(_ most: Int) -> Problem {
    Problem(
      .tooLarge, code: ProblemCode.tooLarge, "This would change more than \(most) objects.",
      fix: "Narrow it down, or do it in parts.")
  }
}
