// What the clients of one API family expect everywhere: base path, spelling, envelope, paging, errors, who may call. LANGUAGES: "family.yaml".
import Core
import Expressions

public struct FamilySpec: Sendable {
  public enum Case: String, Sendable { case snake, camel }

  /// How a credential reaches the server.
  public struct AuthScheme: Sendable {
    public var name: String
    /// `bearer`, `header:NAME`, `query:NAME`, `none`; several are tried in order.
    public var from: [String]
    /// Kinds of credential accepted: `apiKey`, `accessToken`, `signature`, …
    public var accepts: [String]
    /// Where the family's calls must name a tenant, these must too.
    public var needsTenant: Bool
    /// Account systems whose access tokens are taken.
    public var realms: [String]
    public init(name: String, from: [String], accepts: [String], needsTenant: Bool = true, realms: [String] = ["staff"]) {
      self.realms = realms
      self.name = name
      self.from = from
      self.accepts = accepts
      self.needsTenant = needsTenant
    }
  }

  /// How answers are wrapped. Templates are values in which "$data", "$requestId", "$items", "$total", "$plural", "$id" are replaced.
  public struct Envelope: Sendable {
    public var item: Value = "$data"
    public var list: Value = "$items"
    public var created: Value = "$data"
    public var deleted: Value = ["deleted": true]
    public init() {}
  }

  public struct Paging: Sendable {
    public enum Style: String, Sendable, CaseIterable { case none, offset, cursor, page }
    public var style: Style = .offset
    public var limitParameter = "limit"
    public var offsetParameter = "offset"
    public var cursorParameter = "cursor"
    public var standard = 50
    public var most = 500
    public init() {}
  }

  /// How a caller confirms a deletion that takes dependents with it: `confirm` in family.yaml.
  public struct Confirm: Sendable {
    /// Query parameters.
    public var forceParameter = "force"
    public var tokenParameter = "confirm_token"
    /// How long a token is good, once.
    public var lifetime: Duration = .seconds(300)
    /// Problem code of the refusal.
    public var code = "dependency_exists"
    public init() {}
  }

  public struct Errors: Sendable {
    /// Body template: "$code", "$message", "$requestId", "$details" (members spread), "$errors" (all problems as a list).
    public var body: Value = ["error": "$message"]
    /// Problem category → status.
    public var statuses: [String: Int] = [:]
    /// Problem code → status; wins over the category.
    public var codes: [String: Int] = [:]
    /// Problem code → the family's spelling of it.
    public var spelling: [String: String] = [:]
    public init() {}
  }

  public var name: String
  public var doc: String
  public var version = "1.0.0"
  /// `/deploy/api`
  public var base: String
  public var spelling: Case = .snake
  /// Views leave out null members.
  public var omitNull = false
  public var ids: [String: KindSpec.IDStyle] = [:]
  /// A malformed id answers 400 or 404.
  public var badID = 404
  public var schemes: [AuthScheme] = []
  public var standardAuth = "bearer"
  public var standardNeeds: [String] = []
  /// Permission name → CEL over `caller` and `target`.
  public var permissions: [(String, CELProgram)] = []
  /// Header that names the tenant, if the family has one.
  public var tenantHeader: String?
  /// Credentials that act in one tenant must name it: `tenant: {required: true}`.
  public var tenantRequired = false
  /// Nil: deletions cascade without asking.
  public var confirm: Confirm?
  public var envelope = Envelope()
  public var paging = Paging()
  public var errors = Errors()
  /// Header name → template text ("$requestId", "$version").
  public var headers: [(String, String)] = []
  /// Verb → status, where not 200.
  public var statuses: [String: Int] = [:]
  public var place: Place?

  public init(name: String, doc: String, base: String) {
    self.name = name
    self.doc = doc
    self.base = base
  }
}
