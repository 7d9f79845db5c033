// An API key as it was last read, with everything that decides what it may do.
import Core
import Kinds
import Ports

struct KeyRecord: Sendable {
  var key: StoredObject
  var user: StoredObject?
  var account: StoredObject?
  var tenant: StoredObject?
  var permissions: Set<String>
  var readAt: Timestamp

  var authority: String { key.spec["authority"]?.string ?? "user" }

  /// The role within the key's own tenant. Authority admin makes an admin of a plain user.
  var role: String {
    let own = user?.spec["role"]?.string ?? (authority == "admin" ? "admin" : "user")
    return authority == "admin" && own == "user" ? "admin" : own
  }

  var isOperator: Bool { key.tenant == .rootTenant && (role == "admin" || role == "owner") }

  var actor: String {
    if let email = user?.name { return "user:\(email)" }
    return "key:\(key.name)"
  }

  /// Why the key does not work now; nil when it does.
  func refusal(at now: Timestamp) -> String? {
    if key.deleted || key.deleting != nil { return "The API key was revoked." }
    if let expiry = key.spec["expiresAt"]?.string.flatMap({ Timestamp($0) }), expiry <= now { return "The API key has expired." }
    if let user, user.spec["active"] == false || user.deleted || user.deleting != nil { return "The user is not active." }
    if key.spec["user"]?.string != nil, user == nil { return "The user is gone." }
    if let account, account.spec["active"] == false || account.deleted { return "The user is not active." }
    guard let tenant, !tenant.deleted, tenant.deleting == nil else { return "The tenant is gone." }
    if tenant.spec["active"] == false { return "The tenant is not active." }
    return nil
  }
}
