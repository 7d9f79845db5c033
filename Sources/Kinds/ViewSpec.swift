// How an object is shown: outputs in order, each an expression, a spread, or related objects.
import Core
import Expressions

/// A named list of outputs. `{plain: expr}` in a route's `view` or `reply` is an anonymous one.
public struct ViewSpec: Sendable {
  public indirect enum Output: Sendable {
    /// CEL over the object's fields by bare name, and `self`, `caller`, `now`, `path`, `query`, `body`, `args`, lets.
    case value(CELProgram)
    /// All fields but secrets, under the family's spelling (`"*"`).
    case spread
    /// A nested object of outputs.
    case object(ViewSpec)
    /// The same object through another view of its kind: `{view: Name}`.
    case view(String)
    /// The object that a reference field names, or null: `{of: field, view: Name}`. Without a view, its id.
    case reference(field: String, view: String?)
    /// The page of a list route, each item through the view (nil: the route's): `{items: View}`.
    case items(view: String?)
    /// Objects of another kind: one grouped query for a whole page.
    case related(Related)
    /// A sum over records, one read for a whole page: `{total: CreditEntry.balance, by: {account: self.id}}`.
    case total(TotalOutput)
  }

  public struct TotalOutput: Sendable {
    public var kind: String
    public var name: String
    /// Values of the total's `by` fields, in any order; those left out are null.
    public var by: [(field: String, value: CELProgram)]
    public init(kind: String, name: String, by: [(field: String, value: CELProgram)]) {
      self.kind = kind
      self.name = name
      self.by = by
    }
  }

  public struct Related: Sendable {
    public var kind: String
    /// CEL over the related object's fields by bare name; `self` is the object shown.
    public var predicate: CELProgram
    public var sort: [SortKey]
    /// At most this many (default 100).
    public var limit: Int
    /// The number of matches instead of the objects.
    public var count: Bool
    public var view: String?
    /// The objects stand in the tenant that is shown: for views of tenants, which only the root tenant sees.
    public var inside: Bool
    /// The first match by itself, or null, instead of a list.
    public var first: Bool
    public init(
      kind: String, predicate: CELProgram, sort: [SortKey], limit: Int, count: Bool, view: String?, inside: Bool = false,
      first: Bool = false
    ) {
      self.inside = inside
      self.first = first
      self.kind = kind
      self.predicate = predicate
      self.sort = sort
      self.limit = limit
      self.count = count
      self.view = view
    }
  }

  public struct Member: Sendable {
    public var name: String
    public var output: Output
    /// `{stored: shown}`, applied to the value.
    public var map: [String: String]?
    /// Left out when null, where the family says `absent: omit` or the output says so.
    public var omitNull: Bool
    public init(name: String, output: Output, map: [String: String]? = nil, omitNull: Bool = false) {
      self.name = name
      self.output = output
      self.map = map
      self.omitNull = omitNull
    }
  }

  public var name: String
  public var kind: String
  public var members: [Member]
  /// Case of derived names, where the file says another than the family's.
  public var spelling: FamilySpec.Case?
  /// The view is one bare value, not an object: `view: hostname`.
  public var bare: CELProgram?

  public init(name: String, kind: String, members: [Member], bare: CELProgram? = nil) {
    self.name = name
    self.kind = kind
    self.members = members
    self.bare = bare
  }
}

/// One key of an ordering. Every ordering ends in the uid.
public struct SortKey: Sendable, Hashable {
  /// A field of the kind, or `createdAt`, `updatedAt`, `name`, `id`.
  public var field: String
  public var descending: Bool
  public init(field: String, descending: Bool) {
    self.field = field
    self.descending = descending
  }
}
