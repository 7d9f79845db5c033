// Sets whose source must not sync for now: somebody rolled back, or suspended it. Kept as named values beside the inventory.
import Core
import Ports

/// Why a set is paused, by whom, since when.
public struct SetPause: Sendable, Hashable {
  public var reason: String
  public var by: String
  public var at: Timestamp
  public init(reason: String, by: String, at: Timestamp) {
    self.reason = reason
    self.by = by
    self.at = at
  }

  /// `by user:ada@example.com at …: rolled back to …`
  public var sentence: String { "by \(by) at \(at): \(reason)" }

  public var value: Value { ["reason": .string(reason), "by": .string(by), "at": .string(at.description)] }
  public init?(_ value: Value) {
    guard let reason = value["reason"].string, let by = value["by"].string, let at = value["at"].string.flatMap({ Timestamp($0) })
    else { return nil }
    self.init(reason: reason, by: by, at: at)
  }
}

/// Options of sets in the store: pauses, and what becomes of drift.
public struct SetPauses: Sendable {
  /// Sets of one owner that are listed with their pauses.
  static let most = 10_000
  let store: any StorePort

  public init(_ store: any StorePort) { self.store = store }

  private static func key(_ set: String) -> String { "set/\(set)/pause" }
  private static func options(_ set: String) -> String { "set/\(set)/options" }

  /// Nil: it is not paused.
  public func pause(of set: String, owner: UID) async throws -> SetPause? {
    try await store.value(tenant: owner, key: Self.key(set)).flatMap { SetPause($0) }
  }

  /// By the name of the set.
  public func all(owner: UID) async throws -> [String: SetPause] {
    var found: [String: SetPause] = [:]
    for (key, value) in try await store.values(tenant: owner, prefix: "set/", limit: Self.most) where key.hasSuffix("/pause") {
      found[String(key.dropFirst(4).dropLast(6))] = SetPause(value)
    }
    return found
  }

  public func pause(_ set: String, owner: UID, _ pause: SetPause) async throws {
    _ = try await store.putValue(tenant: owner, key: Self.key(set), pause.value, expecting: .none, expires: nil)
  }

  /// False: it was not paused.
  public func resume(_ set: String, owner: UID) async throws -> Bool {
    guard try await pause(of: set, owner: owner) != nil else { return false }
    return try await store.putValue(tenant: owner, key: Self.key(set), nil, expecting: .none, expires: nil)
  }

  /// `correct`, `report`, or nil: as kinds and objects say.
  public func onDrift(of set: String, owner: UID) async throws -> String? {
    try await store.value(tenant: owner, key: Self.options(set))?["onDrift"].string
  }

  public func setOnDrift(_ word: String?, of set: String, owner: UID) async throws {
    let value: Value? = word.map { ["onDrift": .string($0)] }
    _ = try await store.putValue(tenant: owner, key: Self.options(set), value, expecting: .none, expires: nil)
  }
}
