// YAML to trees: the core schema, places, faults of several documents at once, limits.
import Core
import Documents
import XCTest

final class YAMLReaderTests: XCTestCase {
  private func read(_ text: String, limits: DocumentLimits = .standard) -> (documents: [DocumentText], problems: [Problem]) {
    YAMLReader.documents(Array(text.utf8), file: "f.yaml", limits: limits)
  }

  private func value(_ text: String, line: UInt = #line) -> Value? {
    let result = read(text)
    XCTAssertEqual(result.problems.map(\.description), [], text, line: line)
    return result.documents.first?.node?.value
  }

  /// The descriptions of the faults of `text`.
  private func faults(_ text: String, limits: DocumentLimits = .standard) -> [String] {
    read(text, limits: limits).problems.map(\.description)
  }

  private func assertFault(_ text: String, _ start: String, line: UInt = #line) {
    let found = faults(text)
    XCTAssertEqual(found.count, 1, "\(found)", line: line)
    XCTAssertTrue(found.first?.hasPrefix(start) == true, "\(found) for \(text)", line: line)
  }

  func testCoreSchema() {
    let table: [(String, Value)] = [
      ("null", .null), ("~", .null), ("", .null), ("Null", .null), ("NULL", .null), ("nUll", "nUll"),
      ("true", true), ("True", true), ("TRUE", true), ("false", false), ("FALSE", false), ("tRue", "tRue"),
      ("yes", "yes"), ("no", "no"), ("on", "on"), ("Off", "Off"), ("y", "y"),
      ("0", 0), ("-0", 0), ("+12", 12), ("010", 10), ("0o17", 15), ("0x1F", 31), ("0xfF", 255), ("0b11", "0b11"), ("0x", "0x"),
      ("-0x1F", "-0x1F"), ("0o8", "0o8"), ("1_000", "1_000"), ("1:30", "1:30"), ("12:30:45", "12:30:45"),
      ("2024-01-01", "2024-01-01"),
      ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)), ("9223372036854775808", 9223372036854775808.0),
      ("0xFFFFFFFFFFFFFFFF", 18446744073709551615.0), ("1.5", 1.5), ("1.", .double(1)), (".5", 0.5), ("-.5", -0.5),
      ("1e3", 1000.0),
      ("1E-2", 0.01), ("1.5e+3", 1500.0), ("1e", "1e"), (".", "."), ("-", .list([.null])), ("+", "+"), ("..", ".."),
      ("1.2.3", "1.2.3"),
      (".inf", .double(.infinity)), ("-.INF", .double(-.infinity)), ("+.Inf", .double(.infinity)), (".iNf", ".iNf"), ("e3", "e3"),
      ("'12'", "12"), ("\"true\"", "true"), ("!!str 12", "12"), ("!!int '12'", 12), ("!!float 1", 1.0), ("!!bool 'true'", true),
      ("!!null ''", .null), ("! 12", "12"), ("!!seq [1]", [1]), ("!!map {a: 1}", ["a": 1]), ("|\n  a\n  b\n", "a\nb\n"),
      (">-\n  a\n  b\n", "a b"),
    ]
    for (text, expected) in table where text != "" {
      XCTAssertEqual(value("v: \(text == "-" ? "\n  -" : text)\n")?["v"], expected, text)
    }
    XCTAssertEqual(value("v:\n"), ["v": .null])
    guard case .double(let nan)? = value("v: .nan")?["v"] else { return XCTFail("no double") }
    XCTAssertTrue(nan.isNaN)
  }

  func testKeysTakeTheirText() {
    XCTAssertEqual(value("1: a\ntrue: b\n~: c\n0x10: d\n'q r': e\n"), ["1": "a", "true": "b", "~": "c", "0x10": "d", "q r": "e"])
    XCTAssertEqual(value("\"<<\": a\n"), ["<<": "a"])
  }

  func testPlaces() {
    let node = read("# c\na:\n  - 1\n  - é: [x, 'y']\n").documents[0].node!
    XCTAssertEqual(node.members![0].line, 2)
    let second = node["a"]!.items![1]
    XCTAssertEqual([second.line, second.column], [4, 5])
    let y = second["é"]!.items![1]
    XCTAssertEqual([y.line, y.column], [4, 12])
    let docs = read("a: 1\n---\n\nb: 2\n---\n# nothing\n--- {c: 3}\n...\n%YAML 1.2\n---\nd: 4\n").documents
    XCTAssertEqual(docs.map { $0.node!.value }, [["a": 1], ["b": 2], ["c": 3], ["d": 4]])
    XCTAssertEqual(docs.map { Int($0.node!.line) }, [1, 4, 7, 11])
    XCTAssertEqual(docs.map(\.firstLine), [1, 3, 7, 9])
  }

  func testFaultsHavePlacesAndFixes() {
    assertFault("a: 1\nb: 2\na: 3\n", "f.yaml:3:1: the key \"a\" stands twice; first in line 1")
    assertFault("a: {b: 1, b: 2}", "f.yaml:1:11: the key \"b\" stands twice")
    assertFault("a: &x {b: 1}\nc:\n  <<: *x\n", "f.yaml:3:3: merge keys (<<) are not part of YAML 1.2")
    assertFault("a: !secret x\n", "f.yaml:1:4: the tag !secret is not known here")
    assertFault("a: !!binary eA==\n", "f.yaml:1:4: the tag !!binary is not known here")
    assertFault("a: !!int x\n", "f.yaml:1:4: the text is no !!int")
    assertFault("a: !!map [1]\n", "f.yaml:1:4: the tag !!map")
    assertFault("? [a, b]\n: c\n", "f.yaml:1:3: a key must be")
    assertFault("a: *b\n", "f.yaml:1:4: the alias *b has no anchor")
    assertFault("a: &x [1, *x]\n", "f.yaml:1:11: the alias *x stands within what it repeats")
    assertFault("a:\n\t- b\n", "f.yaml:2:1: ")
    XCTAssertTrue(faults("a:\n\t- b\n")[0].contains("spaces"))
    assertFault("a: [1, 2\nb: 3\n", "f.yaml:2:")
    assertFault("a: 1e999\n", "f.yaml:1:4: the number is out of range")
    assertFault("a: 'x", "f.yaml:1:")
    assertFault("a: 1\n... x\nb: 2\n", "f.yaml:2:")
  }

  func testEveryDocumentReportsItsOwnFaults() {
    let found = faults("a: [\n---\nok: 1\n---\nb: 1\nb: 2\nb: !x 3\n---\nc: }\n")
    XCTAssertEqual(found.map { $0.split(separator: ":")[1] }, ["2", "6", "7", "7", "9"].map { Substring($0) }, "\(found)")
    XCTAssertEqual(read("a: [\n---\nok: 1\n").documents.map { $0.node?.value }, [nil, ["ok": 1]])
  }

  func testBytesThatAreNoText() {
    func first(_ bytes: [UInt8]) -> String { YAMLReader.documents(bytes, file: "f").problems.first?.description ?? "" }
    XCTAssertTrue(first([0x61, 0x3A, 0x20, 0xC3, 0x28]).hasPrefix("f:1:4: the text is not valid UTF-8"))
    XCTAssertTrue(first([0x61, 10, 0xED, 0xA0, 0x80]).hasPrefix("f:2:1: the text is not valid UTF-8"))
    XCTAssertTrue(first([0xFF, 0xFE, 0x61, 0]).contains("UTF-16"))
    XCTAssertTrue(first([0x7F, 0x45, 0x4C, 0x46]).contains("control"))
    XCTAssertTrue(first([0x61, 0, 0x62]).contains("binary"))
    XCTAssertEqual(
      YAMLReader.documents([0xEF, 0xBB, 0xBF] + Array("a: 1".utf8), file: "f").documents.first?.node?.value, ["a": 1])
    var small = DocumentLimits()
    small.fileBytes = 4
    XCTAssertEqual(read("a: 12", limits: small).problems.first?.category, .tooLarge)
  }

  func testLimits() {
    var bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n"
    for (before, name) in zip("abcdefgh", "bcdefghi") {
      bomb += "\(name): &\(name) [" + Array(repeating: "*\(before)", count: 9).joined(separator: ",") + "]\n"
    }
    XCTAssertTrue(faults(bomb)[0].contains("aliases repeat more than 100000 values"))
    XCTAssertTrue(faults(String(repeating: "[", count: 100_000))[0].contains("deeper than 64"))
    XCTAssertEqual(faults(String(repeating: "[", count: 64) + String(repeating: "]", count: 64)), [])
    XCTAssertTrue(faults(String(repeating: "[", count: 65) + String(repeating: "]", count: 65))[0].contains("deeper than 64"))
    var chain = "k0: &k0 [x]\n"
    for n in 1...70 { chain += "k\(n): &k\(n) [*k\(n - 1)]\n" }
    XCTAssertTrue(faults(chain)[0].contains("deeper than 64 levels through aliases"))
    var few = DocumentLimits()
    few.nodes = 100
    XCTAssertTrue(faults("[" + String(repeating: "1,", count: 200) + "]", limits: few)[0].contains("more than 100 values"))
    few.nodes = 1000
    few.problems = 3
    XCTAssertEqual(faults(String(repeating: "a: !x 1\n---\n", count: 10), limits: few).count, 4)
  }

  func testAliases() {
    XCTAssertEqual(value("a: &x {b: [1]}\nc: *x\nd: &y 2\ne: *y\n"), ["a": ["b": [1]], "c": ["b": [1]], "d": 2, "e": 2])
    XCTAssertTrue(faults("a: &x 1\n---\nb: *x\n")[0].contains("in this document"))
  }

  func testDuplicateKeysOfLargeMapsAreFoundInLinearTime() {
    let keys = (0..<20_000).map { "key\($0): \($0)\n" }.joined()
    XCTAssertEqual(value(keys)?.object?.count, 20_000)
    XCTAssertTrue(faults(keys + "key777: 1\n")[0].contains("first in line 778"))
  }

  func testSplitterFindsTheSameDocumentsWithoutParsing() {
    let text = "# head\n---\na: |\n  ---x\n  text\n---\n\n---\nb: 1\n...\n# c\n"
    let raw = DocumentSplitter.split(Array(text.utf8))
    XCTAssertEqual(raw.map(\.firstLine), [3, 9])
    XCTAssertEqual(raw.map { String(decoding: Array(text.utf8)[$0.range], as: UTF8.self) }, ["a: |\n  ---x\n  text\n", "b: 1\n"])
    XCTAssertEqual(raw.map(\.range), YAMLReader.documents(Array(text.utf8), file: "f").documents.map(\.range))
    let one = YAMLReader.document(raw[1], of: Array(text.utf8), file: "f")
    XCTAssertEqual(one.node?.members?.first?.line, 9)
    XCTAssertEqual(DocumentSplitter.split([]).count, 0)
  }
}
