// Who is calling, in which tenant, and what they may do.
import Core
import Kinds

/// An authenticated caller, resolved for one tenant. Permissions are final: roles are already expanded.
public struct Caller: Sendable, Hashable {
  /// The tenant this call acts in.
  public var tenant: UID
  public var tenantName: String
  /// The tenant that the credential belongs to.
  public var home: UID
  public var user: UID?
  public var key: UID?
  /// The person who is signed in, or for whom the key acts; nil for a key that acts for itself.
  public var account: UID?
  /// The session of an access token; nil for API keys.
  public var session: UID?
  /// For history and blame: `key:ci`, `user:ada@example.com`, `system`.
  public var actor: String
  /// `owner`, `admin` or `user` within the tenant; nil without membership.
  public var role: String?
  /// `admin` or `user`, for API keys.
  public var authority: String?
  /// Scopes of the credential; `*` is all.
  public var scopes: [String]
  /// Named permissions from roles: `app.read`, `app.*`, `*`.
  public var permissions: Set<String>
  /// Of the account that is signed in: `staff`, `customer`, `endUser`, …; families say which they take.
  public var realm: String
  /// Administers the installation: owner or admin of the root tenant.
  public var isOperator: Bool

  public init(
    tenant: UID, tenantName: String, home: UID, user: UID? = nil, key: UID? = nil, account: UID? = nil, session: UID? = nil,
    actor: String, role: String? = nil, authority: String? = nil, scopes: [String] = [], permissions: Set<String> = [],
    isOperator: Bool = false, realm: String = "staff"
  ) {
    self.realm = realm
    self.tenant = tenant
    self.tenantName = tenantName
    self.home = home
    self.user = user
    self.key = key
    self.account = account
    self.session = session
    self.actor = actor
    self.role = role
    self.authority = authority
    self.scopes = scopes
    self.permissions = permissions
    self.isOperator = isOperator
  }

  /// Where a person acts who is in no tenant: nothing is there.
  public static let nowhere = UID(high: .max, low: .max)

  /// The engine acting for itself.
  public static func system(tenant: UID) -> Caller {
    Caller(
      tenant: tenant, tenantName: "", home: .rootTenant, actor: "system", role: "owner", scopes: ["*"], permissions: ["*"],
      isOperator: true)
  }

  public var isRoot: Bool { tenant == .rootTenant }

  /// May `verb` (read, create, update, delete, or an operation's own word) be done to objects of `kind`?
  /// Permission names are `Kind.verb` with `*` for either part; owners and admins hold `*`.
  public func may(_ verb: String, _ kind: String) -> Bool {
    permissions.contains { PermissionName.grants($0, verb, kind) }
  }

  /// What expressions see as `caller`.
  public var value: Value {
    [
      "tenant": .string(tenant.description), "tenantName": .string(tenantName), "user": Value(user?.description),
      "key": Value(key?.description), "account": Value(account?.description),
      "actor": .string(actor), "role": Value(role), "authority": Value(authority),
      "scopes": .list(scopes.map(Value.string)), "permissions": .list(permissions.sorted().map(Value.string)),
      "isRoot": .bool(isRoot), "realm": .string(realm),
      "isOperator": .bool(isOperator),
    ]
  }
}
