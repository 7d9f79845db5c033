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

  /// A place of the request that gives or restricts a field.
  public struct Bind: Sendable {
    /// `path.id`, `query.app_id`, `body.x`, `caller.user` … split at dots.
    public var source: [String]
    public var field: String
    /// A body or query place that may be absent.
    public var optional: Bool
    public init(source: [String], field: String, optional: Bool) {
      self.source = source
      self.field = field
      self.optional = optional
    }
  }

  /// A body member that is stored in a field.
  public struct BodyField: Sendable {
    public var shown: String
    public var field: String
    /// `{stored: shown}`, read backwards here.
    public var map: [String: String]?
    /// Overrides the kind's `required` at creation.
    public var required: Bool?
    public init(shown: String, field: String, map: [String: String]? = nil, required: Bool? = nil) {
      self.shown = shown
      self.field = field
      self.map = map
      self.required = required
    }
  }

  public enum LetSource: Sendable {
    case value(CELProgram)
    /// The object of `kind` for which the predicate holds, or null; with `count` the number of matches; with `all` the list.
    case find(kind: String, predicate: CELProgram, form: Form)
    /// An answer of an outside service: source, operation, arguments, deadline, and what to use when it fails.
    case source(String, op: String, with: [(String, CELProgram)], within: Duration, orElse: CELProgram?)
    /// Rows of an SQL file, or its first row.
    case sql(SQL)
    public enum Form: Sendable { case object, count, all }
  }
  /// A read-only SQL file over the kinds, with what its parameters get.
  public struct SQL: Sendable {
    public var text: SQLText
    public var with: [(String, CELProgram)]
    /// One row (null when there is none) instead of a list.
    public var row: Bool
    /// Rows at most; nil: the standard.
    public var most: Int?
    public var timeout: Duration?
    public init(text: SQLText, with: [(String, CELProgram)], row: Bool, most: Int?, timeout: Duration?) {
      self.text = text
      self.with = with
      self.row = row
      self.most = most
      self.timeout = timeout
    }
  }

  public struct Let: Sendable {
    public var name: String
    public var source: LetSource
    public init(name: String, source: LetSource) {
      self.name = name
      self.source = source
    }
  }

  /// A guard of this call alone.
  public struct Unless: Sendable {
    public var when: CELProgram
    public var status: Int?
    public var code: String
    public var message: String
    public init(when: CELProgram, status: Int?, code: String, message: String) {
      self.when = when
      self.status = status
      self.code = code
      self.message = message
    }
  }

  /// One effect on another object, in the same transaction.
  public struct Effect: Sendable {
    public enum Action: Sendable {
      case set([(String, CELProgram)])
      case create([(String, CELProgram)])
      case delete
    }
    public var kind: String
    public var name: String?
    public var when: CELProgram?
    public var each: CELProgram?
    /// For set and delete: which objects. Nil: the target.
    public var predicate: CELProgram?
    public var action: Action
    public init(kind: String, name: String?, when: CELProgram?, each: CELProgram?, predicate: CELProgram?, action: Action) {
      self.kind = kind
      self.name = name
      self.when = when
      self.each = each
      self.predicate = predicate
      self.action = action
    }
  }

  /// One write for each item of a member of the body.
  public struct Each: Sendable {
    public var member: String
    /// The item's member that holds the id of the object to change; nil: objects are made.
    public var id: String?
    public var most: Int
    public init(member: String, id: String?, most: Int) {
      self.member = member
      self.id = id
      self.most = most
    }
  }

  /// A deed of the audit log.
  public struct Audit: Sendable {
    /// Dotted: `webhook.secret_shown`.
    public var action: String
    public var severity: KindSpec.Audit.Severity
    public var when: CELProgram?
    public init(action: String, severity: KindSpec.Audit.Severity = .medium, when: CELProgram? = nil) {
      self.action = action
      self.severity = severity
      self.when = when
    }
  }

  /// A body that no view makes: text of a media type.
  public struct Render: Sendable {
    public var type: String
    public var body: CELProgram
    public init(type: String, body: CELProgram) {
      self.type = type
      self.body = body
    }
  }

  /// Answer only when `until` is true of the object named by `of` (nil: the target), or after `most`.
  public struct Wait: Sendable {
    public var of: String?
    public var when: CELProgram?
    public var until: CELProgram
    public var most: Duration
    public init(of: String?, when: CELProgram?, until: CELProgram, most: Duration) {
      self.of = of
      self.when = when
      self.until = until
      self.most = most
    }
  }

  public enum Exists: String, Sendable { case conflict, `return`, update }
  public enum Absent: String, Sendable { case missing, defaults, null, same }

  /// A query parameter that narrows a list.
  public struct Filter: Sendable {
    public enum Test: Sendable {
      /// Equals the field (or is among its items, for a list field).
      case field(String)
      /// CEL over the object's fields, `value` being the parameter.
      case predicate(CELProgram)
    }
    public var parameter: String
    public var test: Test
    public var shape: FieldSpec
    public init(parameter: String, test: Test, shape: FieldSpec) {
      self.parameter = parameter
      self.test = test
      self.shape = shape
    }
  }

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
