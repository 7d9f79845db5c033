// Manifests: what a good one gives, and each kind of fault with its place, pointer and fix.
import Core
import Foundation
import Kinds
import Manifests
import XCTest

final class ManifestReaderTests: XCTestCase {
  /// A key that stands twice does not hide what else is wrong with its document.
  func testADuplicateKeyHidesNothing() {
    let set = SampleCatalog.read(
      """
      apiVersion: shop/v1
      kind: Item
      metadata: {name: cup}
      spec:
        title: Cup
        titel: Mug
        count: many
        count: 3
      """)
    let said = set.problems.map(\.description).joined(separator: "\n")
    for expected in ["stands twice; first in line 7", "Did you mean \"title\"", ":7:"] {
      XCTAssertTrue(said.contains(expected), "\(expected) is not in\n\(said)")
    }
    XCTAssertGreaterThanOrEqual(set.problems.count, 3)
  }

  func testGoodManifests() throws {
    let set = SampleCatalog.read(
      """
      # Two objects.
      apiVersion: shop/v1
      kind: Item
      metadata: {tenant: acme, name: cup, labels: {team: shop, a.b/c: "1"}, protect: true}
      spec:
        title: Cup
        shelf: top
        supplier: {name: far, tenant: other}
        price: 12.50
        count: 3
        weight: 2.0
        since: "2025-01-31T12:00:00+02:00"
        day: "2025-01-31"
        every: 1h30m
        icon: AAAA
        tags: [ab, cd]
        parts: [{id: x, size: 1}, {id: y}]
        env: {A: "1"}
        password: {env: CUP_PASSWORD}
        keys: {k: {secret: vault, key: k1}}
        extra: {any: [1, {thing: true}]}
        live:
      ---
      {apiVersion: shop/v1, kind: Settings, spec: {theme: dark}}
      ---
      """)
    XCTAssertEqual(set.problems.map(\.description), [])
    let item = try XCTUnwrap(set.manifests.first)
    XCTAssertEqual([item.object, item.tenant, item.labels?["team"]], ["Item/cup", "acme", "shop"])
    XCTAssertEqual(item.protect, true)
    XCTAssertEqual(item.spec["price"], "12.5")
    XCTAssertEqual(item.spec["weight"], 2)
    XCTAssertEqual(item.spec["since"], "2025-01-31T10:00:00Z")
    XCTAssertEqual(item.spec["name"], "cup")
    XCTAssertNil(item.spec["live"])
    XCTAssertEqual(item.places["/spec/parts/1/id"]?.description, "m.yaml:17:34")
    XCTAssertEqual(item.places["/metadata/tenant"]?.description, "m.yaml:4:20")
    XCTAssertEqual(item.place("/spec/env/A").description, "m.yaml:18:12")
    XCTAssertEqual(item.secrets.map(\.key), ["m.yaml#0#/spec/password", "m.yaml#0#/spec/keys/k"])
    XCTAssertEqual(item.secrets.map(\.source), [.environment("CUP_PASSWORD"), .stored(name: "vault", key: "k1")])
    XCTAssertEqual(set.manifests[1].name, "default")
    XCTAssertEqual(set.manifests[1].documentIndex, 1)
    XCTAssertEqual(set.manifests[1].place.line, 24)
  }

  func testFaultsOfFields() {
    // Lines of a spec; the expected code, line:column below the title in line 5, and how the message ends or begins.
    let table: [(String, String, String, String)] = [
      ("titel: Cup", "unknown_field", "6:3", "there is no field \"titel\" Did you mean \"title\"?"),
      ("parts: [{id: a, sice: 1}]", "unknown_field", "6:19", "there is no field \"sice\" Did you mean \"size\"?"),
      ("count: \"3\"", "type", "6:10", "a whole number is expected, not \"3\" Remove the quotes."),
      ("count: 3.5", "type", "6:10", "a whole number is expected, not 3.5"),
      ("count: 101", "max", "6:10", "at most 100, not 101"),
      ("count: -1", "min", "6:10", "at least 0, not -1"),
      ("price: -0.01", "min", "6:10", "at least 0, not -0.01"),
      ("price: 1e3x", "type", "6:10", "a decimal number such as"),
      ("live: yes", "type", "6:9", "true or false is expected, not \"yes\" Write true."),
      ("since: 2025-01-31", "type", "6:10", "a time such as"),
      ("day: 2025-02-30", "type", "6:8", "a date such as"),
      ("every: 5", "type", "6:10", "a duration such as"),
      ("icon: AAAAAAA=", "max", "6:9", "at most 4 bytes, not 5"),
      ("icon: A", "type", "6:9", "bytes in base64"),
      ("state: drft", "enum", "6:10", "\"drft\" is not allowed for \"state\" Did you mean \"draft\"?"),
      ("mail: ada", "format", "6:9", "\"ada\" is no email Such as ada@example.com."),
      ("tags: [ab, c]", "min", "6:14", "at least 2 characters, not 1"),
      ("tags: [aa, bb, cc, dd]", "max", "6:9", "at most 3 items, not 4"),
      ("tags: ab", "type", "6:9", "a list is expected, not \"ab\""),
      ("tags: [ab, ]\nlive: {}", "type", "7:9", "true or false is expected, not a map"),
      ("tags: [12]", "type", "6:10", "text is expected, not 12 Quote it: \"12\"."),
      ("parts: [{id: a}, {id: a}]", "duplicate", "6:25", "two items have the id \"a\": 0 and 1"),
      ("parts: [{size: 1}]", "required", "6:11", "\"id\" is required"),
      ("env: {A: abcdef}", "max", "6:12", "at most 5 characters, not 6"),
      ("env: {A: 1}", "type", "6:12", "text is expected, not 1 Quote it: \"1\"."),
      ("env: [a]", "type", "6:8", "a map is expected, not a list"),
      ("password: geheim", "secret", "6:13", "a secret is never plain text in a manifest"),
      ("password: {env: }", "secret", "6:13", "this is no reference to a secret"),
      ("keys: {k: {file: a, env: b}}", "secret", "6:13", "this is no reference to a secret"),
      ("shelf: 5", "type", "6:10", "the name of a Shelf is expected, not 5 Quote it: \"5\"."),
      ("shelf: {name: a, tenant: b}", "reference", "6:10", "\"shelf\" names a Shelf of the same tenant only"),
      ("supplier: {nam: a}", "reference", "6:13", "a reference is a name, or {name, tenant}"),
      ("nonce: x", "read_only", "6:3", "\"nonce\" cannot be written here: it is operational"),
      ("phase: x", "read_only", "6:3", "\"phase\" cannot be written here: it is observed"),
      ("label: x", "read_only", "6:3", "\"label\" cannot be written here: it is computed"),
      ("name: mug", "name", "6:9", "\"name\" must equal metadata.name \"cup\""),
    ]
    for (fields, code, place, message) in table {
      let problems = SampleCatalog.read(SampleCatalog.item(fields)).problems
      XCTAssertEqual(problems.count, 1, "\(fields): \(problems)")
      guard let problem = problems.first else { continue }
      XCTAssertEqual(problem.code, code, fields)
      XCTAssertEqual(problem.place?.description, "m.yaml:\(place)", fields)
      XCTAssertEqual(problem.object, "Item/cup", fields)
      XCTAssertTrue("\(problem.message) \(problem.fix ?? "")".hasPrefix(message), "\(fields): \(problem)")
    }
  }

  func testFaultsOfTheDocument() {
    let table: [(String, String)] = [
      ("[1]", "m.yaml:1:2: a manifest is a map, not an integer"),
      ("kind: Item", "m.yaml:1:1: /apiVersion: \"apiVersion\" is missing"),
      (
        "apiVersion: shop/v1\nkind: Itme\nmetadata: {name: a}",
        "m.yaml:2:7: /kind: there is no kind \"Itme\". Did you mean \"Item\"?"
      ),
      (
        "apiVersion: shop/v1\nkind: Gadget\nmetadata: {name: a}",
        "m.yaml:1:13: Gadget/a /apiVersion: Gadget is no kind of shop/v1. Gadget is of other/v1."
      ),
      (
        "apiVersion: shop/v2\nkind: Shelf\nmetadata: {name: a}",
        "m.yaml:1:13: Shelf/a /apiVersion: there is no apiVersion \"shop/v2\". Shelf is of shop/v1."
      ),
      ("apiVersion: shop/v1\nkind: Sale\nmetadata: {name: a}", "m.yaml:2:7: /kind: Sale is a record"),
      ("apiVersion: shop/v1\nkind: Shelf", "m.yaml:1:1: /metadata: \"metadata\" is missing"),
      ("apiVersion: shop/v1\nkind: Shelf\nmetadata: {}", "m.yaml:3:11: /metadata/name: \"metadata.name\" is missing"),
      (
        "apiVersion: shop/v1\nkind: Shelf\nmetadata: {name: 5}", "m.yaml:3:18: /metadata/name: \"name\" is text. Quote it: \"5\"."
      ),
      ("apiVersion: shop/v1\nkind: Shelf\nmetadata: {name: a/b}", "m.yaml:3:18: /metadata/name: \"name\" holds a character"),
      (
        "apiVersion: shop/v1\nkind: Shelf\nmetadata: {name: \(String(repeating: "a", count: 254))}",
        "m.yaml:3:18: /metadata/name: \"name\" has 254 characters"
      ),
      (
        "apiVersion: shop/v1\nkind: Shelf\nmetadata: {name: a, lables: {}}",
        "m.yaml:3:21: Shelf/a /metadata/lables: there is no key \"lables\" in metadata. Did you mean"
      ),
      (
        "apiVersion: shop/v1\nkind: Shelf\nmetadata: {name: a, labels: {x: 1}}",
        "m.yaml:3:33: Shelf/a /metadata/labels/x: the value of a label is text. Quote it"
      ),
      (
        "apiVersion: shop/v1\nkind: Shelf\nmetadata: {name: a, labels: {-x: y}}",
        "m.yaml:3:30: Shelf/a /metadata/labels/-x: \"-x\" is no label"
      ),
      (
        "apiVersion: shop/v1\nkind: Shelf\nmetadata: {name: a, protect: maybe}",
        "m.yaml:3:30: Shelf/a /metadata/protect: \"protect\" is true or false"
      ),
      (
        "apiVersion: shop/v1\nkind: Shelf\nmetadata: {name: a}\nstatus: {}",
        "m.yaml:4:1: Shelf/a /status: there is no key \"status\" in a manifest. Status is observed"
      ),
      ("apiVersion: shop/v1\nkind: Shelf\nmetadata: {name: a}\nspec: [1]", "m.yaml:4:7: Shelf/a /spec: \"spec\" is a map"),
      (
        "apiVersion: shop/v1\nkind: Item\nmetadata: {name: Cup}\nspec: {title: x}",
        "m.yaml:3:18: Item/Cup /metadata/name: \"Cup\" does not match"
      ),
      ("apiVersion: shop/v1\nkind: Item\nmetadata: {name: cup}", "m.yaml:1:1: Item/cup /spec/title: \"title\" is required"),
    ]
    for (text, expected) in table {
      let found = SampleCatalog.read(text).problems.map(\.description)
      XCTAssertTrue(found.contains { $0.hasPrefix(expected) }, "\(text)\nexpected \(expected)\nfound \(found)")
    }
  }

  func testDuplicatesAndEmptySets() {
    let shelf = "{apiVersion: shop/v1, kind: Shelf, metadata: {name: a}}"
    let twice = ManifestReader.read(
      files: [(name: "a.yaml", bytes: Array(shelf.utf8)), (name: "b.yaml", bytes: Array("---\n\(shelf)".utf8))],
      catalog: SampleCatalog.catalog)
    XCTAssertEqual(
      twice.problems.map(\.description),
      ["b.yaml:2:1: Shelf/a: the object is declared twice; first at a.yaml:1:1. Remove one of the two."])
    let apart = SampleCatalog.read("\(shelf)\n---\n\(shelf.replacingOccurrences(of: "{name", with: "{tenant: t, name"))")
    XCTAssertEqual(apart.problems.count, 0)
    XCTAssertEqual(
      SampleCatalog.read("# nothing\n---\n").problems.map(\.description),
      ["m.yaml:1:1: nothing to apply: m.yaml holds no manifest"])
  }

  func testAllFaultsOfAllDocumentsAtOnce() {
    let text =
      SampleCatalog.item("count: x\nlive: y") + "---\na: [\n---\n"
      + SampleCatalog.item("wieght: 1").replacingOccurrences(of: "cup", with: "mug")
    XCTAssertEqual(Set(SampleCatalog.read(text).problems.map(\.code)), ["type", "yaml", "unknown_field"])
    XCTAssertEqual(SampleCatalog.read(text).problems.count, 4)
  }

  func testManyManifestsInLittleTime() {
    let text = (0..<5000).map { SampleCatalog.item("count: 3\ntags: [ab]").replacingOccurrences(of: "cup", with: "cup-\($0)") }
      .joined(separator: "---\n")
    let set = SampleCatalog.read(text)
    XCTAssertEqual(set.problems.count, 0)
    XCTAssertEqual(set.manifests.count, 5000)
  }
}
