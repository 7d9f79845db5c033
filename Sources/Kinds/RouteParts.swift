// The parts of a route: where its inputs come from, what it guards, changes, waits for and shows.
import Core
import Expressions

extension RouteSpec {
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

  /// A body that no view makes: text of a media type.
  public struct Render: Sendable {
    public var type: String
    public var body: CELProgram
    public init(type: String, body: CELProgram) {
      self.type = type
      self.body = body
    }
  }
}
