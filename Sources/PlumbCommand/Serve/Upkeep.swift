// Small work on a timer: last uses noted, request counts recorded. In batches, so that idle cost is constant.
import Core
import Foundation
import Identity
import Kinds
import Ports
import PostgresStore

final class Upkeep: @unchecked Sendable {
  static let every = Duration.seconds(5)
  /// Memory is given back this often between two rounds.
  private static let trimming = 5
  /// Rows of request counts per flush.
  static let maxRows = 2000

  /// Old feed, stories, values and partitions are dropped this often.
  static let maintenance = Duration.seconds(300)

  private let store: PostgresStore
  private let identity: IdentityService
  private let vault: Vault
  private let clock: any Clock
  private let tally: RequestTally
  private let samples: KindSpec?
  private let keepsActivity: Bool
  private let keepHistory: Duration?
  private let log: @Sendable (String) -> Void

  init(
    store: PostgresStore, identity: IdentityService, vault: Vault, clock: any Clock, tally: RequestTally, catalog: KindCatalog,
    keepHistory: Duration?, log: @escaping @Sendable (String) -> Void
  ) {
    self.keepHistory = keepHistory
    self.store = store
    self.identity = identity
    self.vault = vault
    self.clock = clock
    self.tally = tally
    samples = catalog.kind("RequestSample")
    keepsActivity = catalog.kind("UserActivity") != nil
    self.log = log
  }

  func run() async {
    var maintained = clock.now()
    var memory = MemoryTrim()
    while !Task.isCancelled {
      for _ in 0..<Self.trimming {
        await clock.sleep(Self.every / Self.trimming)
        if Task.isCancelled { return }
        memory.trim()
      }
      await flush()
      guard clock.now() - maintained >= Self.maintenance else { continue }
      maintained = clock.now()
      do { try await store.maintain(keepHistory: keepHistory) } catch { log("maintenance: \(error)") }
    }
  }

  func flush() async {
    do {
      let uses = identity.takeUses()
      if !uses.isEmpty { try await store.note(lastUsed: uses) }
      let rows = newSamples() + newActivity()
      if !rows.isEmpty { try await store.append(records: rows) }
    } catch { log("upkeep: \(error)") }
  }

  /// Who was here for the first time today; a row that is there already stays the only one.
  private func newActivity() -> [RecordRow] {
    guard keepsActivity else { return [] }
    let now = clock.now()
    let day = String(now.description.prefix(10))
    return tally.takeUsers(day: now.microseconds / 86_400_000_000).prefix(Self.maxRows).map { user in
      RecordRow(
        tenant: .rootTenant, uid: vault.uid(at: now), kind: "UserActivity", at: now,
        fields: ["user": .string(user.description), "day": .string(day)])
    }
  }

  /// Requests since the last flush, by tenant and family and whether they failed.
  private func newSamples() -> [RecordRow] {
    guard samples != nil else { return [] }
    let now = clock.now()
    return tally.take().prefix(Self.maxRows).map { key, count in
      RecordRow(
        tenant: key.tenant, uid: vault.uid(at: now), kind: "RequestSample", at: now,
        fields: ["count": .int(count), "error": .bool(key.error), "family": .string(key.family)])
    }
  }
}
