// Specs to a catalog: what a good one holds, every kind of mistake at its place, the repository's own specs.
import Core
import Foundation
import KindLoading
import Kinds
import XCTest

final class KindLoaderTests: XCTestCase {
  func testSample() throws {
    let catalog = try SampleSpecs.load(SampleSpecs.files)
    let item = try XCTUnwrap(catalog.kind("Item"))
    XCTAssertEqual(item.fields.map(\.name), ["name", "shelf", "costCents", "state", "size", "token", "area"])
    XCTAssertEqual(item.identityField, "name")
    XCTAssertEqual(item.field("shelf")?.reference?.kind, "Shelf")
    XCTAssertEqual(item.field("state")?.moves, ["draft": ["shown"]])
    XCTAssertEqual(item.events.map(\.name), ["item.created", "item.updated", "item.deleted"])
    XCTAssertEqual(item.rules.map(\.code), ["rule", "rule"])
    guard case .token(let prefix, let length)? = item.field("token")?.generate?.source else { return XCTFail("no token") }
    XCTAssertEqual(prefix, "it_")
    XCTAssertEqual(length, 22)
    let routes = Dictionary(uniqueKeysWithValues: catalog.routes.map { ($0.id, $0) })
    XCTAssertEqual(routes["shop.items.get-on-shelf"]?.target, "id")
    XCTAssertNil(routes["shop.items.list"]?.target)
    XCTAssertEqual(routes["shop.items.create"]?.needs, ["admin"])
    XCTAssertEqual(routes["shop.items.list"]?.needs, ["read"])
    XCTAssertEqual(routes["shop.items.delete"]?.needs, ["write"])
    XCTAssertEqual(routes["shop.items.create"]?.status, 201)
    XCTAssertEqual(routes["shop.items.create"]?.once.map(\.1), ["token"])
    XCTAssertEqual(routes["shop.items.list"]?.sort, [SortKey(field: "createdAt", descending: true)])
    XCTAssertEqual(routes["shop.items.get"]?.place?.line, 8)
    XCTAssertEqual(catalog.family("shop")?.errors.codes, ["sold_out": 422])
    XCTAssertEqual(catalog.family("shop")?.confirm?.tokenParameter, "confirm_token")
    XCTAssertEqual(catalog.views["shop.Item.Item"]?.members.map(\.name), ["id", "name", "price", "shelf", "state"])
    XCTAssertEqual(catalog.referrers(of: "Shelf").map(\.field.name), ["shelf"])
  }

  func testMistakesHavePlacesAndFixes() {
    let kind = "shop/Item/kind.yaml"
    let rest = "shop/Item/rest.yaml"
    let shelf = "shop/Shelf/kind.yaml"
    let family = "shop/family.yaml"
    // File, text there, what it becomes, where the fault is to be shown, and how its message begins.
    let table: [(String, String, String, String, String)] = [
      (
        kind, "unique: [[name]]", "uniqe: [[name]]", "uniqe",
        "there is no key of kind.yaml named \"uniqe\". Did you mean \"unique\"?"
      ),
      (kind, "min: 0", "min: zero", "zero", "\"min\" must be a number, not \"zero\""),
      (kind, "type: integer, min", "type: integr, min", "integr,", "there is no type \"integr\". Did you mean \"integer\"?"),
      (kind, "ref: Shelf", "ref: Shlef", "shelf:", "there is no kind \"Shlef\". Did you mean \"Shelf\"?"),
      (kind, "[[name]]", "[[nam]]", "nam]]", "there is no field named \"nam\". Did you mean \"name\"?"),
      (
        kind, "self.costCents > 0", "self.costcents > 0", "self.costcents",
        "Item has no field \"costcents\". Did you mean \"costCents\"?"
      ),
      (kind, "self.shelf.room", "self.shelf.romo", "self.shelf.romo", "Shelf has no field \"romo\". Did you mean \"room\"?"),
      (kind, "self.size.width", "self.size.depth", "self.size.depth", "\"self.size\" has no member \"depth\""),
      (kind, "\"'draft'\"", "draft", "draft, moves", "nothing is named \"draft\". A text constant is written \"'draft'\"."),
      (kind, "moves: {draft: [shown]}", "moves: {draft: [gone]}", "[gone]", "there is no enum value \"gone\""),
      (kind, "field: /shelf", "field: /shelv", "/shelv", "there is no field at the pointer \"/shelv\". Did you mean \"/shelf\"?"),
      (kind, "kind: Item", "kind: Itm", "Itm", "the kind \"Itm\" stands in the folder \"Item\""),
      (kind, "secret: hash", "secret: hashed", "hashed", "there is no secret \"hashed\". Did you mean \"hash\"?"),
      (kind, "pattern: \"^[a-z]", "pattern: \"^([a-z]", "\"^([a-z]", "the pattern is no regular expression"),
      (kind, "find: Item", "find: Itme", "Itme", "there is no kind \"Itme\""),
      (shelf, "Item.shelf", "Item.state", "Item.state", "Item.state refers to nothing, not to Shelf"),
      (shelf, "unique: [[name]]\n", "", "Shelf", "a declared kind needs \"unique\""),
      (rest, "verb: list", "verb: lits", "lits", "there is no verb \"lits\". Did you mean \"list\"?"),
      (rest, "id: shop.items.get,", "id: shop.items.list,", "shop.items.list, verb: get", "the id shop.items.list stands twice"),
      (rest, "needs: [admin]", "needs: [amdin]", "[amdin]", "there is no permission \"amdin\". Did you mean \"admin\"?"),
      (rest, "price: costCents, shelf", "price: cost, shelf", "cost, shelf", "there is no field of Item named \"cost\""),
      (rest, ", bind: {path.shelf_id: shelf}", "", "\"GET /shelves", "nothing mentions {shelf_id} and {id}"),
      (rest, "path.shelf_id", "path.shelfid", "path.shelfid", "there is no placeholder \"shelfid\". Did you mean \"shelf_id\"?"),
      (rest, "{view: Item}", "{view: Itm}", "POST /items", "there is no view of Item named \"Itm\""),
      (rest, "Shelf.Short", "Shelf.Shrot", "Item: [", "there is no view of Shelf named \"Shelf.Shrot\""),
      (rest, "shown: s}", "shown: d}", "shown: d", "\"draft\" and \"shown\" are both shown as \"d\""),
      (rest, "q: \"name.", "q: \"nmae.", "nmae", "nothing is named \"nmae\" in Item. Did you mean \"name\"?"),
      (rest, "\"DELETE /items/{id}\"", "\"GET /items/{item}\"", "\"GET /items/{item}", "GET /items/{item} stands twice"),
      (rest, "verb: list", "verb: list, handler: x.y", "x.y", "\"handler\" belongs to the verb handler"),
      (rest, "verb: list", "verb: list, with: {a: 1}", "{a: 1}", "\"with\" needs \"handler\" or \"sql\""),
      (rest, "verb: create", "verb: create, accept: raw", "raw", "a raw body is read by a handler"),
      (rest, "verb: create", "verb: create, accept: xml", "xml", "there is no body format \"xml\""),
      (rest, "verb: create", "verb: create, maxBody: 1GB", "1GB", "\"maxBody\" must be a size such as 512KB or 10MB"),
      (rest, "verb: create", "verb: create, tenant: path.x", "path.x", "\"tenant\" is for calls without a caller"),
      (rest, "verb: list", "verb: handler", "GET /items:", "the route GET /items needs \"handler\""),
      (rest, "verb: list", "verb: list, many: 3", "3, filter", "\"many\" belongs to the verbs update and delete"),
      (rest, "verb: create", "verb: create, each: {in: a}", "{in: a}", "\"each\" needs \"most\""),
      (rest, "verb: create", "verb: create, each: {in: a, most: 9, id: b}", "{in: a", "what is made has no id yet"),
      (rest, "verb: list", "verb: list, redirect: name", "name, filter", "\"redirect\" answers for one object"),
      (rest, "verb: list", "verb: list, render: {type: csv, body: name}", "{type: csv", "\"type\" must be a media type"),
      (kind, "costCents: {type: integer", "costCents: {idOf: Item, type: integer", "Item, type", "\"idOf\" belongs to a text"),
      (kind, "costCents: {type: integer", "costCents: {idOf: Itme", "costCents", "there is no kind \"Itme\""),
      (kind, "costCents: {type: integer", "costCents: {wakes: true, type: integer", "true, type", "\"wakes\" belongs to a field"),
      (
        shelf, "fields:", "migrations: [{rev: 2, drop: [color]}]\nfields:", "2, drop",
        "this leads to revision 2, and the kind is at 1"
      ),
      (shelf, "fields:", "rev: 2\nmigrations: [{rev: 2, drop: [room]}]\nfields:", "[room]", "\"room\" is still a field of Shelf"),
      (
        shelf, "fields:", "rev: 2\nmigrations: [{rev: 2, rename: {old: romo}}]\nfields:", "romo}",
        "there is no field of Shelf named \"romo\". Did you mean \"room\"?"
      ),
      (
        shelf, "fields:", "rev: 2\nmigrations: [{rev: 2, convert: {name: value}}]\nfields:", "name: value}",
        "\"name\" is part of a key and cannot be converted"
      ),
      (shelf, "fields:", "rev: 2\nmigrations: [{rev: 2}]\nfields:", "{rev: 2}", "a migration has exactly one of"),
      (shelf, "fields:", "run: {timeout: 1m}\nfields:", "{timeout", "\"run\" belongs to a kind with storage run"),
      (
        shelf, "fields:", "storage: run\nrun: {timeout: 1m, call: {source: http}}\nfields:", "{source", "\"call\" needs \"op\""
      ),
      (
        shelf, "fields:", "storage: run\nrun: {timeout: 1m, call: {source: a, op: b, deadline: 1m}}\nfields:", "1m}}",
        "a call takes at most 16s"
      ),
      (
        shelf, "fields:", "storage: run\nrun: {timeout: 1m, gate: room == null}\nfields:", "room == ", "\"gate\" needs \"call\""
      ),
      (
        shelf, "fields:", "storage: run\nrun: {timeout: 1m, call: {source: a, op: b, with: {c: rom}}}\nfields:", "rom}",
        "nothing is named \"rom\" in Shelf"
      ),
      (rest, "GET /items:", "FETCH /items:", "FETCH", "\"FETCH /items\" is no route"),
      (rest, "once.token", "once.name", "{item: {view", "once.name: \"name\" is no generated field of Item"),
      (rest, "sort: -createdAt", "sort: -created", "-created", "there is no field to sort by named \"created\""),
      (family, "needs: {reads: [read], writes: [write]}\n", "", "", "the route GET /items states no permission"),
      (family, "family: shop", "family: shopp", "shopp", "the family \"shopp\" stands in the folder \"shop\""),
      (family, "base: /shop/api", "base: shop/", "shop/", "\"base\" is a path"),
      (family, "base: /shop/api", "base: [", "errors", "did not find expected"),
    ]
    for (path, old, new, needle, message) in table {
      let faults = SampleSpecs.faults(path, old, new)
      let place = Self.place(of: needle, in: SampleSpecs.files[path]!.replacingOccurrences(of: old, with: new))
      let expected = needle.isEmpty || message.hasPrefix("did not") ? message : "specs/\(path):\(place): \(message)"
      XCTAssertTrue(
        faults.contains { $0.contains(expected) },
        "\(old) → \(new):\nexpected \(expected)\nfound \(faults.joined(separator: "\n"))")
    }
  }

  /// `line:column` of the first occurrence.
  private static func place(of needle: String, in text: String) -> String {
    guard !needle.isEmpty, let range = text.range(of: needle) else { return "" }
    let before = text[..<range.lowerBound]
    let column = before.count - (before.lastIndex(of: "\n").map { before.distance(from: before.startIndex, to: $0) + 1 } ?? 0) + 1
    return "\(before.count { $0 == "\n" } + 1):\(column)"
  }

  func testAllFaultsAtOnce() {
    let text = SampleSpecs.item.replacingOccurrences(of: "min: 0", with: "min: x").replacingOccurrences(
      of: "ref: Shelf", with: "ref: Self"
    )
    .replacingOccurrences(of: "self.costCents", with: "self.cost")
    var files = SampleSpecs.files
    files["shop/Item/kind.yaml"] = text
    files["shop/Shelf/kind.yaml"] = SampleSpecs.shelf + "\nstorag: data"
    XCTAssertThrowsError(try SampleSpecs.load(files)) { error in
      let found = (error as? Problems)?.list ?? []
      XCTAssertGreaterThanOrEqual(found.count, 4, "\(found)")
      XCTAssertTrue(found.allSatisfy { $0.place != nil && $0.category == .invalid })
    }
  }

  func testDigestFollowsMeaningNotSpelling() throws {
    let digest = try SampleSpecs.load(SampleSpecs.files).digest
    var files = SampleSpecs.files
    files["shop/Shelf/kind.yaml"] =
      "# a comment\n" + SampleSpecs.shelf.replacingOccurrences(of: "doc: Where", with: "doc:   Where")
    XCTAssertEqual(try SampleSpecs.load(files).digest, digest)
    files["shop/Shelf/kind.yaml"] = SampleSpecs.shelf.replacingOccurrences(of: "'hall'", with: "'cellar'")
    XCTAssertNotEqual(try SampleSpecs.load(files).digest, digest)
  }

  func testSpecsOfTheRepositoryLoad() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let catalog = try KindLoader.load(root.appendingPathComponent("specs"))
    XCTAssertGreaterThan(catalog.kinds.count, 20)
    XCTAssertGreaterThan(catalog.routes.count, 50)
  }

  func testForgottenFilesAreNamed() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("specs-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    for (path, text) in SampleSpecs.files.merging(["shop/Item/knid.yaml": "x: 1"], uniquingKeysWith: { a, _ in a }) {
      let url = folder.appendingPathComponent(path)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    }
    XCTAssertThrowsError(try KindLoader.load(folder)) { error in
      XCTAssertTrue(
        "\(error)".contains("Item/knid.yaml:1:1: there is no spec file named \"knid.yaml\". Did you mean \"kind.yaml\"?"),
        "\(error)")
    }
  }
}
