// Forgetting a person in what is kept: versions, stories, logs and records.
import Core

/// What must be forgotten, and what stands in its place.
public struct Anonymization: Sendable {
  /// The person's own objects, gone already: their versions, stories and calls go too.
  public var uids: [UID]
  /// The address that is replaced wherever a record or an actor names it.
  public var address: String
  /// What is there instead: says nothing of the person, and is the same everywhere.
  public var alias: String
  public init(uids: [UID], address: String, alias: String) {
    self.uids = uids
    self.address = address
    self.alias = alias
  }
}

public protocol Anonymizing: Sendable {
  /// All of it in one transaction; done twice it changes nothing more. Rows that were changed or deleted, by table.
  func anonymize(_ wanted: Anonymization) async throws -> [String: Int]
}
