// Folders, links, standard input, and files that are no manifests.
import Core
import Documents
import Foundation
import Manifests
import XCTest

final class ManifestFilesTests: XCTestCase {
  private var folder = URL(fileURLWithPath: "/")

  override func setUpWithError() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("manifests-\(UUID().uuidString)")
    for (path, text) in [
      "b.yaml": "b", "a.yml": "a", "sub/c.json": "{}", ".hidden.yaml": "x", "notes.txt": "x", ".git/d.yaml": "x",
    ] {
      try write(path, Array(text.utf8))
    }
  }

  override func tearDownWithError() throws { try FileManager.default.removeItem(at: folder) }

  private func write(_ path: String, _ bytes: [UInt8]) throws {
    let url = folder.appendingPathComponent(path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  private func names(_ files: [(name: String, bytes: [UInt8])]) -> [String] {
    files.map { $0.name.replacingOccurrences(of: folder.path + "/", with: "") }
  }

  func testFoldersAreSortedAndHiddenFilesLeftOut() {
    let found = ManifestFiles.collect([folder.path])
    XCTAssertEqual(names(found.files), ["a.yml", "b.yaml", "sub/c.json"])
    XCTAssertEqual(found.problems.count, 0)
    XCTAssertEqual(
      names(ManifestFiles.collect([folder.path + "/b.yaml", folder.path]).files), ["b.yaml", "a.yml", "sub/c.json"])
  }

  func testLinks() throws {
    let manager = FileManager.default
    let outside = folder.deletingLastPathComponent().appendingPathComponent("outside-\(UUID().uuidString).yaml")
    try Data("x".utf8).write(to: outside)
    defer { try? manager.removeItem(at: outside) }
    func link(_ name: String, _ target: String) throws {
      try manager.createSymbolicLink(atPath: folder.appendingPathComponent(name).path, withDestinationPath: target)
    }
    try link("out.yaml", outside.path)
    try link("passwd.yaml", "/etc/passwd")
    try link("loop", ".")
    try link("gone.yaml", "nowhere.yaml")
    try link("inner.yaml", ".git/d.yaml")
    let found = ManifestFiles.collect([folder.path])
    XCTAssertEqual(names(found.files), ["a.yml", "b.yaml", "inner.yaml", "sub/c.json"])
    XCTAssertEqual(found.problems.map(\.code).sorted(), ["link", "link", "no_file"])
  }

  func testFilesThatAreRefused() throws {
    try write("x/binary.yaml", [0x61, 0, 0x62])
    try write("x/large.yaml", Array(repeating: 0x61, count: 100))
    var limits = DocumentLimits()
    limits.fileBytes = 99
    let found = ManifestFiles.collect([folder.appendingPathComponent("x").path, "/no/such/file.yaml"], limits: limits)
    XCTAssertEqual(found.files.count, 0)
    XCTAssertEqual(found.problems.map(\.code), ["binary", "too_large", "no_file"])
    XCTAssertEqual(found.problems.map(\.category), [.invalid, .tooLarge, .invalid])
    try FileManager.default.createDirectory(at: folder.appendingPathComponent("empty"), withIntermediateDirectories: true)
    XCTAssertEqual(ManifestFiles.collect([folder.appendingPathComponent("empty").path]).problems.map(\.code), ["empty"])
  }

  func testStandardInput() throws {
    let pipe = Pipe()
    try pipe.fileHandleForWriting.write(contentsOf: Data("kind: x".utf8))
    try pipe.fileHandleForWriting.close()
    let found = ManifestFiles.collect(["-"], standardInput: pipe.fileHandleForReading)
    XCTAssertEqual(found.files.map(\.name), ["-"])
    XCTAssertEqual(found.files.first.map { String(decoding: $0.bytes, as: UTF8.self) }, "kind: x")
  }
}
