// What the store is asked agrees with the expression it was made from, over random predicates and objects.
import Core
import Expressions
import Kinds
import Ports
import TestSupport
import XCTest

@testable import RestView

final class PredicateTests: XCTestCase {
  private static let kind: KindSpec = {
    func field(_ name: String, _ type: FieldSpec.FieldType) -> FieldSpec { FieldSpec(name: name, type: type) }
    let owner = field("owner", .string)
    owner.reference = FieldSpec.Reference(kind: "Thing")
    let tags = field("tags", .list)
    tags.items = [field("", .string)]
    let kind = KindSpec(
      family: "t", name: "Thing", doc: "",
      fields: [field("title", .string), field("count", .integer), field("on", .boolean), owner, tags, field("due", .timestamp)])
    let busy = field("busy", .boolean)
    busy.computed = try? CELProgram("count > 1 && on", lenient: true)
    let copy = KindSpec(family: "t", name: "Thing", doc: "", fields: kind.fields + [busy])
    return copy
  }()

  private static let catalog: KindCatalog = {
    var family = FamilySpec(name: "t", doc: "", base: "/t")
    family.ids["Thing"] = .prefixed("th_")
    return KindCatalog(kinds: [kind], families: [family], routes: [], views: [:], digest: "t")
  }()

  private static var ids: IDCodec { IDCodec(family: catalog.families[0], catalog: catalog) }

  private func plan(_ source: String) throws -> PredicatePlan {
    let builder = PredicateBuilder(
      kind: Self.kind, ids: Self.ids, constants: RequestNames.request.union(["value"]), selfIsConstant: false)
    return try builder.build(CELProgram(source, functions: .platform, lenient: true).tree)
  }

  func testTheStoreAgreesWithTheExpression() async throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    let random = SeededRandom(seed: seed)
    func pick<T>(_ items: [T]) -> T { items[Int(random.next() % UInt64(items.count))] }
    let store = MemoryStore(catalog: Self.catalog)
    let tenant = UID(high: 1, low: 1)
    let now = Timestamp("2026-01-01T00:00:00Z")!
    var objects: [StoredObject] = []
    var commit = Commit(origin: Origin(manager: .api, actor: "t", action: "t"))
    for n in 0..<40 {
      var spec = ObjectMap()
      if let title = pick([nil, "a", "b", "abc"]) { spec["title"] = .string(title) }
      if let count = pick([nil, 0, 1, 2, 3]) { spec["count"] = .int(count) }
      if let on = pick([nil, true, false]) { spec["on"] = .bool(on) }
      if n > 0, pick([true, false]) { spec["owner"] = .string(pick(objects).uid.description) }
      spec["tags"] = .list(pick([[], ["x"], ["x", "y"]]))
      spec["due"] = .string(pick(["2025-12-31T00:00:00Z", "2026-01-02T00:00:00Z"]))
      let object = StoredObject(
        tenant: tenant, uid: UID(high: 2, low: UInt64(n)), kind: "Thing", name: "n\(n)", spec: spec, created: now, updated: now)
      objects.append(object)
      commit.writes.append(ObjectWrite(.create, object, expected: nil))
    }
    _ = try await store.commit(commit)
    let ids = Self.ids
    let owner = "'\(ids.text(objects[3]))'"
    let atoms =
      [
        "title == 'a'", "title != 'a'", "'b' == title", "title == null", "title != null", "has(title.x) || has(self.title)",
        "count == 1",
        "count == null", "count > 1", "2 > count", "count >= 2", "on", "!on", "on == true", "owner == \(owner)",
        "owner != \(owner)",
        "owner == 'garbage'", "'x' in tags", "title in ['a', 'b']", "count in [1, 2]", "title == value",
        "title.startsWith(value)", "due < now",
        "busy", "id == \(owner)", "name == 'n5'", "(value == 'a' ? title == 'a' : count == 2)", "true", "value == 'b'",
      ].filter { !$0.contains("has(") } + ["has(self.title)"]
    for _ in 0..<400 {
      var source = pick(atoms)
      for _ in 0..<Int(random.next() % 3) {
        source = pick(["(\(source)) && (\(pick(atoms)))", "(\(source)) || (\(pick(atoms)))", "!(\(source))"])
      }
      let names: [String: CELValue] = ["value": .string(pick(["a", "b", "zz"])), "now": FieldConversion.expression(now)]
      let predicate = try plan(source).predicate(RouteScope(names), ids: ids)
      let found = try await store.list(ObjectQuery(tenant: tenant, kind: "Thing", predicate: predicate, limit: 1000)).objects.map(
        \.uid)
      let program = try CELProgram(source, functions: .platform, lenient: true)
      for object in objects {
        let value = ObjectValue(object, kind: Self.kind, needs: Needs(), page: .empty, ids: ids)
        guard case .success(let truth) = program.evaluate(RouteScope(names, object: value)) else { continue }
        XCTAssertEqual(
          found.contains(object.uid), truth.truth == true,
          "seed \(seed): \(source) with \(names) on \(JSON.text(.object(object.spec)))")
      }
    }
  }

  func testWhatCannotBeAskedIsAFault() {
    for source in [
      "titel == 'a'", "owner.title == 'a'", "title == self.name", "size(tags) == 1", "count + 1 == 2", "unknown == 'a'",
    ] {
      XCTAssertThrowsError(try plan(source), source)
    }
    XCTAssertThrowsError(try plan("titel == 'a'")) { XCTAssertTrue(($0 as? PredicateFault)?.message.contains("title") ?? false) }
  }
}
