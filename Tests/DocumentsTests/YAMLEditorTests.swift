// The editor in place: what it changes, what it leaves alone, and what it refuses. Random documents with seeds.
import Core
import Foundation
import XCTest

@testable import Documents

final class YAMLEditorTests: XCTestCase {
  private func edit(_ text: String, document: Int = 0, _ change: (inout Value) -> Void) throws -> String {
    let bytes = Array(text.utf8)
    let found = YAMLReader.documents(bytes, file: "t").documents[document]
    var value = found.node?.value ?? .null
    change(&value)
    return String(
      decoding: try YAMLEditor.edit(bytes, document: found.range, to: value, isJSON: text.hasPrefix("{")), as: UTF8.self)
  }

  private let manifest = """
    # The shop
    apiVersion: deploy/v1
    kind: App   # a program
    metadata: {name: web, labels: {team: shop}}
    spec:
      replicas: 1   # enough
      # where it listens
      port: 8080
      title: "Quoted"
      env:
        LOG: 'info'   # quiet

        MODE: fast
      command:
        - sleep  # long
        - "1000"
      text: |
        one
        two
    ---
    kind: Other

    """

  func testScalarsChangeInPlace() throws {
    let out = try edit(manifest) { value in
      value["spec"]["replicas"] = 3
      value["spec"]["title"] = "Two: words"
      value["spec"]["env"]["LOG"] = "it's"
      value["metadata"]["labels"]["team"] = "a, b"
    }
    let expected = manifest.replacing("replicas: 1 ", with: "replicas: 3 ").replacing("\"Quoted\"", with: "\"Two: words\"")
      .replacing("'info'", with: "'it''s'").replacing("{team: shop}", with: "{team: \"a, b\"}")
    XCTAssertEqual(out, expected)
  }

  func testKeysAndItemsComeAndGoWithTheirLines() throws {
    let out = try edit(manifest) { value in
      var spec = value["spec"].object ?? [:]
      spec["port"] = nil
      value["spec"] = .object(spec)
      value["spec"]["env"]["NEW"] = "x"
      value["spec"]["command"] = ["sleep", "1000", "more"]
      value["spec"]["healthCheck"] = ["type": "http", "path": "/"]
      value["spec"]["text"] = "one\nthree\n"
    }
    let expected = manifest.replacing("  port: 8080\n", with: "").replacing(
      "    MODE: fast\n", with: "    MODE: fast\n    NEW: x\n"
    )
    .replacing("    - \"1000\"\n", with: "    - \"1000\"\n    - more\n").replacing(
      "    two\n", with: "    three\n  healthCheck:\n    type: http\n    path: /\n")
    XCTAssertEqual(out, expected)
  }

  func testFlowJSONAndEmptyValues() throws {
    XCTAssertEqual(try edit("a: {x: 1, y: [1, 2]} # c\n") { $0["a"]["y"] = [1, 2, 3] }, "a: {x: 1, y: [1, 2, 3]} # c\n")
    XCTAssertEqual(try edit("a: {x: 1, y: 2}\n") { $0["a"] = ["y": 2] }, "a: {y: 2}\n")
    XCTAssertEqual(try edit("a: {x: 1, y: 2}\n") { $0["a"] = ["x": 1] }, "a: {x: 1}\n")
    XCTAssertEqual(try edit("a:\nb: 1\n") { $0["a"] = "x" }, "a: x\nb: 1\n")
    XCTAssertEqual(try edit("a:\nb: 1\n") { $0["a"] = ["c": 1] }, "a: {c: 1}\nb: 1\n")
    XCTAssertEqual(try edit("a:\n- x\n- y\nb: 1\n") { $0["a"] = ["y"] }, "a:\n- y\nb: 1\n")
    XCTAssertEqual(try edit("a:\n  - b: 1\n    c: 2\n") { $0["a"] = [["c": 2]] }, "a:\n  - c: 2\n")
    XCTAssertEqual(try edit("a:\n  b: 1\nc: 2\n") { $0["a"] = [:] }, "a: {}\nc: 2\n")
    XCTAssertEqual(
      try edit("{\n  \"a\": 1,\n  \"b\": {\"c\": [true]}\n}\n") { $0["b"]["d"] = "x" },
      "{\n  \"a\": 1,\n  \"b\": {\"c\": [true], \"d\": \"x\"}\n}\n")
    XCTAssertEqual(try edit("a: 1\r\nb: 2\r\n") { $0["c"] = 3 }, "a: 1\r\nb: 2\r\nc: 3\r\n")
    XCTAssertEqual(try edit("a: 1\nb: 2") { $0["c"] = 3 }, "a: 1\nb: 2\nc: 3")
    XCTAssertEqual(try edit("ä: 1 # ü\nb: ö\n") { $0["b"] = "ß" }, "ä: 1 # ü\nb: ß\n")
  }

  func testOtherDocumentsKeepTheirBytes() throws {
    let out = try edit(manifest, document: 1) { $0["kind"] = "Third" }
    XCTAssertEqual(out, manifest.replacing("kind: Other", with: "kind: Third"))
  }

  func testWhatCannotBeDoneSafelyIsRefused() {
    for text in ["a: &x {b: 1}\nc: *x\n", "a: !!map {b: 1}\n", "a: &x 1\nc: *x\n"] {
      XCTAssertThrowsError(try edit(text) { $0["a"] = 7 }, text) { XCTAssert($0 is YAMLEditRefusal) }
    }
    XCTAssertThrowsError(try edit("a: &x {b: 1}\nc: *x\n") { $0["c"]["b"] = 2 })
    XCTAssertThrowsError(try edit("a: # why\n  b: 1\n") { $0["a"] = 1 })
  }

  func testADocumentIsTakenOut() {
    func removed(_ text: String, _ n: Int) -> String {
      let bytes = Array(text.utf8)
      return String(decoding: YAMLEditor.remove(bytes, document: DocumentSplitter.split(bytes)[n].range), as: UTF8.self)
    }
    XCTAssertEqual(removed("a: 1\n---\nb: 2\n---\nc: 3\n", 1), "a: 1\n---\nc: 3\n")
    XCTAssertEqual(removed("a: 1\n---\nb: 2\n", 1), "a: 1\n")
    XCTAssertEqual(removed("a: 1\n---\nb: 2\n", 0), "b: 2\n")
    XCTAssertEqual(removed("a: 1\n", 0), "")
  }

  /// Any change of any document reads back as wished, or is refused; comments outside of what changed are all there.
  func testAnyEditReadsBackAsWished() throws {
    var refused = 0
    for seed in 1...400 {
      var random = RandomGenerator(SeededRandom(seed: UInt64(seed)))
      let before = document(&random, depth: 0)
      let after = changed(before, &random)
      var lines = YAMLWriter.write(before).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      if lines.contains(where: { $0.hasSuffix("|") || $0.hasSuffix("|-") }) == false {
        for at in lines.indices where lines[at].hasSuffix("1") || lines[at].hasSuffix("word") { lines[at] += "  # note \(at)" }
      }
      let text = lines.joined(separator: "\n")
      let bytes = Array(text.utf8)
      guard let found = YAMLReader.documents(bytes, file: "t").documents.first, found.node?.value == before else {
        XCTFail("seed \(seed): the test's own document does not read back")
        continue
      }
      guard let out = attempt(bytes, found.range, after) else {
        refused += 1
        continue
      }
      XCTAssertEqual(YAMLReader.documents(out, file: "t").documents.first?.node?.value, after, "seed \(seed):\n\(text)")
      XCTAssertEqual(attempt(bytes, found.range, before), bytes, "seed \(seed): nothing to do, and something was done")
    }
    XCTAssertLessThan(refused, 40, "most plain documents can be edited")
  }

  /// Nil: refused.
  private func attempt(_ bytes: [UInt8], _ range: Range<Int>, _ value: Value) -> [UInt8]? {
    try? YAMLEditor.edit(bytes, document: range, to: value)
  }

  private func scalar(_ random: inout RandomGenerator) -> Value {
    switch Int.random(in: 0..<7, using: &random) {
    case 0: .int(Int.random(in: 0...1000, using: &random))
    case 1: .bool(Bool.random(using: &random))
    case 2:
      .string(["", "a: b", "# no", "yes", "1", "- x", "'q'", "\"d\"", "x # y", "tab\there"].randomElement(using: &random) ?? "")
    case 3: .string("line one\nline two\n")
    case 4: .null
    case 5: .double(1.5)
    default: "word"
    }
  }

  private func value(_ random: inout RandomGenerator, depth: Int) -> Value {
    let roll = Int.random(in: 0..<10, using: &random)
    if depth < 3, roll < 3 { return document(&random, depth: depth + 1) }
    if depth < 3, roll < 5 {
      return .list((0..<Int.random(in: 0...3, using: &random)).map { _ in value(&random, depth: depth + 1) })
    }
    return scalar(&random)
  }

  private func document(_ random: inout RandomGenerator, depth: Int) -> Value {
    var map = ObjectMap()
    for n in 0..<Int.random(in: 1...4, using: &random) { map["k\(n)"] = value(&random, depth: depth) }
    return .object(map)
  }

  private func changed(_ old: Value, _ random: inout RandomGenerator) -> Value {
    guard case .object(var map) = old else { return value(&random, depth: 2) }
    switch Int.random(in: 0..<4, using: &random) {
    case 0: map["new"] = value(&random, depth: 1)
    case 1 where map.count > 1: map[map.keys.randomElement(using: &random) ?? ""] = nil
    default:
      let key = map.keys.randomElement(using: &random) ?? "k0"
      map[key] = changed(map[key] ?? .null, &random)
    }
    return .object(map)
  }
}
