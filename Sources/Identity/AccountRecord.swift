// A person as last read: the account, its live sessions, and where it is a member.
import Core
import Kinds
import Ports

struct AccountRecord: Sendable {
  /// Memberships of one person that are looked at.
  static let membershipLimit = 500

  struct Membership: Sendable {
    var user: StoredObject
    var tenant: StoredObject
    var role: String { user.spec["role"]?.string ?? "user" }
    /// Nil when the membership may be used.
    var refusal: String? {
      if user.spec["active"] == false || user.deleting != nil { return "The user is not active." }
      if tenant.deleted || tenant.deleting != nil || tenant.spec["active"] == false { return "The tenant is not active." }
      return nil
    }
  }

  static let staff = "staff"

  var account: StoredObject
  var sessions: Set<UID>
  /// Oldest first.
  var memberships: [Membership]
  /// The tenant that an account of another realm than staff belongs to: its directory names it.
  var home: StoredObject?
  /// By tenant, for plain users; read when first needed.
  var permissions: [UID: Set<String>] = [:]
  var readAt: Timestamp

  var realm: String { account.spec["realm"]?.string ?? Self.staff }
  var isActive: Bool { account.spec["active"] != false && !account.deleted && account.deleting == nil }
  var email: String { account.spec["email"]?.string ?? account.name }
  var isOperator: Bool {
    memberships.contains { $0.tenant.uid == .rootTenant && ($0.role == "owner" || $0.role == "admin") && $0.refusal == nil }
  }

  func membership(named tenant: String) -> Membership? {
    let uid = TenantLookup.uid(tenant)
    return memberships.first { $0.tenant.uid == uid || $0.tenant.name == tenant }
  }

  /// Four statements, however many memberships there are. Nil when there is no such account.
  static func read(_ account: UID, store: any StorePort, now: Timestamp) async throws -> AccountRecord? {
    guard let object = try await store.objects(tenant: .rootTenant, uids: [account]).first, object.kind == "Account",
      !object.deleted
    else { return nil }
    let sessions = SessionStore.live(try await store.value(tenant: .rootTenant, key: SessionStore.key(account)), now)
    let users = try await store.referrers(tenant: .rootTenant, of: [account], limit: membershipLimit)
      .filter { $0.field == "account" && $0.object.kind == "User" && !$0.object.deleted }.map(\.object)
    let home = Self.home(object.spec["directory"]?.string ?? "")
    let wanted = Set(users.map(\.tenant) + (home.map { [$0] } ?? []))
    let tenants = try await store.objects(tenant: .rootTenant, uids: Array(wanted))
    let byUID = Dictionary(tenants.map { ($0.uid, $0) }, uniquingKeysWith: { first, _ in first })
    let memberships = users.compactMap { user in byUID[user.tenant].map { Membership(user: user, tenant: $0) } }
      .sorted { ($0.user.created, $0.user.uid) < ($1.user.created, $1.user.uid) }
    return AccountRecord(
      account: object, sessions: Set(sessions.map(\.id)), memberships: memberships, home: home.flatMap { byUID[$0] }, readAt: now)
  }

  /// The tenant in `customer/UID`.
  private static func home(_ directory: String) -> UID? {
    let parts = directory.split(separator: "/", maxSplits: 1)
    return parts.count == 2 ? UID(parts[1]) : nil
  }
}
