// The manifests that -f names: files, folders, standard input, each checked to be text before anything is sent.
import Core
import Documents
import Glibc

struct ManifestFile: Sendable {
  /// As the user named it: places in messages carry it.
  var name: String
  var bytes: [UInt8]
}

enum ManifestFiles {
  static let fileBytes = DocumentLimits.standard.fileBytes
  /// All files of a set: what one request can carry.
  static let setBytes = 60 << 20
  static let files = 100_000
  static let depth = 32
  static let endings = [".yaml", ".yml", ".json"]

  /// Reads all sources. Throws Problems with every fault of every file.
  static func read(_ sources: [String]) throws -> [ManifestFile] {
    guard !sources.isEmpty else {
      throw Problems(Problem(.invalid, code: "no_input", "No manifests are named.", fix: "Name a file or a folder with -f."))
    }
    var problems: [Problem] = []
    var paths: [(path: String, named: Bool)] = []
    for source in sources {
      do {
        if source != "-", try isFolder(source) {
          let before = paths.count
          try walk(source, depth: 0, into: &paths)
          if paths.count == before {
            problems.append(
              Problem(.invalid, code: "empty", "\(source) holds no manifests.", fix: "Manifests end in .yaml, .yml or .json."))
          }
        } else {
          paths.append((source, true))
        }
      } catch let problem as Problem { problems.append(problem) }
    }
    var total = 0
    var read: [ManifestFile] = []
    var seen: Set<String> = []
    for (path, named) in paths where seen.insert(path).inserted {
      do {
        let bytes = try FileReader.read(path, limit: fileBytes)
        total += bytes.count
        if total > setBytes {
          throw Problem(
            .tooLarge, code: "too_large", "The manifests have more than \(setBytes) bytes in all.", fix: "Apply them as several sets.")
        }
        try check(bytes, path: path, named: named)
        read.append(ManifestFile(name: path, bytes: bytes))
      } catch let problem as Problem {
        problems.append(problem)
        if problem.category == .tooLarge, total > setBytes { break }
      }
    }
    if problems.isEmpty, !read.contains(where: { !DocumentSplitter.split($0.bytes).isEmpty }) {
      problems.append(
        Problem(.invalid, code: "empty", "\(sources.joined(separator: ", ")): no document in it.", fix: "Nothing was done; an empty set is never applied."))
    }
    if !problems.isEmpty { throw Problems(problems) }
    return read
  }

  /// The name that a set has when nobody says one: the base name of the first source without its ending.
  static func setName(_ sources: [String]) -> String {
    guard let first = sources.first, first != "-" else { return "default" }
    let base = Environment.absolute(first).split(separator: "/").last.map(String.init) ?? "default"
    let ending = endings.first { base.hasSuffix($0) }
    let name = String(base.dropLast(ending?.count ?? 0))
    return name.isEmpty ? "default" : name
  }

  private static func check(_ bytes: [UInt8], path: String, named: Bool) throws {
    let name = path == "-" ? "standard input" : path
    if let at = bytes.firstIndex(of: 0) {
      throw Problem(.invalid, code: "not_text", "\(name) is no text: its byte \(at + 1) is NUL.", fix: "Name a YAML or JSON file.")
    }
    if String(validating: bytes, as: UTF8.self) == nil {
      throw Problem(.invalid, code: "not_text", "\(name) is no UTF-8 text.", fix: "Save it as UTF-8.")
    }
    if named, bytes.allSatisfy({ $0 == 32 || $0 == 10 || $0 == 13 || $0 == 9 }) {
      throw Problem(.invalid, code: "empty", "\(name) is empty.", fix: "Nothing was done; an empty set is never applied.")
    }
  }

  private static func isFolder(_ path: String) throws -> Bool {
    var facts = stat()
    guard stat(path, &facts) == 0 else { throw FileReader.unreadable(path, errno) }
    return facts.st_mode & S_IFMT == S_IFDIR
  }

  /// Files below a folder in the order of their names; hidden ones are left out.
  private static func walk(_ folder: String, depth: Int, into paths: inout [(path: String, named: Bool)]) throws {
    guard depth <= Self.depth else {
      throw Problem(.invalid, code: "too_deep", "\(folder) lies more than \(Self.depth) folders deep.", fix: "Is there a link that runs in a circle?")
    }
    guard let handle = opendir(folder) else { throw FileReader.unreadable(folder, errno) }
    defer { closedir(handle) }
    var names: [String] = []
    while let entry = readdir(handle) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if !name.hasPrefix(".") { names.append(name) }
    }
    let prefix = folder.hasSuffix("/") ? folder : folder + "/"
    for name in names.sorted() {
      let path = prefix + name
      if try isFolder(path) {
        try walk(path, depth: depth + 1, into: &paths)
      } else if endings.contains(where: { name.hasSuffix($0) }) {
        paths.append((path, false))
      }
      if paths.count > files {
        throw Problem(.tooLarge, code: "too_large", "\(folder) holds more than \(files) files.", fix: "Apply it as several sets.")
      }
    }
  }
}
