// The examples of docs/EXPRESSIONS.md give the results that it shows.
import Foundation
import XCTest

final class DocumentationTests: XCTestCase {
  func testExamples() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let page = try String(contentsOf: root.appendingPathComponent("docs/EXPRESSIONS.md"), encoding: .utf8)
    let examples = page.split(separator: "\n").compactMap { line -> (String, String)? in
      let cells = line.components(separatedBy: " | ")
      guard line.hasPrefix("| `"), line.hasSuffix("` |"), cells.count == 2 else { return nil }
      return (String(cells[0].dropFirst(3).dropLast()), String(cells[1].dropFirst().dropLast(3)))
    }
    XCTAssertGreaterThan(examples.count, 35)
    expect(examples)
  }
}
