// docs/PROMISES.md names the tests that try to break each promise: they must be there.
import Foundation
import XCTest

final class PromisesTests: XCTestCase {
  private static let promises = 9

  func testEachPromiseNamesTestsThatExist() throws {
    var tests: Set<String> = []
    for path in Checkout.files(in: ["Tests"], endings: [".swift"]) {
      var suite = ""
      for line in try Checkout.lines(path) {
        if let name = Self.word(after: "class ", in: line), line.contains("TestCase") { suite = name }
        if let name = Self.word(after: "func test", in: line) { tests.insert("\(suite).test\(name)") }
      }
    }
    let sections = try Checkout.text("docs/PROMISES.md").components(separatedBy: "\n## ").dropFirst()
    XCTAssertEqual(sections.count, Self.promises)
    let pattern = try NSRegularExpression(pattern: #"`(\w+\.test\w+)`"#)
    for section in sections {
      let title = section.prefix { $0 != "\n" }
      for part in ["**Promised.**", "**Kept by**", "**Tried by**"] where !section.contains(part) {
        XCTFail("\(title): no \(part)")
      }
      let range = NSRange(section.startIndex..., in: section)
      let named = pattern.matches(in: section, range: range).compactMap {
        Range($0.range(at: 1), in: section).map { String(section[$0]) }
      }
      XCTAssertFalse(named.isEmpty, "\(title): no test tries to break it")
      for name in named where !tests.contains(name) { XCTFail("\(title): there is no test \(name)") }
    }
  }

  private static func word(after start: String, in line: String) -> String? {
    guard let found = line.range(of: start) else { return nil }
    let name = line[found.upperBound...].prefix { $0.isLetter || $0.isNumber || $0 == "_" }
    return name.isEmpty ? nil : String(name)
  }
}
