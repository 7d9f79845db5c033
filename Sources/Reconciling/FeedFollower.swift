// Follows the change feed of every tenant that moves: caches are told, webhooks and referrers are woken.
import Core
import Foundation
import Kinds
import Ports

public final class FeedFollower: @unchecked Sendable {
  static let page = 500
  /// Tenants whose positions are remembered; beyond it the least is lost: a tenant unknown is followed from its present end.
  static let maxTenants = 100_000
  /// Objects that refer to one whose readiness moved, woken at once.
  static let maxWoken = 10_000

  private let store: any StorePort
  private let catalog: KindCatalog
  private let controlled: Set<String>
  /// Kinds that some controlled kind refers to.
  private let referred: Set<String>
  private let changed: @Sendable ([UID]) -> Void
  private let heard: @Sendable () -> Void
  private let log: @Sendable (String) -> Void
  private let lock = NSLock()
  private var positions: [UID: Int] = [:]

  /// - Parameters:
  ///   - controlled: kinds that have a controller, so that waking them is of use.
  ///   - changed: told which tenants moved, before anything else.
  ///   - heard: told that work may be due.
  public init(
    store: any StorePort, catalog: KindCatalog, controlled: Set<String>, changed: @escaping @Sendable ([UID]) -> Void,
    heard: @escaping @Sendable () -> Void, log: @escaping @Sendable (String) -> Void
  ) {
    self.store = store
    self.catalog = catalog
    self.controlled = controlled
    referred = Set(
      catalog.kinds.filter { controlled.contains($0.name) }.flatMap { kind in
        kind.fields.flatMap { [$0.reference?.kind, $0.of?.reference?.kind].compactMap { $0 } }
      })
    self.changed = changed
    self.heard = heard
    self.log = log
  }

  /// Runs until the signals end or the task is cancelled.
  public func run() async {
    for await signal in store.signals() {
      if Task.isCancelled { return }
      switch signal {
      case .work: heard()
      case .changed(let tenants):
        changed(tenants)
        for tenant in tenants { await follow(tenant) }
      case .reconnected:
        let known = lock.withLock { positions.keys.sorted() }
        changed(known)
        for tenant in known { await follow(tenant) }
        heard()
      }
    }
  }

  private func follow(_ tenant: UID) async {
    do {
      var from = lock.withLock { positions[tenant] }
      if from == nil { from = max(0, try await store.position(tenant: tenant) - 1) }
      guard var position = from else { return }
      var moved: Set<UID> = []
      var announced = false
      while true {
        switch try await store.changes(tenant: tenant, after: position, limit: Self.page) {
        case .resync(let start): position = start
        case .changes(let changes, let upTo):
          for change in changes {
            if !change.events.isEmpty { announced = true }
            if referred.contains(change.kind) { moved.insert(change.uid) }
          }
          position = max(changes.last?.position ?? upTo, position)
          if changes.count == Self.page { continue }
        }
        break
      }
      lock.withLock {
        if positions.count >= Self.maxTenants { positions.removeAll() }
        positions[tenant] = position
      }
      var wakes: [WorkRequest] = announced ? try await webhooks(tenant) : []
      if !moved.isEmpty { wakes += try await referrers(tenant, Array(moved).sorted()) }
      if !wakes.isEmpty {
        try await store.wake(wakes)
        heard()
      }
    } catch { log("feed of \(tenant) not read: \(error)") }
  }

  private func webhooks(_ tenant: UID) async throws -> [WorkRequest] {
    guard controlled.contains("Webhook") else { return [] }
    let active = try await store.list(
      ObjectQuery(
        tenant: tenant, kind: "Webhook", predicate: .compare(.spec(["active"]), .equal, true), limit: 1000))
    return active.objects.map { WorkRequest(tenant: $0.tenant, uid: $0.uid, kind: $0.kind) }
  }

  private func referrers(_ tenant: UID, _ uids: [UID]) async throws -> [WorkRequest] {
    try await store.referrers(tenant: tenant, of: uids, limit: Self.maxWoken).compactMap { row in
      controlled.contains(row.object.kind)
        ? WorkRequest(tenant: row.object.tenant, uid: row.object.uid, kind: row.object.kind) : nil
    }
  }
}
