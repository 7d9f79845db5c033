// The examples of the repository are good manifests of the kinds that the repository's specs declare.
import Core
import Foundation
import KindLoading
import Manifests
import XCTest

final class ExamplesTests: XCTestCase {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  func testEveryExampleIsGood() throws {
    let catalog = try KindLoader.load(Self.root.appendingPathComponent("specs"))
    let examples = Self.root.appendingPathComponent("examples")
    var read = 0
    for name in try FileManager.default.contentsOfDirectory(atPath: examples.path).sorted() {
      let folder = examples.appendingPathComponent(name)
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue else { continue }
      let collected = ManifestFiles.collect([folder.path])
      let set = ManifestReader.read(files: collected.files, catalog: catalog)
      XCTAssertEqual((collected.problems + set.problems).map(\.description), [], name)
      read += set.manifests.count
    }
    XCTAssertGreaterThan(read, 10)
  }
}
