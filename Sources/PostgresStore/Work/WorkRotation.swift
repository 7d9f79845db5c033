// Behind a backlog a page of work holds some tenants of each shard: where the next page goes on, so that each has its turn. Pure.
import Core
import Ports

enum WorkRotation {
  static let start = UID(high: 0, low: 0)

  /// The tenant after which the next page begins. Every tenant that a page left out is reached by one of the next, as long as pages are read:
  /// the next one begins no later than behind the last tenant that was read of the shard which was cut first.
  /// - Parameters:
  ///   - items: all that was read, of at most `tenantsPerShard` tenants of each shard after `after`, then from the beginning.
  ///   - taken: those of them that are worked on.
  static func next(_ items: [WorkItem], taken: [WorkItem], after: UID, tenantsPerShard: Int) -> UID {
    var shards: [Int: Set<UID>] = [:]
    for item in items { shards[item.shard, default: []].insert(item.tenant) }
    // Where reading stopped: ahead, and from the beginning.
    var ahead: [UID] = []
    var behind: [UID] = []
    for tenants in shards.values {
      let later = tenants.filter { $0 > after }.sorted()
      let earlier = tenants.filter { $0 <= after }.sorted()
      if later.count >= tenantsPerShard { ahead.append(later[tenantsPerShard - 1]) }
      if earlier.count >= tenantsPerShard { behind.append(earlier[tenantsPerShard - 1]) }
    }
    // More tenants than places: those behind the last one taken come next.
    if Set(taken.map(\.tenant)).count < Set(items.map(\.tenant)).count, let last = taken.last?.tenant {
      if last > after { ahead.append(last) } else { behind.append(last) }
    }
    // Nothing was left out: each tenant is first once.
    return ahead.min() ?? behind.min() ?? taken.first?.tenant ?? start
  }
}
