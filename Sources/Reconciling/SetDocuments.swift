// The raw documents of a set: told apart and hashed without being parsed.
import Core
import Documents
import Kinds
import Manifests
import Ports

struct SetDocuments {
  struct Raw {
    var file: Int
    var firstLine: Int
    var range: Range<Int>
    var hash: [UInt8]
  }

  private let files: [ApplyFile]
  private let secrets: [String: String]
  private let fileNumbers: [String: Int]
  private(set) var documents: [Raw] = []
  /// Files with secrets of the client: their documents are always parsed.
  private var withSecrets: Set<Int> = []

  init(_ files: [ApplyFile], secrets: [String: String], digest: ([UInt8]) -> [UInt8]) {
    self.files = files
    self.secrets = secrets
    fileNumbers = Dictionary(files.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    for (number, file) in files.enumerated() {
      if !secrets.isEmpty, secrets.keys.contains(where: { $0.hasPrefix(file.name + "#") }) { withSecrets.insert(number) }
      for raw in DocumentSplitter.split(file.bytes) {
        let bytes = file.bytes[raw.range]
        // Only space and comments: no document.
        guard bytes.contains(where: { $0 > 32 }) else { continue }
        documents.append(Raw(file: number, firstLine: raw.firstLine, range: raw.range, hash: digest(Array(bytes))))
      }
    }
  }

  var isEmpty: Bool { documents.isEmpty }

  /// Inventory rows whose document stands here unchanged and whose object is as it was planned. A document that stands here twice is
  /// parsed, so that it is refused.
  func known(among rows: [InventoryRow]) -> [InventoryRow] {
    guard !rows.isEmpty else { return [] }
    var count: [[UInt8]: Int] = [:]
    for document in documents where !withSecrets.contains(document.file) { count[document.hash, default: 0] += 1 }
    return rows.filter { $0.current == $0.version && count[$0.hash] == 1 }
  }

  /// The files with the documents of these rows blanked out, so that places stay true; files without any other document are left out.
  func files(without known: [InventoryRow]) -> [(name: String, bytes: [UInt8])] {
    let hashes = Set(known.map(\.hash))
    var blank: [Int: [Range<Int>]] = [:]
    var needed: Set<Int> = []
    for document in documents {
      if hashes.contains(document.hash), !withSecrets.contains(document.file) {
        blank[document.file, default: []].append(document.range)
      } else {
        needed.insert(document.file)
      }
    }
    return files.indices.filter(needed.contains).map { number in
      var bytes = files[number].bytes
      for range in blank[number] ?? [] {
        for at in range where bytes[at] != 10 && bytes[at] != 13 && !Self.isMarker(bytes, at, range) { bytes[at] = 32 }
      }
      return (files[number].name, bytes)
    }
  }

  /// A range may hold its own `---` line; it stays, so that documents stay apart.
  private static func isMarker(_ bytes: [UInt8], _ at: Int, _ range: Range<Int>) -> Bool {
    guard at < range.lowerBound + 3, range.count >= 3 else { return false }
    return bytes[range.lowerBound] == 45 && bytes[range.lowerBound + 1] == 45 && bytes[range.lowerBound + 2] == 45
  }

  func hash(of manifest: Manifest) -> [UInt8] {
    // The last document of its file that begins at or before the manifest.
    var found: Raw?
    var low = 0
    var high = documents.count
    let file = fileNumbers[manifest.place.file] ?? -1
    while low < high {
      let middle = (low + high) / 2
      let one = documents[middle]
      if (one.file, one.firstLine) <= (file, manifest.place.line) {
        found = one
        low = middle + 1
      } else {
        high = middle
      }
    }
    guard let found, found.file == file, !withSecrets.contains(file) else { return [] }
    return found.hash
  }

  /// The manifest's fields with the client's secrets in their places.
  func withSecrets(_ manifest: Manifest) -> ObjectMap {
    guard let file = fileNumbers[manifest.place.file], withSecrets.contains(file) else { return manifest.spec }
    let prefix = "\(manifest.place.file)#\(manifest.documentIndex)#/spec/"
    // A client sends whatever looks like one; only what stands in a secret field is one: `{env: production}` may be a selector.
    let stated = Set(manifest.secrets.map(\.key))
    var spec = Value.object(manifest.spec)
    for (key, plain) in secrets where key.hasPrefix(prefix) && stated.contains(key) {
      Self.put(.string(plain), at: Self.steps(key.dropFirst(prefix.count))[...], in: &spec)
    }
    return spec.object ?? manifest.spec
  }

  /// The steps of a JSON pointer.
  private static func steps(_ pointer: Substring) -> [String] {
    pointer.split(separator: "/", omittingEmptySubsequences: false).map {
      String($0).replacing("~1", with: "/").replacing("~0", with: "~")
    }
  }

  private static func put(_ value: Value, at path: ArraySlice<String>, in container: inout Value) {
    guard let head = path.first else {
      container = value
      return
    }
    if case .list(var items) = container, let at = Int(head), items.indices.contains(at) {
      put(value, at: path.dropFirst(), in: &items[at])
      container = .list(items)
    } else {
      var inner = container[head]
      put(value, at: path.dropFirst(), in: &inner)
      container[head] = inner
    }
  }

  /// One hash over all files, for pinned plans.
  func contentHash(_ digest: ([UInt8]) -> [UInt8]) -> String {
    var bytes: [UInt8] = []
    for document in documents {
      bytes += Array(files[document.file].name.utf8) + [0] + document.hash
    }
    return digest(bytes).map { byte in
      let digits = Array("0123456789abcdef")
      return "\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
    }.joined()
  }
}
