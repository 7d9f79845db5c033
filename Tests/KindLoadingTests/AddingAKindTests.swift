// The walk through adding a kind is true: its files load beside the real specs, exactly as they stand on the page.
import Foundation
import KindLoading
import Kinds
import XCTest

final class AddingAKindTests: XCTestCase {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// `file=` blocks of the page: path → text.
  private func blocks() throws -> [String: String] {
    let page = try String(contentsOf: Self.root.appendingPathComponent("docs/ADDING_A_KIND.md"), encoding: .utf8)
    var found: [String: String] = [:]
    for part in page.components(separatedBy: "\n```yaml file=").dropFirst() {
      guard let lineEnd = part.firstIndex(of: "\n"), let end = part.range(of: "\n```") else { continue }
      found[String(part[..<lineEnd])] = String(part[part.index(after: lineEnd)..<end.lowerBound]) + "\n"
    }
    return found
  }

  func testThePageLoadsBesideTheRealSpecs() throws {
    let specs = Self.root.appendingPathComponent("specs")
    var files: [(String, [UInt8])] = []
    for path in FileManager.default.enumerator(atPath: specs.path)?.compactMap({ $0 as? String }) ?? []
    where path.hasSuffix(".yaml") || path.hasSuffix(".sql") {
      files.append((path, [UInt8](try Data(contentsOf: specs.appendingPathComponent(path)))))
    }
    let page = try blocks()
    XCTAssertEqual(page.count, 3)
    files += page.map { (String($0.key.dropFirst("specs/".count)), Array($0.value.utf8)) }
    let catalog = try KindLoader.load(files: files.filter { !$0.0.contains("/cases/") }.sorted { $0.0 < $1.0 })
    let kind = try XCTUnwrap(catalog.kind("MaintenanceWindow"))
    XCTAssertEqual(kind.identityField, "name")
    XCTAssertEqual(catalog.routes.filter { $0.home == "MaintenanceWindow" }.count, 4)
  }
}
