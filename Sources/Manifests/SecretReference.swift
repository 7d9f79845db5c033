// Secrets in manifests: never plain text, but the name of a stored one, or where the client reads it at apply.
import Core
import Kinds

public struct SecretReference: Sendable, Hashable {
  public enum Source: Sendable, Hashable {
    /// `{secret: NAME, key: KEY}`: sealed in the server already.
    case stored(name: String, key: String)
    /// `{env: VARIABLE}`
    case environment(String)
    /// `{file: PATH}`, relative to the manifest's folder.
    case file(String)
  }

  public var source: Source
  /// `/spec/…`
  public var pointer: String
  /// How an apply request names its plain text: `file#documentIndex#/spec/pointer`.
  public var key: String
  public var place: Place

  static func all(in manifest: Manifest) -> [SecretReference] {
    var found: [SecretReference] = []
    func walk(_ value: Value, _ field: FieldSpec, _ pointer: String) {
      if field.secret != nil {
        guard let source = source(value) else { return }
        let key = "\(manifest.file)#\(manifest.documentIndex)#\(pointer)"
        found.append(SecretReference(source: source, pointer: pointer, key: key, place: manifest.place(pointer)))
        return
      }
      switch value {
      case .list(let items): if let of = field.of { for (n, item) in items.enumerated() { walk(item, of, "\(pointer)/\(n)") } }
      case .object(let map):
        for (name, item) in map {
          let member = field.type == .map ? field.of : field.fields.first { $0.name == name }
          if let member { walk(item, member, pointer + "/" + FieldCheck.escape(name)) }
        }
      default: break
      }
    }
    for field in manifest.kind.fields { if let value = manifest.spec[field.name] { walk(value, field, "/spec/\(field.name)") } }
    return found
  }

  private static func source(_ value: Value) -> Source? {
    if let name = value["secret"].string, let key = value["key"].string { return .stored(name: name, key: key) }
    if let name = value["env"].string { return .environment(name) }
    return value["file"].string.map { .file($0) }
  }
}
