// Deletions that look like a mistake stop and ask: a token, single use, says that they are meant.
import Core
import Ports

struct PruneGuard: Sendable {
  /// Up to this many deletions, and up to half of the set, go without asking.
  static let freeDeletions = 10
  static let lifetime = Duration.seconds(300)

  let store: any StorePort
  let clock: any Clock
  let token: @Sendable () -> String

  func check(_ gone: [InventoryRow], of total: Int, set: String, owner: UID, confirm: String?, dryRun: Bool) async throws {
    guard gone.count > Self.freeDeletions, gone.count * 2 > total, !dryRun else { return }
    let asked = Value.string(gone.map(\.uid.description).sorted().joined(separator: ","))
    if let confirm {
      let key = "confirm/prune/\(set)/\(confirm)"
      if let stored = try await store.value(tenant: owner, key: key), stored == asked,
        try await store.putValue(tenant: owner, key: key, nil, expecting: .some(.some(stored)), expires: nil)
      {
        return
      }
      throw Problems(
        Problem(
          .refused, code: "confirm_token",
          "The confirm token is not valid: it was used, is over five minutes old, or was for other deletions."))
    }
    let fresh = token()
    _ = try await store.putValue(
      tenant: owner, key: "confirm/prune/\(set)/\(fresh)", asked, expecting: nil, expires: clock.now() + Self.lifetime)
    throw Problems(
      Problem(
        .refused, code: "many_deletions", "This would delete \(gone.count) of the \(total) objects of set \(set).",
        fix: "If that is meant, apply again with --confirm \(fresh) within five minutes.",
        details: ["confirm_token": .string(fresh), "count": .int(gone.count)]))
  }
}
