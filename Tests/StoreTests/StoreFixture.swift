// A small catalog made by hand, and short ways to make what the store's tests write.
import Core
import Kinds
import Ports

enum Fixture {
  static func field(_ name: String, _ type: FieldSpec.FieldType, indexed: Bool = false, _ change: (FieldSpec) -> Void = { _ in })
    -> FieldSpec
  {
    let field = FieldSpec(name: name, type: type)
    field.indexed = indexed
    change(field)
    return field
  }

  static let catalog = makeCatalog()

  /// Kinds are shared objects: a catalog of its own for each test that changes one.
  static func makeCatalog(indexed: Bool = true) -> KindCatalog {
    let app = KindSpec(
      family: "test", name: "App", doc: "",
      fields: [
        field("name", .string), field("region", .string, indexed: true), field("port", .integer, indexed: true),
        field("running", .boolean, indexed: true), field("cost", .decimal), field("weight", .number),
        field("startsAt", .timestamp, indexed: true), field("endsAt", .timestamp),
        field("env", .map) { $0.items = [FieldSpec(name: "", type: .string)] },
        field("tags", .list) { $0.items = [FieldSpec(name: "", type: .string)] }, field("any", .any), field("note", .string),
        field("pool", .string) { $0.reference = .init(kind: "Pool") },
      ])
    app.unique = [.init(fields: ["name"])]
    let pool = KindSpec(family: "test", name: "Pool", doc: "", fields: [field("name", .string)])
    pool.unique = [.init(fields: ["name"])]
    let sample = KindSpec(
      family: "test", name: "Sample", doc: "",
      fields: [
        field("meter", .string, indexed: true), field("amount", .integer), field("price", .decimal), field("ratio", .number),
        field("good", .boolean), field("seenAt", .timestamp), field("extra", .map), field("key", .string),
      ])
    sample.storage = .record
    sample.unique = [.init(fields: ["key"])]
    sample.lifecycle.keep = .seconds(30 * 86_400)
    if !indexed { for field in app.fields { field.indexed = false } }
    let entry = KindSpec(
      family: "test", name: "Entry", doc: "",
      fields: [
        field("account", .string), field("bucket", .string), field("amount", .integer), field("cost", .decimal),
        field("reference", .string),
        field("number", .string) { $0.generate = .init(source: .gapless(prefix: "E-", width: 4)) },
      ])
    entry.storage = .record
    entry.unique = [.init(fields: ["account", "reference"])]
    entry.totals = [
      .init(name: "balance", sum: "amount", by: ["account", "bucket"], min: 0, code: "overdrawn"),
      .init(name: "spent", sum: "cost", by: [], max: 1000, code: "too_much"),
    ]
    app.controller = "App"
    let visit = KindSpec(
      family: "test", name: "Visit", doc: "",
      fields: [
        field("app", .string) {
          $0.reference = .init(kind: "App")
          $0.wakes = true
        }
      ])
    visit.storage = .record
    return KindCatalog(
      kinds: [app, pool, sample, entry, visit], families: [], routes: [], views: [:], digest: "fixture \(indexed)")
  }

  static let tenant = UID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0011)
  static let other = UID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0022)
  static let origin = Origin(manager: .api, actor: "user:ada", commit: "abc", action: "test")

  static func uid() -> UID {
    var generator = SystemRandomNumberGenerator()
    return UID(at: SystemClock().now(), random: &generator)
  }

  static func app(_ name: String, tenant: UID = Fixture.tenant, uid: UID? = nil, _ spec: ObjectMap = [:]) -> StoredObject {
    var full = spec
    full["name"] = .string(name)
    let now = SystemClock().now()
    let owner = FieldOwner(
      manager: .set("git:shop"), actor: "user:ada", at: now, commit: "abc", place: Place(file: "main.yaml", line: 3, column: 5))
    return StoredObject(
      tenant: tenant, uid: uid ?? self.uid(), kind: "App", name: name, spec: full, owners: ["name": owner],
      labels: ["team": "shop"],
      created: now, updated: now)
  }

  static func pool(_ name: String, tenant: UID = Fixture.tenant) -> StoredObject {
    var pool = app(name, tenant: tenant)
    pool.kind = "Pool"
    return pool
  }

  static func key(_ object: StoredObject) -> UniqueKey {
    UniqueKey(rule: 0, value: JSON.canonical(.list([.string(object.name)])), global: false)
  }

  static func create(_ objects: StoredObject..., references: [ObjectReference] = []) -> Commit {
    create(objects, references: references)
  }
  static func create(_ objects: [StoredObject], references: [ObjectReference] = []) -> Commit {
    var commit = Commit(origin: origin)
    commit.writes = objects.map { ObjectWrite(.create, $0, expected: nil, uniqueKeys: [key($0)], references: references) }
    return commit
  }

  static func write(_ operation: ObjectWrite.Operation, _ object: StoredObject, references: [ObjectReference] = []) -> Commit {
    var commit = Commit(origin: origin)
    commit.writes = [ObjectWrite(operation, object, expected: object.version, uniqueKeys: [key(object)], references: references)]
    return commit
  }

  static func status(_ object: StoredObject, _ status: Value, generation: Int? = nil) -> StatusWrite {
    StatusWrite(
      tenant: object.tenant, uid: object.uid, kind: object.kind, generation: generation ?? object.generation, status: status)
  }
}

extension StorePort {
  /// The object as it is now.
  func now(_ object: StoredObject) async throws -> StoredObject? {
    try await objects(tenant: object.tenant, uids: [object.uid]).first
  }
}
