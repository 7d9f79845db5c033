// What a set of manifests holds, and how a commit changes it.
import Core

/// What a set of manifests holds after this commit.
public struct InventoryRow: Sendable, Hashable {
  public var tenant: UID
  public var uid: UID
  public var kind: String
  public var name: String
  /// Hash of the raw document.
  public var hash: [UInt8]
  /// Version of the object when it was last planned from this document.
  public var version: Int
  public var file: String
  public var line: Int
  /// Version of the live object now, as the store reads it; nil when it is gone. Not stored.
  public var current: Int?
  /// The object's name now, where it is another than the set's. Not stored.
  public var renamed: String?
  public init(
    tenant: UID, uid: UID, kind: String, name: String, hash: [UInt8], version: Int, file: String, line: Int, current: Int? = nil
  ) {
    self.current = current
    self.tenant = tenant
    self.uid = uid
    self.kind = kind
    self.name = name
    self.hash = hash
    self.version = version
    self.file = file
    self.line = line
  }
}

public struct InventoryChange: Sendable {
  public var set: String
  /// Tenant that owns the set.
  public var owner: UID
  /// Added or replaced. `version` is filled in by the store with the version of this commit's write, where there is one.
  public var put: [InventoryRow]
  public var removed: [UID]
  /// Catalog digest that the set was planned under.
  public var catalogDigest: String
  public init(set: String, owner: UID, put: [InventoryRow], removed: [UID], catalogDigest: String) {
    self.set = set
    self.owner = owner
    self.put = put
    self.removed = removed
    self.catalogDigest = catalogDigest
  }
}
