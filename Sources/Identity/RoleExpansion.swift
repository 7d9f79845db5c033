// The roles of a user with all that they build on.
import Core
import Kinds
import Ports

public enum RoleExpansion {
  /// Parents that are followed.
  static let maxDepth = 16
  /// Bindings and roles of a tenant that are read.
  public static let readLimit = 1000

  /// What a user of the tenant holds, from two statements.
  public static func held(by user: UID, in tenant: UID, store: any ReadPort) async throws -> [HeldRole] {
    let bindings = try await store.list(
      ObjectQuery(
        tenant: tenant, kind: "RoleBinding", predicate: .compare(.spec(["user"]), .equal, .string(user.description)),
        limit: readLimit)
    ).objects
    if bindings.isEmpty { return [] }
    let roles = try await store.list(ObjectQuery(tenant: tenant, kind: "Role", limit: readLimit)).objects
    return held(by: user, bindings: bindings, roles: roles)
  }

  static func held(by user: UID, bindings: [StoredObject], roles: [StoredObject]) -> [HeldRole] {
    let byUID = Dictionary(roles.map { ($0.uid, $0) }, uniquingKeysWith: { first, _ in first })
    return bindings.filter { $0.spec["user"]?.string == user.description }.compactMap { binding in
      var chain: [(name: String, permissions: [String])] = []
      var next = binding.spec["role"]?.string.flatMap { UID($0) }
      while let uid = next, let role = byUID[uid], chain.count < maxDepth {
        chain.append((role.name, (role.spec["permissions"]?.list ?? []).compactMap(\.string)))
        next = role.spec["parent"]?.string.flatMap { UID($0) }
      }
      return chain.isEmpty ? nil : HeldRole(binding: binding.name, chain: chain)
    }
  }

  static func permissions(_ held: [HeldRole]) -> Set<String> { Set(held.flatMap { $0.chain.flatMap(\.permissions) }) }
}
