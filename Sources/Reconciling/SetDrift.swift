// What becomes of drift of a set's objects: said once for all of them, and heeded at once.
import Core
import Ports

extension ChangeService {
  public func setOnDrift(_ word: String?, of set: String, owner: UID) async throws {
    try await engine.setOnDrift(word, of: set, owner: owner)
  }
}

extension Engine {
  /// Objects woken in one call.
  private static let wokenAtOnce = 1000

  /// `correct`, `report`, or nil: as kinds and objects say. A new word has the set's objects looked at now, not when they are due.
  func setOnDrift(_ word: String?, of set: String, owner: UID) async throws {
    let pauses = SetPauses(store)
    guard try await pauses.onDrift(of: set, owner: owner) != word else { return }
    try await pauses.setOnDrift(word, of: set, owner: owner)
    let rows = try await store.inventory(owner: owner, set: set).rows.filter { row in
      row.current != nil && catalog.kind(row.kind)?.observe != nil
    }
    for start in stride(from: 0, to: rows.count, by: Self.wokenAtOnce) {
      try await store.wake(
        rows[start..<min(start + Self.wokenAtOnce, rows.count)].map {
          WorkRequest(tenant: $0.tenant, uid: $0.uid, kind: $0.kind)
        })
    }
  }
}
