// The manifests that -f names, each checked to be text before anything is sent, and the name of their set.
import Core
import Documents
import Manifests

struct SetFile: Sendable {
  /// As the user named it: places in messages carry it.
  var name: String
  var bytes: [UInt8]
}

enum SetFiles {
  /// All files of a set: what one request can carry, its JSON spelling included.
  static let totalBytes = 48 << 20

  /// Reads all sources. Throws Problems with every fault of every file.
  static func read(_ sources: [String]) throws -> [SetFile] {
    guard !sources.isEmpty else {
      throw Problems(Problem(.invalid, code: "no_input", "No manifests are named.", fix: "Name a file or a folder with -f."))
    }
    var limits = DocumentLimits.standard
    limits.fileBytes = min(limits.fileBytes, totalBytes)
    var (found, problems) = ManifestFiles.collect(sources, limits: limits)
    for file in found where String(validating: file.bytes, as: UTF8.self) == nil {
      problems.append(
        Problem(
          .invalid, code: "not_text", "the file is no UTF-8 text", place: Place(file: file.name, line: 1, column: 1),
          fix: "Save it as UTF-8."))
    }
    for source in sources {
      guard let file = found.first(where: { $0.name == source }), DocumentSplitter.split(file.bytes).isEmpty else { continue }
      problems.append(
        Problem(
          .invalid, code: "empty", "there is no document in it", place: Place(file: source, line: 1, column: 1),
          fix: "Nothing was done: what is empty is never applied."))
    }
    if found.reduce(0, { $0 + $1.bytes.count }) > totalBytes {
      problems.append(
        Problem(
          .tooLarge, code: "too_large", "The manifests have more than \(totalBytes >> 20) MiB in all.",
          fix: "Apply them as several sets."))
    }
    if !problems.isEmpty { throw Problems(problems) }
    return found.map { SetFile(name: $0.name, bytes: $0.bytes) }
  }

  /// The name that a set has when nobody says one: the base name of the first source without its ending.
  static func name(_ sources: [String]) -> String {
    guard let first = sources.first, first != "-" else { return "default" }
    let base = Environment.absolute(first).split(separator: "/").last.map(String.init) ?? "default"
    let ending = [".yaml", ".yml", ".json"].first { base.hasSuffix($0) }
    let name = String(base.dropLast(ending?.count ?? 0))
    return name.isEmpty ? "default" : name
  }
}
