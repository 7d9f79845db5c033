// What can be asked of the store about many objects: a predicate, an order, a page. Each becomes one statement.
import Core
import Kinds

/// Where a value is found in an object.
public enum FieldPath: Sendable, Hashable {
  case uid, name, created, updated, version
  case label(String)
  /// Desired field, by path.
  case spec([String])
  /// Observed field, by path.
  case status([String])
}

public indirect enum Predicate: Sendable, Hashable {
  public enum Comparison: String, Sendable {
    case equal = "="
    case notEqual = "<>"
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
  }
  case always
  case never
  case all([Predicate])
  case any([Predicate])
  case not(Predicate)
  /// Null never equals anything; use `isNull`.
  case compare(FieldPath, Comparison, Value)
  case among(FieldPath, [Value])
  case isNull(FieldPath)
  /// The list at the path holds the value.
  case holds(FieldPath, Value)
  /// The text at the path contains this one, in any case.
  case containsText(FieldPath, String)
  case startsWith(FieldPath, String)
}

public struct ObjectQuery: Sendable {
  public var tenant: UID
  public var kind: String
  public var predicate: Predicate
  public var sort: [(path: FieldPath, descending: Bool)]
  public var limit: Int
  public var offset: Int
  /// Continue after this object: its sort values and uid, in the order of `sort`.
  public var after: (values: [Value], uid: UID)?
  /// Count all matches too.
  public var wantsTotal: Bool
  public var includeDeleted: Bool
  /// Who manages each field comes along; views do not ask.
  public var wantsOwners: Bool
  /// The observed state comes along.
  public var wantsStatus: Bool
  /// Objects of every tenant, for operators: `tenant` only says whose position comes along.
  public var everywhere = false

  public init(
    tenant: UID, kind: String, predicate: Predicate = .always, sort: [(path: FieldPath, descending: Bool)] = [], limit: Int = 100,
    offset: Int = 0, after: (values: [Value], uid: UID)? = nil, wantsTotal: Bool = false, includeDeleted: Bool = false,
    wantsOwners: Bool = true, wantsStatus: Bool = true
  ) {
    self.wantsOwners = wantsOwners
    self.wantsStatus = wantsStatus
    self.tenant = tenant
    self.kind = kind
    self.predicate = predicate
    self.sort = sort
    self.limit = limit
    self.offset = offset
    self.after = after
    self.wantsTotal = wantsTotal
    self.includeDeleted = includeDeleted
  }
}

public struct ObjectPage: Sendable {
  public var objects: [StoredObject]
  public var total: Int?
  /// Feed position of the tenant that the page was read at.
  public var position: Int
  public init(objects: [StoredObject], total: Int?, position: Int) {
    self.objects = objects
    self.total = total
    self.position = position
  }
}

/// An identity as a manifest states it.
public struct ObjectKey: Sendable, Hashable {
  public var tenant: UID
  public var kind: String
  public var name: String
  public init(tenant: UID, kind: String, name: String) {
    self.tenant = tenant
    self.kind = kind
    self.name = name
  }
}

/// Where an object's rows stand.
public struct ObjectPlace: Sendable, Hashable {
  public var tenant: UID
  public var uid: UID
  public init(tenant: UID, uid: UID) {
    self.tenant = tenant
    self.uid = uid
  }
}

/// Rows of a record kind: newest first unless said otherwise.
public struct RecordQuery: Sendable {
  public var tenant: UID
  public var kind: String
  /// Paths are `.spec([field])`, `.uid`, `.created`.
  public var predicate: Predicate
  public var from: Timestamp?
  public var to: Timestamp?
  public var ascending: Bool
  public var limit: Int
  public var offset: Int
  public var wantsTotal: Bool
  public init(
    tenant: UID, kind: String, predicate: Predicate = .always, from: Timestamp? = nil, to: Timestamp? = nil,
    ascending: Bool = false,
    limit: Int = 100, offset: Int = 0, wantsTotal: Bool = false
  ) {
    self.tenant = tenant
    self.kind = kind
    self.predicate = predicate
    self.from = from
    self.to = to
    self.ascending = ascending
    self.limit = limit
    self.offset = offset
    self.wantsTotal = wantsTotal
  }
}

public struct RecordRow: Sendable {
  public var tenant: UID
  public var uid: UID
  public var kind: String
  public var at: Timestamp
  public var fields: ObjectMap
  /// A taken key of the kind's `unique` fails the commit; otherwise the row that is there stays, silently.
  public var mustBeNew: Bool
  public init(tenant: UID, uid: UID, kind: String, at: Timestamp, fields: ObjectMap, mustBeNew: Bool = false) {
    self.mustBeNew = mustBeNew
    self.tenant = tenant
    self.uid = uid
    self.kind = kind
    self.at = at
    self.fields = fields
  }
}

public struct RecordPage: Sendable {
  public var rows: [RecordRow]
  public var total: Int?
  public init(rows: [RecordRow], total: Int?) {
    self.rows = rows
    self.total = total
  }
}
