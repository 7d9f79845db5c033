// The operations that the spec files declare, read as plain YAML, apart from the loader.
import Core
import Documents
import Foundation

/// One route of a rest.yaml.
struct DeclaredRoute: Sendable {
  var id: String
  var family: String
  var method: String
  /// With the family's base, placeholders in braces.
  var path: String
  var isPublic: Bool
  /// Any member of the tenant may call it, whatever the role: what it shows is the caller's own, or on offer to all.
  var isOpen: Bool
  /// Of the caller himself: `auth: person`.
  var isPersonal: Bool
  /// Kind of the object that each placeholder names.
  var placeholders: [String: String]

  func matches(_ request: String, _ target: String) -> Bool { method == request && Self.matches(path, target) }

  static func matches(_ path: String, _ target: String) -> Bool {
    let want = path.split(separator: "/", omittingEmptySubsequences: false)
    let have = target.prefix { $0 != "?" }.split(separator: "/", omittingEmptySubsequences: false)
    return want.count == have.count && zip(want, have).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
  }

  /// The route that a request goes to: a literal segment wins over a placeholder.
  static func route(of method: String, _ target: String, in routes: [DeclaredRoute]) -> DeclaredRoute? {
    routes.filter { $0.matches(method, target) }.min { a, b in
      a.path.filter { $0 == "{" }.count < b.path.filter { $0 == "{" }.count
    }
  }
}

enum RouteTable {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static var specs: URL { root.appendingPathComponent("specs") }

  static func routes() throws -> [DeclaredRoute] {
    let families = try folders(specs)
    var kinds: [String: Value] = [:]
    for family in families {
      for kind in try folders(specs.appendingPathComponent(family)) {
        if let spec = try value("\(family)/\(kind)/kind.yaml") { kinds[kind] = spec }
      }
    }
    return try families.flatMap { family -> [DeclaredRoute] in
      guard let spec = try value("\(family)/family.yaml"), let base = spec["base"].string else { return [] }
      // Who signs a body is nobody with roles and tenants: the cases show what is refused.
      let signed = (spec["auth"].object ?? [:]).filter { $0.value["accepts"].list?.contains("signature") == true }.map(\.key)
      return try folders(specs.appendingPathComponent(family)).flatMap { home -> [DeclaredRoute] in
        guard let file = try value("\(family)/\(home)/rest.yaml") else { return [] }
        return (file["routes"].object ?? [:]).map { key, route in
          let words = key.split(separator: " ").map(String.init)
          let kind = route["kind"].string ?? home
          return DeclaredRoute(
            id: route["id"].string ?? "", family: family, method: words[0],
            path: (route["at"].string == "root" ? "" : base) + words[1],
            isPublic: (["none"] + signed).contains(route["auth"].string ?? file["auth"].string ?? ""),
            isOpen: (route["needs"].isNull ? file["needs"] : route["needs"]).list.map { needs in
              needs.allSatisfy { ["tenant", "member", "full"].contains($0.string ?? "") }
            } ?? false,
            isPersonal: (route["auth"].string ?? file["auth"].string) == "person",
            placeholders: placeholders(
              words[1], kind: kind, binds: route["bind"].object ?? [:], fields: kinds[kind]?["fields"] ?? .null))
        }
      }
    }
  }

  /// A placeholder bound to a reference names an object of that kind; the one that nothing binds, of the route's own.
  private static func placeholders(_ path: String, kind: String, binds: ObjectMap, fields: Value) -> [String: String] {
    var found: [String: String] = [:]
    for part in path.split(separator: "/") where part.hasPrefix("{") {
      let name = String(part.dropFirst().dropLast())
      if let field = binds["path.\(name)"]?.string {
        if let target = fields[field]["ref"].string { found[name] = target }
      } else {
        found[name] =
          name == "projectId" ? "Project" : name == "delivery_id" ? "WebhookDelivery" : name == "key_id" ? "ApiKey" : kind
      }
    }
    return found
  }

  private static func folders(_ url: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(at: url, includingPropertiesForKeys: [.isDirectoryKey])
      .filter { (try? $0.resourceValues(forKeys: [.isDirectoryKey]).isDirectory) == true }.map(\.lastPathComponent).sorted()
  }

  private static func value(_ path: String) throws -> Value? {
    guard let data = try? Data(contentsOf: specs.appendingPathComponent(path)) else { return nil }
    let read = YAMLReader.documents([UInt8](data), file: path)
    if !read.problems.isEmpty { throw Problems(read.problems) }
    return read.documents.first?.node?.value
  }
}
