// Finds the spec files below a folder: specs/<family>/family.yaml, specs/<family>/<Kind>/{kind,rest}.yaml and its SQL files.
import Core
import Foundation

enum SpecFolder {
  static let fileLimit = 10_000
  static let byteLimit = 1 << 20

  /// Path below the folder (`deploy/App/kind.yaml`) and content of each file, sorted.
  static func files(_ folder: URL, shownAs root: String, _ faults: SpecFaults) -> [(path: String, bytes: [UInt8])] {
    var files: [(String, [UInt8])] = []
    func take(_ path: String) {
      let place = Place(file: "\(root)/\(path)", line: 1, column: 1)
      if files.count >= fileLimit { return faults.add("there are more than \(fileLimit) spec files", at: place) }
      guard let data = try? Data(contentsOf: folder.appendingPathComponent(path)) else {
        return faults.add("the file cannot be read", at: place)
      }
      if data.count > byteLimit { return faults.add("the file is larger than \(byteLimit) bytes", at: place) }
      files.append((path, [UInt8](data)))
    }
    let families = entries(folder).filter { isFolder(folder.appendingPathComponent($0)) }
    if families.isEmpty {
      faults.add(
        "no spec is found in \(folder.path)", at: Place(file: root, line: 1, column: 1),
        fix: "Name the folder that holds the families.")
    }
    for family in families {
      for entry in entries(folder.appendingPathComponent(family)) {
        let path = "\(family)/\(entry)"
        if !isFolder(folder.appendingPathComponent(path)) {
          if entry == "family.yaml" { take(path) } else { unexpected(entry, path, root, ["family.yaml"], faults) }
          continue
        }
        for name in entries(folder.appendingPathComponent(path)) where !isFolder(folder.appendingPathComponent("\(path)/\(name)"))
        {
          if name == "kind.yaml" || name == "rest.yaml" || name.hasSuffix(".sql") {
            take("\(path)/\(name)")
          } else {
            unexpected(name, "\(path)/\(name)", root, ["kind.yaml", "rest.yaml"], faults)
          }
        }
      }
    }
    return files
  }

  /// Other YAML files would be forgotten in silence.
  private static func unexpected(_ name: String, _ path: String, _ root: String, _ known: [String], _ faults: SpecFaults) {
    guard name.hasSuffix(".yaml") || name.hasSuffix(".yml") else { return }
    faults.unknown("spec file named", name, among: known, at: Place(file: "\(root)/\(path)", line: 1, column: 1))
  }

  private static func entries(_ folder: URL) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter { !$0.hasPrefix(".") }.sorted()
  }

  private static func isFolder(_ url: URL) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) && isFolder.boolValue
  }
}
