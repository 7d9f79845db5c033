// Writes of the API that meet fields of git sources: what each source says of them, and what becomes of the write.
import Core
import Kinds
import Planning
import Ports

struct WriteBack {
  /// Changes that one proposal holds.
  static let mostChanges = 500
  static let kind = "GitProposal"

  private var sources: [Manager: StoredObject] = [:]
  private(set) var modes: [Manager: WriteBackMode] = [:]

  /// A conflict with what a git source manages.
  private static func manager(_ problem: Problem) -> Manager? {
    guard problem.code == "ownership", let text = problem.details["manager"]?.string, case .set(let name) = Manager(text),
      SourceSet.source(ofSet: name) != nil
    else { return nil }
    return .set(name)
  }

  static func concerns(_ plan: Plan) -> Bool { plan.problems.contains { manager($0) != nil } }

  /// The sources that a plan's conflicts name: of the object's tenant, else of the installation.
  static func read(_ plan: Plan, engine: Engine) async throws -> WriteBack {
    var back = WriteBack()
    let managers = Set(plan.problems.compactMap(manager))
    let tenants =
      Set(plan.results.values.map(\.tenant)).union(plan.items.map(\.tenant)).subtracting([.rootTenant]).sorted() + [.rootTenant]
    var keys: [ObjectKey] = []
    for case .set(let name) in managers {
      guard let source = SourceSet.source(ofSet: name) else { continue }
      keys += tenants.map { ObjectKey(tenant: $0, kind: "GitSource", name: source) }
    }
    let found = try await engine.store.objects(named: keys).filter { !$0.deleted && $0.deleting == nil }
    for manager in managers {
      guard case .set(let name) = manager, let wanted = SourceSet.source(ofSet: name) else { continue }
      let named = found.filter { $0.name == wanted }
      guard let source = named.first(where: { $0.tenant != .rootTenant }) ?? named.first else {
        back.modes[manager] = .free
        continue
      }
      back.sources[manager] = source
      back.modes[manager] = source.spec["writeBack"]?["mode"].string.flatMap { WriteBackMode(rawValue: $0) } ?? .refuse
    }
    return back
  }

  /// The plan under what the sources say, and the intents with those that make the proposals.
  func settle(
    _ plan: Plan, _ intents: [Intent], prune: [(tenant: UID, uid: UID)], origin: Origin, engine: Engine, snapshot: inout Snapshot
  ) async throws -> (Plan, [Intent]) {
    guard modes.values.contains(where: { $0 != .refuse }) else { return (told(plan), intents) }
    let allowed = try await engine.plan(intents, prune: prune, origin: origin, writeBack: modes, snapshot: &snapshot)
    guard !allowed.proposed.isEmpty, allowed.problems.isEmpty else { return (told(allowed), intents) }
    // What is proposed must be sound: it is planned as if it were made.
    let trial = try await engine.plan(
      intents, prune: prune, origin: origin, writeBack: modes.mapValues { $0 == .propose ? .hold : $0 }, snapshot: &snapshot)
    guard trial.problems.isEmpty else { return (trial, intents) }
    let all = try await intents + proposals(allowed, origin: origin, engine: engine)
    return (try await engine.plan(all, prune: prune, origin: origin, writeBack: modes, snapshot: &snapshot), all)
  }

  /// Conflicts in words that name the source.
  private func told(_ plan: Plan) -> Plan {
    var plan = plan
    for at in plan.problems.indices {
      guard let manager = Self.manager(plan.problems[at]), let source = sources[manager] else { continue }
      plan.problems[at].message = plan.problems[at].message.replacing("by \(manager)", with: "by \(source.label)")
      plan.problems[at].fix = "Change it in git: the source refuses writes of the API (writeBack.mode)."
      plan.problems[at].details["source"] = .string(source.name)
    }
    return plan
  }

  /// Sources whose fields others now hold look at what is different, and say so.
  func wake(_ commit: inout Commit, now: Timestamp) {
    guard !commit.writes.isEmpty else { return }
    let names = commit.writes.filter { $0.object.kind != Self.kind }.map(\.object.label)
    for (manager, source) in sources.sorted(by: { $0.value.uid < $1.value.uid }) where modes[manager] == .hold {
      commit.work.append(WorkRequest(tenant: source.tenant, uid: source.uid, kind: source.kind))
      commit.story.append(
        StoryEvent(
          tenant: source.tenant, uid: source.uid, kind: source.kind, name: source.name, at: now, reason: "Held",
          message: "\(commit.origin.actor) changed \(names.prefix(5).joined(separator: ", ")) until the next sync", warning: false
        ))
    }
  }

  static func proposals(in plan: Plan) -> [UID] { plan.items.filter { $0.kind == kind && $0.action == .create }.map(\.uid) }

  // MARK: Proposals

  private func proposals(_ plan: Plan, origin: Origin, engine: Engine) async throws -> [Intent] {
    var intents: [Intent] = []
    let objects = try await engine.store.objects(tenant: nil, uids: Array(Set(plan.proposed.map(\.uid))).sorted())
    let tenants = try await engine.store.objects(tenant: .rootTenant, uids: Array(Set(objects.map(\.tenant))).sorted())
    for object in objects {
      let changes = plan.proposed.filter { $0.uid == object.uid }
      guard let manager = changes.first?.manager, let source = sources[manager], let kind = engine.catalog.kind(object.kind)
      else {
        continue
      }
      guard changes.allSatisfy({ $0.manager == manager }), changes.count <= Self.mostChanges else {
        throw Self.refused(object, "Fields of several sources, or too many, would change at once.", "Change them one by one.")
      }
      let tenant = tenants.first { $0.uid == object.tenant }?.name ?? "root"
      var fields: ObjectMap = [
        "source": .string(source.uid.description), "objectKind": .string(object.kind), "objectName": .string(object.name),
        "objectTenant": .string(tenant), "requestedBy": .string(origin.actor),
      ]
      if let file = changes.compactMap(\.place?.file).first { fields["file"] = .string(file) }
      if changes.contains(where: { $0.path == nil }) {
        fields["delete"] = true
      } else {
        var told: [Value] = []
        for change in changes { told.append(try await Self.value(change, kind, object, engine)) }
        fields["changes"] = .list(told)
      }
      intents.append(Intent(.create, .new(tenant: source.tenant, kind: Self.kind), fields: fields, writer: .controller))
    }
    return intents
  }

  private static func refused(_ object: StoredObject, _ message: String, _ fix: String) -> Problems {
    Problems(Problem(.conflict, code: "cannot_propose", message, object: object.label, fix: fix))
  }

  /// A change as a manifest would write it: names instead of uids, no secrets.
  private static func value(_ change: ProposedChange, _ kind: KindSpec, _ object: StoredObject, _ engine: Engine) async throws
    -> Value
  {
    let path = change.path ?? ""
    let top = FieldPathParts.split(path, kind)
    guard let field = kind.field(top[0]) else { throw refused(object, "\(path) cannot be written in git.", "Change it there.") }
    if SecretIntake.holdsSecret(field) {
      throw refused(object, "\(path) holds a secret, which is not written into git.", "Change the secret where it is kept.")
    }
    let told: Value = .list(top.map(Value.string))
    guard let value = change.value else { return ["path": told, "remove": true] }
    var nested: Value = value
    for step in top.dropFirst().reversed() { nested = .object([step: nested]) }
    let references = kind.references(in: [top[0]: nested]).compactMap { $0.value.string.flatMap { UID($0) } }
    guard !references.isEmpty else { return ["path": told, "value": value] }
    var names: [String: String] = [:]
    for target in try await engine.store.objects(tenant: nil, uids: Array(Set(references)).sorted()) {
      guard target.tenant == object.tenant || target.tenant == .rootTenant else {
        throw refused(object, "\(path) names an object of another tenant.", "Change it in git.")
      }
      names[target.uid.description] = target.name
    }
    func named(_ value: Value) -> Value {
      switch value {
      case .string(let text): .string(names[text] ?? text)
      case .list(let items): .list(items.map(named))
      case .object(let map): .object(ObjectMap(map.map { ($0.key, named($0.value)) }))
      default: value
      }
    }
    return ["path": told, "value": named(value)]
  }
}

/// A leaf's path as steps: the keys of maps may hold dots themselves.
enum FieldPathParts {
  static func split(_ path: String, _ kind: KindSpec) -> [String] {
    let parts = path.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, let field = kind.field(parts[0]) else { return parts }
    return [parts[0]] + rest(parts[1], field)
  }

  private static func rest(_ path: String, _ field: FieldSpec) -> [String] {
    if field.type == .map {
      guard let of = field.of, of.type == .object || of.type == .map, let dot = path.firstIndex(of: ".") else { return [path] }
      return [String(path[..<dot])] + rest(String(path[path.index(after: dot)...]), of)
    }
    let parts = path.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, let member = field.fields.first(where: { $0.name == parts[0] }) else { return parts }
    return [parts[0]] + rest(parts[1], member)
  }
}
