// Files of manifests to a checked set: schema only, no store, no references across objects.
import Core
import Documents
import Kinds

public enum ManifestReader {
  /// Reads every document of every file. All faults are collected; those of category `invalid` have a place, and mostly the
  /// object and a pointer. A set that holds nothing at all is a fault.
  public static func read(
    files: [(name: String, bytes: [UInt8])], catalog: KindCatalog, limits: DocumentLimits = .standard
  ) -> ManifestSet {
    var set = ManifestSet()
    var seen: [ObjectName: Place] = [:]
    for file in files {
      let result = DocumentReader.documents(file.bytes, file: file.name, limits: limits)
      set.problems += result.problems
      for (index, document) in result.documents.enumerated() {
        guard let node = document.node else { continue }
        let one = manifest(node, file: file.name, index: index, range: document.range, catalog: catalog)
        set.problems += one.problems
        guard let manifest = one.manifest else { continue }
        let name = ObjectName(tenant: manifest.tenant ?? "", kind: manifest.kind.name, name: manifest.name)
        if let first = seen[name] {
          set.problems.append(
            Problem(
              .invalid, code: "duplicate", "the object is declared twice; first at \(first)", place: manifest.place,
              object: manifest.object,
              fix: "Remove one of the two."))
        } else {
          seen[name] = manifest.place
        }
        set.manifests.append(manifest)
      }
    }
    if set.manifests.isEmpty, set.problems.isEmpty { set.problems = [nothing(files.map(\.name))] }
    return set
  }

  /// Checks one parsed document. The manifest is nil when the document does not say which object it means.
  public static func manifest(
    _ node: Node, file: String, index: Int, range: Range<Int>, catalog: KindCatalog
  ) -> (manifest: Manifest?, problems: [Problem]) {
    var check = DocumentCheck(node: node, file: file, catalog: catalog)
    let manifest = check.manifest(index: index, range: range)
    return (manifest, check.problems)
  }

  private struct ObjectName: Hashable {
    var tenant: String
    var kind: String
    var name: String
  }

  private static func nothing(_ names: [String]) -> Problem {
    let shown = names.prefix(3).joined(separator: ", ") + (names.count > 3 ? " and \(names.count - 3) more" : "")
    let message =
      names.isEmpty
      ? "nothing to apply: no file is named" : "nothing to apply: \(shown) \(names.count == 1 ? "holds" : "hold") no manifest"
    return Problem(.invalid, code: "empty", message, place: names.first.map { Place(file: $0, line: 1, column: 1) })
  }
}
