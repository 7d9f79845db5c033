// Secrets that a manifest takes from the client's surroundings: `{env: VAR}` and `{file: PATH}`, read here and sent beside the
// manifests, so that no plain secret stands in one.
import Core
import Documents

enum ClientSecrets {
  static let bytes = 1 << 20

  /// Values by `file#documentIndex#/spec/pointer`. Only documents whose text has `env:` or `file:` are parsed. What is not set
  /// or cannot be read is left out: the server, which knows which fields are secrets, then names the field.
  static func read(
    _ files: [SetFile], environment: (String) -> String? = Environment.value
  ) -> [String: String] {
    var found: [String: String] = [:]
    for file in files where mentions(file.bytes[...]) {
      let raw = DocumentSplitter.split(file.bytes)
      if DocumentReader.looksLikeJSON(file.bytes) {
        let documents = DocumentReader.documents(file.bytes, file: file.name).documents
        for (index, document) in documents.enumerated() { collect(document.node, file, index, environment, &found) }
      } else {
        for (index, document) in raw.enumerated() where mentions(file.bytes[document.range]) {
          let node = YAMLReader.document(document, of: file.bytes, file: file.name).node
          collect(node, file, index, environment, &found)
        }
      }
    }
    return found
  }

  private static func mentions(_ bytes: ArraySlice<UInt8>) -> Bool {
    contains(bytes, Array("env".utf8)) || contains(bytes, Array("file".utf8))
  }

  /// The word, then an optional quote and a colon.
  private static func contains(_ bytes: ArraySlice<UInt8>, _ word: [UInt8]) -> Bool {
    bytes.withUnsafeBufferPointer { text in
      guard text.count > word.count + 1 else { return false }
      let last = text.count - word.count - 1
      var at = 0
      while at <= last {
        if text[at] == word[0], (1..<word.count).allSatisfy({ text[at + $0] == word[$0] }) {
          let next = text[at + word.count]
          if next == UInt8(ascii: ":") || next == UInt8(ascii: "\"") || next == UInt8(ascii: "'") || next == 32 { return true }
        }
        at += 1
      }
      return false
    }
  }

  private static func collect(
    _ node: Node?, _ file: SetFile, _ index: Int, _ environment: (String) -> String?, _ found: inout [String: String]
  ) {
    guard let spec = node?["spec"] else { return }
    func walk(_ node: Node, _ pointer: String) {
      if let members = node.members {
        if members.count == 1, let source = members[0].value.string,
          let value = read(members[0].key, source, file.name, environment)
        {
          found["\(file.name)#\(index)#\(pointer)"] = value
        }
        for member in members { walk(member.value, pointer + "/" + escape(member.key)) }
      } else if let items = node.items {
        for (n, item) in items.enumerated() { walk(item, "\(pointer)/\(n)") }
      }
    }
    walk(spec, "/spec")
  }

  private static func read(_ key: String, _ source: String, _ manifest: String, _ environment: (String) -> String?) -> String? {
    switch key {
    case "env": return environment(source)
    case "file":
      // A path is relative to the manifest that names it.
      let folder = manifest.contains("/") ? manifest[..<manifest.lastIndex(of: "/")!] + "/" : ""
      guard let bytes = try? FileReader.read(source.hasPrefix("/") ? source : folder + source, limit: bytes),
        var text = String(validating: bytes, as: UTF8.self)
      else { return nil }
      if text.hasSuffix("\n") { text.removeLast() }
      return text
    default: return nil
    }
  }

  private static func escape(_ key: String) -> String {
    var out = ""
    for c in key { out += c == "~" ? "~0" : c == "/" ? "~1" : String(c) }
    return out
  }
}
