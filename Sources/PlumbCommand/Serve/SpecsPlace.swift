// Where the kinds' folder is: named, or beside the program, or above it in a checkout.
import Core
import Foundation

enum SpecsPlace {
  /// Folders above the program that are looked at.
  static let maxLevels = 8

  static func find(_ named: String?) throws -> String {
    if let named {
      guard isSpecs(named) else {
        throw Problem(.invalid, code: "specs", "\(named) holds no kinds.", fix: "Name a folder with platform/family.yaml in it.")
      }
      return named
    }
    var folder = URL(
      fileURLWithPath: (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0])
    for _ in 0..<maxLevels {
      folder.deleteLastPathComponent()
      for candidate in ["specs", "share/plumb/specs"] {
        let path = folder.appendingPathComponent(candidate).path
        if isSpecs(path) { return path }
      }
      if folder.path == "/" { break }
    }
    let here = FileManager.default.currentDirectoryPath + "/specs"
    if isSpecs(here) { return here }
    throw Problem(
      .invalid, code: "specs", "The folder of kinds (specs) was not found.", fix: "Name it with --specs or PLUMB_SPECS.")
  }

  private static func isSpecs(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path + "/platform/family.yaml") }
}
