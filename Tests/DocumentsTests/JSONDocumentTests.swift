// JSON files: strict, with places; a top-level list is several documents; flow-style YAML is still YAML.
import Core
import Documents
import XCTest

final class JSONDocumentTests: XCTestCase {
  private func read(_ text: String, file: String = "f.json") -> (documents: [DocumentText], problems: [Problem]) {
    DocumentReader.documents(Array(text.utf8), file: file)
  }

  func testPlacesAndLists() {
    let result = read("[\n  {\"a\": 1},\n  {\"é\": [true,\n    null]}\n]\n")
    XCTAssertEqual(result.problems.count, 0)
    XCTAssertEqual(result.documents.map { $0.node!.value }, [["a": 1], ["é": [true, .null]]])
    XCTAssertEqual(result.documents.map(\.firstLine), [2, 3])
    let null = result.documents[1].node!["é"]!.items![1]
    XCTAssertEqual([null.line, null.column], [4, 5])
    XCTAssertEqual(result.documents[1].node!.members![0].column, 4)
  }

  func testFaults() {
    XCTAssertEqual(
      read("{\"a\": 1,\n \"a\": 2, \"a\": 3}").problems.map { $0.place!.description }, ["f.json:2:2", "f.json:2:10"])
    XCTAssertTrue(read("{\"a\": 01}").problems[0].description.hasPrefix("f.json:1:7: a number has no leading zeros"))
    XCTAssertTrue(read("{\"a\": 1,}").problems[0].description.hasPrefix("f.json:1:9: a member name"))
    XCTAssertTrue(read("{} x").problems[0].description.contains("text after the end"))
    XCTAssertTrue(read("a: 1").problems[0].description.contains("a value is expected"))
    XCTAssertTrue(read(String(repeating: "[", count: 9999)).problems[0].description.contains("deeper than 64"))
  }

  func testYAMLFlowStyleIsYAML() {
    XCTAssertEqual(read("{a: 1}\n---\nb: 2\n", file: "f.yaml").documents.map { $0.node?.value }, [["a": 1], ["b": 2]])
    XCTAssertTrue(read("{a: 1}").problems[0].description.contains("in quotes"))
    XCTAssertEqual(read("", file: "f.json").documents.count, 0)
  }
}
