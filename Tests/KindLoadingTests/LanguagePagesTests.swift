// The pages of the languages are true: their files load, their examples stand in the specs, and no key is left out.
import Core
import Foundation
import Kinds
import XCTest

@testable import KindLoading

final class LanguagePagesTests: XCTestCase {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  private static let pages = ["docs/LANGUAGE_KINDS.md", "docs/LANGUAGE_ROUTES.md"]

  private func text(_ path: String) throws -> String {
    try String(contentsOf: Self.root.appendingPathComponent(path), encoding: .utf8)
  }

  /// `file=` blocks of all pages.
  private func blocks() throws -> [(path: String, text: String)] {
    try Self.pages.flatMap { page in
      try text(page).replacingOccurrences(of: "\n```sql file=", with: "\n```yaml file=").components(
        separatedBy: "\n```yaml file="
      ).dropFirst().compactMap { part in
        guard let line = part.firstIndex(of: "\n"), let end = part.range(of: "\n```") else { return nil }
        return (String(part[..<line]), String(part[part.index(after: line)..<end.lowerBound]) + "\n")
      }
    }
  }

  func testTheSmallFamilyLoads() throws {
    let catalog = try KindLoader.load(files: try blocks().map { ($0.path, Array($0.text.utf8)) })
    XCTAssertEqual(catalog.kinds.map(\.name), ["Delivery", "Entry", "Item", "Shelf"])
    XCTAssertEqual(catalog.routes.count, 14)
    XCTAssertEqual(catalog.routes.first { $0.id == "shop.items.get-on-shelf" }?.target, "id")
  }

  func testExamplesStandInTheSpecs() throws {
    let above = try blocks().map(\.text).joined()
    var checked = 0
    for page in Self.pages {
      for row in try text(page).split(separator: "\n") where row.hasPrefix("| ") && !row.hasPrefix("| ---") {
        let cells = row.components(separatedBy: " | ").map { $0.trimmingCharacters(in: CharacterSet(charactersIn: "| ")) }
        guard cells.count == 4, cells[2].hasPrefix("`") else { continue }
        let example = String(cells[2].dropFirst().dropLast())
        let source = cells[3] == "above" ? above : try text(cells[3])
        XCTAssertTrue(source.contains(example), "\(page): \(example) does not stand in \(cells[3])")
        checked += 1
      }
    }
    XCTAssertGreaterThan(checked, 60)
  }

  func testEveryKeyIsDescribed() throws {
    let keys = [KindFileLoader.keys + FieldLoader.keys, RouteLoader.keys + FamilyLoader.keys]
    for (page, keys) in zip(Self.pages, keys) {
      let described = Set(
        try text(page).split(separator: "\n").compactMap { row in
          row.hasPrefix("| `") ? row.dropFirst(3).split(separator: "`").first.map(String.init) : nil
        })
      XCTAssertEqual(Set(keys).subtracting(described), [], page)
    }
    for format in FieldFormat.names { XCTAssertNotNil(FieldFormat.example(format), format) }
  }
}
