// Gathers the files of a set: files, folders, standard input.
import Core
import Documents
import Foundation

public enum ManifestFiles {
  public static let fileLimit = 20_000
  public static let depthLimit = 32
  /// All files of a set together.
  public static let totalBytes = 1 << 30

  /// The content of `paths` in order; "-" is standard input. Folders give their *.yaml, *.yml and *.json, those of folders
  /// below too, sorted by path, hidden ones left out. Names are as the user wrote them.
  public static func collect(
    _ paths: [String], limits: DocumentLimits = .standard, standardInput: FileHandle = .standardInput
  ) -> (files: [(name: String, bytes: [UInt8])], problems: [Problem]) {
    var walk = Walk(limits: limits)
    for path in paths {
      if path == "-" { walk.read(standardInput, name: "-") } else { walk.take(path) }
    }
    return (walk.files, walk.problems)
  }

  private struct Walk {
    let limits: DocumentLimits
    var files: [(name: String, bytes: [UInt8])] = []
    var problems: [Problem] = []
    private var total = 0
    private var seen: Set<String> = []

    init(limits: DocumentLimits) { self.limits = limits }

    mutating func refuse(_ category: Problem.Category, _ code: String, _ message: String, _ path: String, fix: String? = nil) {
      problems.append(Problem(category, code: code, message, place: Place(file: path, line: 1, column: 1), fix: fix))
    }

    mutating func take(_ path: String) {
      var isFolder: ObjCBool = false
      guard !path.isEmpty, FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
        return refuse(.invalid, "no_file", "there is no such file or folder", path)
      }
      if !isFolder.boolValue { return read(path) }
      let before = files.count + problems.count
      let root = Self.real(path)
      seen.insert(root)
      folder(path, root: root, depth: 0)
      if files.count + problems.count == before {
        refuse(.invalid, "empty", "nothing to apply: the folder holds no *.yaml, *.yml or *.json", path)
      }
    }

    private mutating func folder(_ path: String, root: String, depth: Int) {
      if depth > ManifestFiles.depthLimit {
        return refuse(.invalid, "depth", "folders lie deeper than \(ManifestFiles.depthLimit) levels", path)
      }
      guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
        return refuse(.failure, "unreadable", "the folder cannot be read", path)
      }
      for name in names.sorted() where !name.hasPrefix(".") {
        if files.count > ManifestFiles.fileLimit { return }
        let inner = path.hasSuffix("/") ? path + name : "\(path)/\(name)"
        let real = Self.real(inner)
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: inner, isDirectory: &isFolder)
        let isManifest = [".yaml", ".yml", ".json"].contains { name.hasSuffix($0) }
        guard exists, isFolder.boolValue || isManifest else {
          if !exists, isManifest { refuse(.invalid, "no_file", "the link leads nowhere", inner) }
          continue
        }
        guard real == root || real.hasPrefix(root.hasSuffix("/") ? root : root + "/") else {
          refuse(.invalid, "link", "the link leads outside of the folder", inner, fix: "Name its target by itself, or copy it.")
          continue
        }
        if isFolder.boolValue {
          // A link to a folder that was walked already would give its files twice.
          if seen.insert(real).inserted { folder(inner, root: root, depth: depth + 1) }
        } else if Self.isRegular(real) {
          read(inner)
        } else {
          refuse(.invalid, "no_file", "this is no regular file", inner)
        }
      }
    }

    private static func isRegular(_ path: String) -> Bool {
      (try? FileManager.default.attributesOfItem(atPath: path))?[.type] as? FileAttributeType == .typeRegular
    }

    private static func real(_ path: String) -> String {
      URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path
    }

    private mutating func read(_ path: String) {
      guard seen.insert(Self.real(path)).inserted else { return }
      guard let handle = FileHandle(forReadingAtPath: path) else {
        return refuse(.failure, "unreadable", "the file cannot be read", path)
      }
      defer { try? handle.close() }
      read(handle, name: path)
    }

    /// Reads to the end, but never much more than the limit.
    mutating func read(_ handle: FileHandle, name: String) {
      if files.count >= ManifestFiles.fileLimit {
        if files.count == ManifestFiles.fileLimit, problems.last?.code != "too_many" {
          refuse(
            .tooLarge, "too_many", "there are more than \(ManifestFiles.fileLimit) files", name,
            fix: "Apply them in several sets.")
        }
        return
      }
      var bytes: [UInt8] = []
      do {
        while bytes.count <= limits.fileBytes, let chunk = try handle.read(upToCount: 1 << 20), !chunk.isEmpty { bytes += chunk }
      } catch {
        return refuse(.failure, "unreadable", "the file cannot be read: \(error.localizedDescription)", name)
      }
      if bytes.count > limits.fileBytes {
        return refuse(
          .tooLarge, "too_large", "the file is larger than \(limits.fileBytes >> 20) MiB", name,
          fix: "Split it into several files.")
      }
      total += bytes.count
      if total > ManifestFiles.totalBytes {
        return refuse(.tooLarge, "too_large", "the files together are larger than \(ManifestFiles.totalBytes >> 20) MiB", name)
      }
      if bytes.contains(0), !bytes.starts(with: [0xFF, 0xFE]), !bytes.starts(with: [0xFE, 0xFF]) {
        return refuse(.invalid, "binary", "the file is binary, not text", name, fix: "Name files of YAML or JSON.")
      }
      files.append((name, bytes))
    }
  }
}
