// Accounts and memberships as they are found and told.
import Core
import Identity
import Kinds
import Ports

/// One membership with its tenant.
struct Membership: Sendable {
  var user: StoredObject
  var tenant: StoredObject
  var role: String { user.spec["role"]?.string ?? "user" }

  func value(_ ids: any PublicIDs) -> Value {
    [
      "tenantId": .string(ids.text(tenant)), "tenantName": tenant.spec["title"] ?? .string(tenant.name),
      "tenantSlug": .string(tenant.name), "role": .string(role), "isRoot": .bool(tenant.uid == .rootTenant),
      "joinedAt": .string(user.created.description), "userId": .string(ids.text(user)),
    ]
  }
}

struct AccountReads: Sendable {
  static let staff = AccountRealm.staff
  /// Memberships of one person, and members of one tenant, that are read.
  static let limit = 1000
  private static let addressRule = 1
  private static let phoneRule = 2

  let reads: any ReadPort
  init(_ ports: OperationPorts) { reads = ports.reads }
  init(_ reads: any ReadPort) { self.reads = reads }

  /// Addresses are compared without regard to case or outer space.
  static func normal(_ email: String) -> String { email.lowercased().filter { !$0.isWhitespace } }

  func account(email: String, directory: String = staff) async throws -> StoredObject? {
    let key = UniqueKey(
      rule: Self.addressRule, value: JSON.canonical([.string(directory), .string(Self.normal(email))]), global: false)
    return try await holder(of: key)
  }

  func account(phone: String, directory: String) async throws -> StoredObject? {
    let key = UniqueKey(
      rule: Self.phoneRule, value: JSON.canonical([.string(directory), .string(phone)]), global: false)
    return try await holder(of: key)
  }

  private func holder(of key: UniqueKey) async throws -> StoredObject? {
    guard let uid = try await reads.holders(tenant: .rootTenant, kind: "Account", keys: [key]).values.first else { return nil }
    return try await account(uid)
  }

  func account(_ uid: UID) async throws -> StoredObject? {
    try await reads.objects(tenant: .rootTenant, uids: [uid]).first { $0.kind == "Account" && !$0.deleted && $0.deleting == nil }
  }

  /// Memberships in live tenants by account, oldest first. Two statements.
  func memberships(of accounts: [UID]) async throws -> [UID: [Membership]] {
    let users = try await reads.referrers(tenant: .rootTenant, of: accounts, limit: Self.limit * 10)
      .filter { $0.field == "account" && $0.object.kind == "User" && $0.object.deleting == nil }
    let tenants = try await reads.objects(tenant: .rootTenant, uids: Array(Set(users.map(\.object.tenant))).sorted())
    let byUID = Dictionary(
      tenants.filter { !$0.deleted && $0.deleting == nil }.map { ($0.uid, $0) }, uniquingKeysWith: { first, _ in first })
    var found: [UID: [Membership]] = [:]
    for user in users.sorted(by: { ($0.object.created, $0.object.uid) < ($1.object.created, $1.object.uid) }) {
      if let tenant = byUID[user.object.tenant] {
        found[user.target, default: []].append(Membership(user: user.object, tenant: tenant))
      }
    }
    return found
  }

  func memberships(of account: UID) async throws -> [Membership] { try await memberships(of: [account])[account] ?? [] }

  /// Live users of a tenant, oldest first.
  func members(of tenant: UID) async throws -> [StoredObject] {
    try await reads.list(ObjectQuery(tenant: tenant, kind: "User", sort: [(.created, false)], limit: Self.limit)).objects
  }

  /// A member by the id of the account, or of the user itself.
  func member(_ id: UID, of tenant: UID) async throws -> StoredObject? {
    if let user = try await reads.objects(tenant: tenant, uids: [id]).first, user.kind == "User", user.tenant == tenant,
      !user.deleted
    {
      return user
    }
    return try await reads.list(
      ObjectQuery(
        tenant: tenant, kind: "User", predicate: .compare(.spec(["account"]), .equal, .string(id.description)), limit: 1)
    ).objects.first
  }

  /// How an account is told, without its secrets. The family's `reply` chooses from it.
  static func value(_ account: StoredObject, lastLogin: Timestamp?, _ ids: any PublicIDs) -> Value {
    var methods: [Value] = hasPassword(account) ? [["provider": "password"]] : []
    methods += (account.spec["identities"]?.list ?? []).map { ["provider": $0["provider"]] }
    return [
      "id": .string(ids.text(account)), "email": account.spec["email"] ?? .null,
      "displayName": account.spec["title"] ?? account.spec["email"] ?? .null,
      "emailVerified": account.spec["emailVerified"] ?? false, "isActive": account.spec["active"] ?? true,
      "authMethods": .list(methods), "createdAt": .string(account.created.description),
      "updatedAt": .string(account.updated.description), "lastLoginAt": Value(lastLogin?.description),
    ]
  }

  static func hasPassword(_ account: StoredObject) -> Bool { passwordHash(account) != nil }
  static func passwordHash(_ account: StoredObject) -> String? { account.spec["password"]?["$password"].string }
  static func isActive(_ account: StoredObject) -> Bool {
    account.spec["active"] != false && !account.deleted && account.deleting == nil
  }
}
