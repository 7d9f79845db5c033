// GET can?user=…&verb=…&kind=…&name=…: whether a person may do something in the tenant, and through which binding.
import Core
import HTTPServer
import Identity
import Kinds
import Ports

extension NativeHandler {
  /// Whoever may read users may ask about them, and everybody about himself.
  func can(_ request: NativeRequest) async throws -> HTTPResponse {
    let query = request.query
    func needed(_ name: String) throws -> String {
      guard let text = query(name), !text.isEmpty else {
        throw Problem(.invalid, code: "missing_parameter", "`\(name)` is needed.", fix: "plumb can USER VERB KIND/NAME")
      }
      return text
    }
    let (name, verb, word) = (try needed("user"), try needed("verb"), try needed("kind"))
    let kind = try KindNames.find(word, in: catalog)
    let tenant = request.caller.tenant
    guard request.caller.may("read", "User") || request.caller.actor == "user:\(name.lowercased())" else {
      throw Problem(.denied, code: "denied", "You may ask only about yourself here: reading users is not permitted.")
    }
    let user = try await store.objects(named: [ObjectKey(tenant: tenant, kind: "User", name: name.lowercased())]).first
    guard let user, !user.deleted else {
      throw Problem(.missing, code: "not_found", "\(name) is no user of \(request.caller.tenantName).", fix: "plumb get User")
    }
    if let object = query("name"), !object.isEmpty, kind.storage != .record {
      let home = kind.scope == .platform || kind.scope == .shared ? UID.rootTenant : tenant
      let found = try await store.objects(named: [ObjectKey(tenant: home, kind: kind.name, name: object)]).first
      guard let found, !found.deleted, request.maySee(found, kind) else {
        throw Problem(.missing, code: "not_found", "There is no \(kind.name)/\(object).", object: "\(kind.name)/\(object)")
      }
    }
    let decision = try await decide(user, verb, kind)
    return NativeAnswer.json([
      "allowed": .bool(decision.allowed), "reason": .string(decision.reason), "user": .string(user.name), "verb": .string(verb),
      "kind": .string(kind.name), "name": Value(query("name")),
    ])
  }

  private func decide(_ user: StoredObject, _ verb: String, _ kind: KindSpec) async throws -> AccessDecision {
    func refused(_ why: String) -> AccessDecision { AccessDecision(allowed: false, reason: why) }
    if user.spec["active"] == false || user.deleting != nil { return refused("The user is not active.") }
    if let account = user.spec["account"]?.string.flatMap({ UID($0) }) {
      let person = try await store.objects(tenant: .rootTenant, uids: [account]).first
      if person == nil || person?.deleted == true || person?.spec["active"] == false {
        return refused("The account is not active.")
      }
    }
    if let tenant = try await store.objects(tenant: .rootTenant, uids: [user.tenant]).first, tenant.spec["active"] == false {
      return refused("The tenant is not active.")
    }
    if verb != "read", kind.scope == .platform || kind.scope == .shared, user.tenant != .rootTenant {
      return refused("\(kind.name) belongs to the platform: only the root tenant changes it.")
    }
    let roles = try await RoleExpansion.held(by: user.uid, in: user.tenant, store: store)
    return .decide(verb, kind.name, role: user.spec["role"]?.string ?? "user", roles: roles)
  }
}
