// May this person do this? One function for REST, the native API and `plumb can`, which says through what.
import Core
import Ports

/// A role that a person has, with everything it builds on.
public struct HeldRole: Sendable, Hashable {
  /// Name of the binding that gives it.
  public var binding: String
  /// The role that is bound, and its parents in order, each with the permissions that it states itself.
  public var chain: [(name: String, permissions: [String])]

  public init(binding: String, chain: [(name: String, permissions: [String])]) {
    self.binding = binding
    self.chain = chain
  }

  public static func == (a: HeldRole, b: HeldRole) -> Bool {
    a.binding == b.binding && a.chain.map(\.name) == b.chain.map(\.name)
      && a.chain.map(\.permissions) == b.chain.map(\.permissions)
  }
  public func hash(into hasher: inout Hasher) { hasher.combine(binding) }
}

public struct AccessDecision: Sendable, Hashable {
  public var allowed: Bool
  /// A sentence for people: through which binding, or what is missing.
  public var reason: String
  public init(allowed: Bool, reason: String) {
    self.allowed = allowed
    self.reason = reason
  }

  /// - Parameters:
  ///   - role: `owner`, `admin` or `user` within the tenant; nil: not a member.
  ///   - scopes: of the credential; `*` for a session.
  public static func decide(
    _ action: String, _ kind: String, role: String?, roles: [HeldRole], scopes: [String] = ["*"], isOperator: Bool = false
  ) -> AccessDecision {
    let scope = action == "read" ? "read" : "write"
    guard scopes.contains("*") || scopes.contains(scope) else {
      return AccessDecision(allowed: false, reason: "The key's scopes (\(scopes.joined(separator: ", "))) leave out \(scope).")
    }
    switch role {
    case "owner", "admin": return AccessDecision(allowed: true, reason: "As \(role ?? "") of the tenant.")
    case nil where isOperator: return AccessDecision(allowed: true, reason: "As operator: owner or admin of the root tenant.")
    case nil: return AccessDecision(allowed: false, reason: "Not a member of the tenant.")
    default: break
    }
    for held in roles {
      for (depth, step) in held.chain.enumerated() {
        guard let permission = step.permissions.first(where: { PermissionName.grants($0, action, kind) }) else { continue }
        var path = "RoleBinding/\(held.binding) -> Role/\(held.chain[0].name)"
        if depth > 0 { path += " -> " + held.chain[1...depth].map { "Role/\($0.name)" }.joined(separator: " -> ") }
        return AccessDecision(allowed: true, reason: "Through \(path), which grants \(permission).")
      }
    }
    let wanted = "\(kind).\(action)"
    let names = roles.compactMap { $0.chain.first?.name }
    return AccessDecision(
      allowed: false,
      reason: names.isEmpty
        ? "No role is bound to the user; a role that grants \(wanted) is needed."
        : "None of the user's roles (\(names.joined(separator: ", "))) grants \(wanted).")
  }
}
