// Intents about accounts, and the audit rows of what is no write.
import Core
import Identity
import Kinds
import Ports

enum AccountWrites {
  static func patch(_ account: UID, _ fields: ObjectMap, expecting version: Int? = nil) -> Intent {
    Intent(.patch, .uid(tenant: .rootTenant, kind: "Account", account), fields: fields, expectedVersion: version)
  }

  static func patch(user: StoredObject, _ fields: ObjectMap, expecting version: Int? = nil) -> Intent {
    Intent(.patch, .uid(tenant: user.tenant, kind: "User", user.uid), fields: fields, expectedVersion: version)
  }

  static func delete(_ object: StoredObject, force: Bool = false) -> Intent {
    Intent(.delete, .uid(tenant: object.tenant, kind: object.kind, object.uid), force: force)
  }

  /// A member of a tenant.
  static func join(_ tenant: UID, account: UID, email: String, title: Value?, role: String) -> Intent {
    var fields: ObjectMap = ["email": .string(email), "account": .string(account.description), "role": .string(role)]
    if let title, !title.isNull { fields["title"] = title }
    return Intent(.create, .new(tenant: tenant, kind: "User"), fields: fields)
  }

  /// Notes what happened where nothing is committed: a sign-in, a failure, a lock. The message is told with the account's address and
  /// where the call came from; an address that has no account is not kept, since people also type other things there.
  static func note(
    _ action: String, _ message: String, severity: KindSpec.Audit.Severity, account: StoredObject?, call: OperationCall,
    ports: OperationPorts
  ) async throws {
    let email = account?.spec["email"]?.string
    let entry = AuditRows.Entry(
      severity: severity, action: action, message: "\(message): \(email ?? "unknown address") from \(call.remoteAddress).",
      actor: call.caller?.actor ?? email.map { "user:\($0)" } ?? "anonymous", user: account?.uid, operation: call.operation,
      targetKind: "Account", target: account?.uid, targetName: email, requestID: call.requestID)
    guard ports.catalog.kind(AuditRows.platformKind) != nil else { return }
    let realm = account.map { $0.spec["directory"]?.string ?? "" }?.split(separator: "/").last.flatMap { UID($0) }
    let rows = AuditRows.rows(entry, tenant: realm ?? .rootTenant, at: call.now, uid: ports.newUID)
    try await ports.writes.append(rows)
  }
}

enum AccountProblem {
  static func invalid(_ code: String, _ message: String, _ pointer: String? = nil) -> Problem {
    Problem(.invalid, code: code, message, pointer: pointer)
  }
  static let badToken = Problem(.invalid, code: "bad_token", "The token is unknown, used or expired.", fix: "Ask for a new one.")
  static func missing(_ what: String) -> Problem { Problem(.missing, code: "not_found", "There is no such \(what).") }
  static func denied(_ code: String, _ message: String) -> Problem { Problem(.denied, code: code, message) }

  /// The uid in a path. Throws `bad_id`.
  static func uid(_ text: String?, _ kind: String, _ ports: OperationPorts) throws -> UID {
    guard let text, let uid = ports.ids.uid(text, kind: kind) else {
      throw Problem(.invalid, code: "bad_id", "This is no id of \(kind == "Tenant" ? "a tenant" : "a user").")
    }
    return uid
  }
}
