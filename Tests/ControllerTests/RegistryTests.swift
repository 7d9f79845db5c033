// Every controller that the specs name is written and registered.
import Controllers
import Foundation
import KindLoading
import XCTest

final class RegistryTests: XCTestCase {
  private static let specs = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("specs")

  private func files() throws -> [(String, [UInt8])] {
    try (FileManager.default.enumerator(atPath: Self.specs.path)?.compactMap { $0 as? String } ?? [])
      .filter { ($0.hasSuffix(".yaml") || $0.hasSuffix(".sql")) && !$0.contains("/cases/") }.sorted()
      .map { ($0, [UInt8](try Data(contentsOf: Self.specs.appendingPathComponent($0)))) }
  }

  func testEveryNamedControllerIsThere() throws {
    let missing = ControllerRegistry.missing(in: try KindLoader.load(files: files()))
    XCTAssertTrue(missing.isEmpty, missing.map(\.description).joined(separator: "\n"))
  }

  func testOneThatIsNotThereIsToldWithItsPlace() throws {
    let ghost =
      "kind: Ghost\ndoc: A kind.\nfields:\n  name: {type: string, required: true, doc: Name.}\nunique: [[name]]\ncontroller: Ghost\n"
    let catalog = try KindLoader.load(files: files() + [("platform/Ghost/kind.yaml", Array(ghost.utf8))])
    let missing = ControllerRegistry.missing(in: catalog)
    XCTAssertEqual(missing.map(\.code), ["no_controller"])
    XCTAssertTrue(missing.first?.description.contains("platform/Ghost/kind.yaml") ?? false, "\(missing)")
  }
}
