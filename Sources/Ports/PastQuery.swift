// What is asked of the past: objects as they were at a moment, gone ones too, with who made them so.
import Core
import Kinds

/// Objects of a tenant as they were at `at`. All conditions hold together.
public struct PastQuery: Sendable {
  public var tenant: UID
  public var kind: String?
  /// The name that the object had then.
  public var name: String?
  public var uids: [UID]?
  public var at: Timestamp
  /// Only what changed later than this, up to `at`.
  public var changedAfter: Timestamp?
  /// Only objects of which this manager stated a field then.
  public var manager: Manager?
  /// Continue after this uid.
  public var after: UID?
  public var limit: Int
  /// Later than anything stored.
  public static let end = Timestamp("9999-12-31T23:59:59Z")!
  public static let page = 5000

  public init(
    tenant: UID, kind: String? = nil, name: String? = nil, uids: [UID]? = nil, at: Timestamp = end,
    changedAfter: Timestamp? = nil,
    manager: Manager? = nil, after: UID? = nil, limit: Int = page
  ) {
    self.tenant = tenant
    self.kind = kind
    self.name = name
    self.uids = uids
    self.at = at
    self.changedAfter = changedAfter
    self.manager = manager
    self.after = after
    self.limit = limit
  }
}

/// The last version of an object at a moment. Its `updated` is the time of that version; there is no status.
public struct PastObject: Sendable {
  public var object: StoredObject
  /// An `ObjectWrite.Operation` letter.
  public var operation: String
  public var origin: Origin
  public init(object: StoredObject, operation: String, origin: Origin) {
    self.object = object
    self.operation = operation
    self.origin = origin
  }
  /// It was deleted by then.
  public var isGone: Bool { operation == "d" || operation == "s" }
}
