// A planner with a world of its own: what is stored is a dictionary, and a plan's commit is laid over it.
import Core
import KindLoading
import Kinds
import Ports
import XCTest

@testable import Planning

/// Values that a test can foretell.
final class CountingMint: Minting, @unchecked Sendable {
  private var count: UInt64 = 0
  func uid(at now: Timestamp) -> UID {
    count += 1
    return UID(high: 0x1_7000, low: 0x8000_0000_0000_0000 | count)
  }
  func token(prefix: String, length: Int) -> String {
    count += 1
    return prefix + String(repeating: "k", count: max(1, length - 6)) + String(100_000 + count)
  }
  func hash(_ plain: String) -> Value { ["$hash": .string("h(\(plain))"), "hint": SecretForm.hint(of: plain)] }
  func seal(_ plain: String, context: String) throws -> Value {
    count += 1
    return ["$sealed": .string("\(count)"), "$digest": .string("d(\(plain))"), "hint": SecretForm.hint(of: plain)]
  }
}

final class PlannerHarness {
  static let specs = """
    family: test
    doc: Kinds for the planner's tests.
    """
  static let kinds: [String: String] = [
    "Project": """
    kind: Project
    doc: Holds apps.
    fields:
      name: {type: string, required: true, immutable: true, doc: Name.}
      title: {type: string, max: 50, doc: Title.}
      parent: {type: string, ref: Project, tree: true, onDelete: restrict, doc: Parent.}
    unique: [[name]]
    """,
    "App": """
    kind: App
    doc: Runs.
    fields:
      name: {type: string, required: true, immutable: true, doc: Name.}
      project: {type: string, ref: Project, onDelete: cascade, doc: Its project.}
      mate: {type: string, ref: App, onDelete: clear, doc: Another app.}
      port: {type: integer, min: 1, max: 65535, default: 8080, doc: Port.}
      replicas: {type: integer, min: 0, max: 100, default: 1, doc: Copies.}
      env: {type: map, of: {type: string}, doc: Environment.}
      health: {type: object, fields: {path: {type: string}, seconds: {type: integer}, retries: {type: integer, default: 3}}, doc: Health check.}
      state: {type: string, enum: [draft, live, gone], default: "'draft'", moves: {draft: [live], live: [gone]}, doc: State.}
      token: {type: string, secret: hash, generate: {prefix: app_, bytes: 16}, doc: Token.}
    unique: [[name], {fields: [port], code: port_taken, message: Another app has this port.}]
    entitlements: [{key: copies, least: self.replicas}]
    rules:
      - {when: "self.replicas > 10", require: "has(self.health)", code: unhealthy, message: Many replicas need a health check.}
      - {when: "has(self.project) && self.replicas > 50", require: "self.project.name == 'big'", message: Only the project big may have so many.}
    """,
    "Lease": """
    kind: Lease
    doc: One at most for each project.
    fields:
      name: {type: string, required: true, doc: Name.}
      project: {type: string, ref: Project, onDelete: cascade, required: true, doc: Its project.}
    unique: [[name], {fields: [project], code: leased, message: The project is leased.}]
    """,
    "Zone": """
    kind: Zone
    doc: Cannot move.
    fields:
      name: {type: string, required: true, immutable: true, doc: Name.}
      region: {type: string, immutable: true, replace: true, doc: Where.}
    unique: [[name]]
    effects:
      - {when: "old != null && self != null", say: "'moves every host of ' + self.name"}
    """,
    "Host": """
    kind: Host
    doc: Stands in a zone.
    fields:
      name: {type: string, required: true, doc: Name.}
      zone: {type: string, ref: Zone, onDelete: restrict, immutable: true, doc: Where.}
    unique: [[name]]
    """,
    "Note": """
    kind: Note
    doc: Refers to a project and forbids its deletion.
    fields:
      name: {type: string, required: true, doc: Name.}
      project: {type: string, ref: Project, onDelete: restrict, required: true, doc: Its project.}
    unique: [[name]]
    entitlements: [{key: tokens}]
    """,
  ]

  static func catalog() throws -> KindCatalog {
    var files: [(path: String, bytes: [UInt8])] = [("test/family.yaml", Array(specs.utf8))]
    for (name, text) in kinds { files.append(("test/\(name)/kind.yaml", Array(text.utf8))) }
    return try KindLoader.load(files: files)
  }

  let catalog: KindCatalog
  let tenant = UID(high: 0x7000, low: 0x8000_0000_0000_00AA)
  let mint = CountingMint()
  var objects: [UID: StoredObject] = [:]
  var limits: TenantLimits?
  var grants = TenantGrants(plan: nil, granted: [:], sold: [:])
  var now = Timestamp("2026-01-01T00:00:00Z")!
  var rounds = 0
  var cleanup: Set<String> = []
  var confirmed = false

  init() throws { catalog = try Self.catalog() }

  func key(_ kind: String, _ name: String) -> Intent.Target { .key(ObjectKey(tenant: tenant, kind: kind, name: name)) }

  func plan(_ intents: [Intent], by manager: Manager = .set("one"), prune: [UID] = []) -> Plan {
    var snapshot = Snapshot()
    var context = PlanningContext(
      catalog: catalog, now: now, origin: Origin(manager: manager, actor: "test", action: "test"), minting: mint, cleanup: cleanup
    )
    context.confirmed = confirmed
    for round in 1...40 {
      rounds = round
      switch Planner.plan(intents, prune: prune.map { (tenant, $0) }, snapshot: snapshot, context: context) {
      case .done(let plan): return plan
      case .needs(let facts): for fact in facts { answer(fact, &snapshot) }
      }
    }
    XCTFail("the planner never has enough facts")
    return Plan(items: [], commit: Commit(origin: context.origin), results: [:], minted: [:], problems: [], targets: [:])
  }

  /// Plans, and makes the plan true when it has no problems.
  @discardableResult func apply(_ intents: [Intent], by manager: Manager = .set("one"), prune: [UID] = []) -> Plan {
    let plan = plan(intents, by: manager, prune: prune)
    guard plan.problems.isEmpty else { return plan }
    for write in plan.commit.writes {
      var object = write.object
      object.version += 1
      if write.operation == .remove { objects[object.uid] = nil } else { objects[object.uid] = object }
    }
    now = now + .seconds(1)
    return plan
  }

  func object(_ kind: String, _ name: String) -> StoredObject? { objects.values.first { $0.kind == kind && $0.name == name } }

  private func answer(_ fact: Fact, _ snapshot: inout Snapshot) {
    switch fact {
    case .key(let key):
      snapshot.byKey[key] = .some(objects.values.first { $0.tenant == key.tenant && $0.kind == key.kind && $0.name == key.name })
      if let object = snapshot.byKey[key] ?? nil { snapshot.byUID[object.uid] = object }
    case .uid(_, let uid): snapshot.byUID[uid] = .some(objects[uid])
    case .holder(_, let kind, let asked):
      snapshot.holders[fact] = .some(
        objects.values.first { object in
          guard object.kind == kind, let rule = catalog.kind(kind)?.unique[asked.rule] else { return false }
          return JSON.canonical(.list(rule.fields.map { object.spec[$0] ?? .null })) == asked.value
        }?.uid)
    case .referrers(_, let uid):
      snapshot.referrers[uid] = objects.values.sorted { $0.uid < $1.uid }.flatMap { object in
        (catalog.kind(object.kind)?.references(in: object.spec) ?? []).compactMap { path, _, value in
          value.string == uid.description ? (path.joined(separator: "."), object) : nil
        }
      }
      for (_, object) in snapshot.referrers[uid] ?? [] { snapshot.byUID[object.uid] = object }
    case .find: snapshot.found[fact] = []
    case .count(_, let kind): snapshot.counts[fact] = objects.values.filter { $0.kind == kind }.count
    case .policies(let tenant): snapshot.policies[tenant] = objects.values.filter { $0.kind == "Policy" && $0.tenant == tenant }
    case .limits(let tenant): snapshot.limits[tenant] = .some(limits)
    case .grants(let tenant): snapshot.grants[tenant] = grants
    case .sequence(_, _, let count): snapshot.sequences[fact] = 1..<(1 + count)
    }
  }
}
