// Someone who follows the feeds of a simulation through whatever replica lives: each change must be seen once, in order.
import Core
import Kinds
import Ports

final class SimWatcher: @unchecked Sendable {
  private static let page = 50

  private let cluster: SimCluster
  private let executor: SimExecutor
  private let tenants: [UID]
  private let random: SeededRandom
  private var seen: [UID: [Int]] = [:]
  private var stopped = false

  init(cluster: SimCluster, executor: SimExecutor, tenants: [UID], seed: UInt64) {
    self.cluster = cluster
    self.executor = executor
    self.tenants = tenants
    random = SeededRandom(seed: seed ^ 0x3a7c_4e12)
  }

  /// Until `stop`.
  func run() async {
    while !stopped {
      for tenant in tenants { await follow(tenant) }
      await executor.pause(.milliseconds(100 + Int(random.next() % 400)))
    }
  }

  func stop() { stopped = true }

  func position(_ tenant: UID) -> Int { seen[tenant]?.last ?? 0 }

  private func follow(_ tenant: UID) async {
    guard let replica = cluster.any(),
      case .changes(let changes, _) = try? await replica.store.changes(tenant: tenant, after: position(tenant), limit: Self.page)
    else { return }
    seen[tenant, default: []] += changes.map(\.position)
  }

  /// Positions that passed it by, or came twice.
  func faults(_ number: Int, _ tenant: UID, end: Int) -> [String] {
    let seen = seen[tenant] ?? []
    if seen == Array(1...max(1, end)) || seen.isEmpty && end == 0 { return [] }
    let missed = Set(1...max(1, end)).subtracting(seen).sorted()
    return ["a watcher of tenant \(number) missed the changes \(missed.prefix(5)) of \(end), and saw \(seen.count)"]
  }
}
