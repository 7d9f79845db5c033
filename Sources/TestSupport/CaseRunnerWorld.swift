// The variables of one running case, and texts with `${name}` filled in.
import Core
import Documents

public final class CaseWorld {
  public let tenant: String
  public let other: String
  private var variables: [String: Value] = [:]

  init(tenant: String, other: String) {
    self.tenant = tenant
    self.other = other
  }

  public subscript(name: String) -> Value? {
    get { variables[name] }
    set { variables[name] = newValue }
  }

  /// With each `${name}` replaced; an unknown one stays, so that the failure shows it.
  public func filled(_ text: String) -> String {
    guard text.contains("${") else { return text }
    var out = ""
    var rest = Substring(text)
    while let open = rest.range(of: "${"), let close = rest[open.upperBound...].firstIndex(of: "}") {
      out += rest[..<open.lowerBound]
      let name = String(rest[open.upperBound..<close])
      switch variables[name] {
      case .string(let value)?: out += value
      case let value?: out += JSON.text(value)
      case nil: out += "${\(name)}"
      }
      rest = rest[rest.index(after: close)...]
    }
    return out + rest
  }

  /// A text that is one `${name}` becomes the variable's value, whatever its type.
  public func filled(_ value: Value) -> Value {
    switch value {
    case .string(let text):
      if text.hasPrefix("${"), text.hasSuffix("}"), let variable = variables[String(text.dropFirst(2).dropLast())] {
        return variable
      }
      return .string(filled(text))
    case .list(let items): return .list(items.map { filled($0) })
    case .object(let map): return .object(ObjectMap(map.map { (filled($0.key), filled($0.value)) }))
    default: return value
    }
  }

  /// The value at `a.b.0.c`; the whole for `$body`.
  static func value(at path: String, in value: Value) -> Value? {
    if path == "$body" { return value }
    var here = value
    for step in path.split(separator: ".") {
      if let index = Int(step), let list = here.list {
        guard list.indices.contains(index) else { return nil }
        here = list[index]
      } else {
        guard let next = here.object?[String(step)] else { return nil }
        here = next
      }
    }
    return here
  }
}

/// The secrets of manifests as the client reads them: `{env: NAME}` → `file#document#/pointer`.
enum CaseSecrets {
  static func read(_ text: String, file: String, environment: ObjectMap) -> ObjectMap {
    var found = ObjectMap()
    func walk(_ value: Value, _ pointer: String, _ document: Int) {
      switch value {
      case .object(let map):
        if map.count == 1, let name = map["env"]?.string, let plain = environment[name] {
          found["\(file)#\(document)#\(pointer)"] = plain
        } else {
          for (key, item) in map { walk(item, pointer + "/" + key, document) }
        }
      case .list(let items): for (n, item) in items.enumerated() { walk(item, "\(pointer)/\(n)", document) }
      default: break
      }
    }
    for (n, document) in YAMLReader.documents(Array(text.utf8), file: file).documents.enumerated() {
      if let node = document.node { walk(node.value, "", n) }
    }
    return found
  }
}
