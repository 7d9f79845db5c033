// The audit log as rows of two record kinds: AuditEntry in the tenant that a deed was done in, LogEntry for the operators of the platform.
import Core
import Kinds

/// Pure: rows to put into a commit, or to append where nothing is committed (a sign-in that failed).
public enum AuditRows {
  public static let tenantKind = "AuditEntry"
  public static let platformKind = "LogEntry"
  /// Characters of a message that are kept.
  public static let mostMessage = 1000

  public struct Entry: Sendable {
    public var severity: KindSpec.Audit.Severity
    /// Dotted: `user.signed_in`, `plan.updated`.
    public var action: String
    /// One sentence for people, without secrets.
    public var message: String
    /// `user:…`, `key:…`, `controller:…`, `anonymous`.
    public var actor: String
    public var user: UID?
    public var operation: String?
    public var targetKind: String?
    public var target: UID?
    public var targetName: String?
    public var requestID: String?
    public init(
      severity: KindSpec.Audit.Severity, action: String, message: String, actor: String, user: UID? = nil,
      operation: String? = nil, targetKind: String? = nil, target: UID? = nil, targetName: String? = nil,
      requestID: String? = nil
    ) {
      self.severity = severity
      self.action = action
      self.message = message
      self.actor = actor
      self.user = user
      self.operation = operation
      self.targetKind = targetKind
      self.target = target
      self.targetName = targetName
      self.requestID = requestID
    }
  }

  /// - Parameters:
  ///   - tenant: where it was done.
  ///   - uid: mints the id of a row.
  public static func rows(_ entry: Entry, tenant: UID, at now: Timestamp, uid: () -> UID) -> [RecordRow] {
    var fields: ObjectMap = [
      "severity": .string(entry.severity.rawValue), "action": .string(entry.action),
      "message": .string(String(entry.message.prefix(mostMessage))), "actor": .string(entry.actor),
    ]
    let more: [(String, String?)] = [
      ("user", entry.user?.description), ("operation", entry.operation), ("targetKind", entry.targetKind),
      ("target", entry.target?.description), ("targetName", entry.targetName), ("requestId", entry.requestID),
    ]
    for (name, text) in more { if let text { fields[name] = .string(text) } }
    var platform = fields
    platform["tenant"] = .string(tenant.description)
    return [
      RecordRow(tenant: tenant, uid: uid(), kind: tenantKind, at: now, fields: fields),
      RecordRow(tenant: .rootTenant, uid: uid().compact, kind: platformKind, at: now, fields: platform),
    ]
  }

  /// `webhook.secret_shown` as `Webhook secret shown`.
  public static func words(action: String) -> String {
    let text = String(action.map { $0 == "." || $0 == "_" ? " " : $0 })
    return text.prefix(1).uppercased() + text.dropFirst()
  }

  /// `ServerPool` as `Server pool`.
  public static func words(_ kind: String) -> String {
    var out = ""
    for character in kind {
      if character.isUppercase, !out.isEmpty { out += " " + character.lowercased() } else { out.append(character) }
    }
    return out
  }
}
