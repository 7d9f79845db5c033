// One documented operation: who may call it, what it reads from the request, what it does, what it answers. LANGUAGES: "rest.yaml".
import Core
import Expressions

/// A route, loaded from a `rest.yaml` with its file's and family's defaults filled in.
public struct RouteSpec: Sendable {
  public enum Verb: String, Sendable { case list, get, create, replace, update, delete, query, watch, handler }

  /// A segment of the path below the family's base.
  public enum Segment: Sendable, Equatable {
    case literal(String)
    case parameter(String)
  }

  public enum Exists: String, Sendable { case conflict, `return`, update }
  public enum Absent: String, Sendable { case missing, defaults, null, same }

  public enum Answer: Sendable {
    /// A named view of the target's kind (or `Kind.View`).
    case view(String)
    /// An inline shape.
    case reply(ViewSpec)
    /// No body.
    case empty
  }

  public var family: String
  public var id: String
  public var method: String
  public var path: [Segment]
  /// Served at the root of the host, not below the family's base: `at: root`.
  public var atRoot = false
  public var verb: Verb
  /// The kind the target is of; nil for `handler` and `query` routes without one.
  public var kind: String?
  /// The kind in whose folder the route stands.
  public var home: String
  public var doc = ""

  /// Case of names in bodies, where the file says another than the family's.
  public var spelling: FamilySpec.Case?
  /// A scheme of the family, or `none`.
  public var auth: String
  /// Permissions of family.yaml, all needed. Empty only with `auth: none` or an explicit `needs: []`.
  public var needs: [String] = []
  public var limit: String?
  /// Named features of plans that the caller's tenant must have.
  public var entitlements: [String] = []
  /// The tenant of a call without a caller: CEL that gives its id or name.
  public var tenant: CELProgram?

  /// Placeholder that names the target; nil when the verb has none.
  public var target: String?
  public var binds: [Bind] = []
  public var predicate: CELProgram?
  public var lets: [Let] = []
  public var args: [FieldSpec] = []
  public var body: [BodyField] = []
  public var sets: [(String, CELProgram)] = []
  public var effects: [Effect] = []
  public var exists: Exists = .conflict
  public var absent: Absent = .missing
  /// All objects that match are changed, at most so many.
  public var many: Int?
  public var each: Each?
  public var unless: [Unless] = []
  public var wait: Wait?
  public var accept: [String] = ["json"]
  /// Bytes that a body may have; nil: the server's standard.
  public var maxBody: Int?

  public var filters: [Filter] = []
  public var sort: [SortKey] = []
  /// Query values of `sort` → field, where callers may choose.
  public var sortable: [String: String] = [:]
  /// `none`, or the family's paging.
  public var paged = true
  /// Paging of this route alone.
  public var paging: FamilySpec.Paging?

  public var answer: Answer = .empty
  public var status: Int = 200
  /// Member names of minted secrets → generated field, shown once.
  public var once: [(String, String)] = []
  /// How the answer is wrapped, when not the family's way: nil = family's; `none`; or a member name.
  public var envelope: String?
  public var headers: [(String, CELProgram)] = []
  /// Where the client goes instead of an answer; null: it is answered.
  public var redirect: CELProgram?
  public var render: Render?
  /// Problem code → status, over the family's.
  public var errors: [String: Int] = [:]
  /// Audit entry written with the effect.
  public var audit: Audit?

  public var handler: String?
  /// The answer's rows; see the verbs list and query.
  public var sql: SQL?
  /// Of a list of rows: the answer is one `reply` over `items`, not a view of each `row`.
  public var sqlReply = false
  /// What is handed to the handler, by name.
  public var with: [(String, CELProgram)] = []
  /// Event names for `watch`.
  public var events: [String] = []
  public var place: Place?
  /// Where keys stand that are checked late: `handler`, `sql`, `let.NAME`.
  public var places: [String: Place] = [:]

  public init(family: String, id: String, method: String, path: [Segment], verb: Verb, kind: String?, home: String, auth: String)
  {
    self.family = family
    self.id = id
    self.method = method
    self.path = path
    self.verb = verb
    self.kind = kind
    self.home = home
    self.auth = auth
  }

  /// Several objects are written at once.
  public var isBulk: Bool { many != nil || each != nil }

  /// `/server-pools/{poolId}`
  public var pathText: String {
    "/"
      + path.map { segment in
        switch segment {
        case .literal(let text): text
        case .parameter(let name): "{\(name)}"
        }
      }.joined(separator: "/")
  }
}
