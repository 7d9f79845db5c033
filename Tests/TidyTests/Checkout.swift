// The checkout under test: its files, as git would list them.
import Foundation

enum Checkout {
  static let root: URL = {
    var here = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { here.deleteLastPathComponent() }
    return here
  }()

  /// Paths below the root with one of these endings, sorted, build folders left out.
  static func files(in folders: [String], endings: [String]) -> [String] {
    var found: [String] = []
    for folder in folders {
      guard let walk = FileManager.default.enumerator(atPath: root.appendingPathComponent(folder).path) else { continue }
      for case let path as String in walk where endings.contains(where: path.hasSuffix) && !path.contains(".build") {
        found.append("\(folder)/\(path)")
      }
    }
    return found.sorted()
  }

  static func text(_ path: String) throws -> String { try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8) }
  static func lines(_ path: String) throws -> [String] { try text(path).components(separatedBy: "\n") }

  static let swiftFolders = ["Sources", "controllers", "Tests"]
}
