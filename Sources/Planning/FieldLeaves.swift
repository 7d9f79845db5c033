// An object's spec as the smallest parts that have owners: `port`, `env.LOG`, `healthCheck.path`. Lists are one part.
import Core
import Kinds

enum FieldLeaves {
  /// Path → value, in the order of the spec. An empty map is a leaf of its own.
  static func of(_ spec: ObjectMap, _ kind: KindSpec) -> [(path: String, value: Value)] {
    var leaves: [(String, Value)] = []
    leaves.reserveCapacity(spec.count)
    for at in spec.keys.indices { add(spec.values[at], kind.field(spec.keys[at]), spec.keys[at], &leaves) }
    return leaves
  }

  /// The leaves of one field.
  static func of(_ value: Value, _ field: FieldSpec) -> [(path: String, value: Value)] {
    var leaves: [(String, Value)] = []
    add(value, field, field.name, &leaves)
    return leaves
  }

  private static func add(_ value: Value, _ field: FieldSpec?, _ path: String, _ leaves: inout [(String, Value)]) {
    guard let field, field.secret == nil, field.reference == nil, field.type == .map || field.type == .object,
      case .object(let map) = value,
      !map.isEmpty
    else { return leaves.append((path, value)) }
    for (key, member) in map {
      let shape = field.type == .map ? field.of : field.fields.first { $0.name == key }
      add(member, shape, "\(path).\(key)", &leaves)
    }
  }

  /// Puts a leaf back into a spec, making the maps on its way.
  static func set(_ value: Value, at path: String, in spec: inout ObjectMap) {
    guard let dot = path.firstIndex(of: ".") else {
      spec[path] = value
      return
    }
    let head = String(path[..<dot])
    var inner = spec[head]?.object ?? ObjectMap()
    set(value, at: String(path[path.index(after: dot)...]), in: &inner)
    spec[head] = .object(inner)
  }

  /// Takes a leaf out; maps that become empty go too.
  static func remove(_ path: String, from spec: inout ObjectMap) {
    guard let dot = path.firstIndex(of: ".") else {
      spec[path] = nil
      return
    }
    let head = String(path[..<dot])
    guard var inner = spec[head]?.object else { return }
    remove(String(path[path.index(after: dot)...]), from: &inner)
    spec[head] = inner.isEmpty ? Value?.none : .object(inner)
  }

  /// `env.LOG` → `env`
  static func top(_ path: String) -> String { path.firstIndex(of: ".").map { String(path[..<$0]) } ?? path }

  /// `env.LOG` → `/spec/env/LOG`
  static func pointer(_ path: String) -> String {
    path.utf8.contains(UInt8(ascii: ".")) ? "/spec/" + path.replacing(".", with: "/") : "/spec/" + path
  }
}

/// Equality of stored values: a sealed secret equals another of the same digest.
func sameValue(_ a: Value?, _ b: Value?) -> Bool {
  if let x = a?["$digest"].string, let y = b?["$digest"].string { return x == y }
  return a == b
}
