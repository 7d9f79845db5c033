// The worker's queue as a state machine: what is in hand, what may start, when to look again. Returns actions; does nothing.
import Core

/// One process's view of the work that its shards hold. Keys are objects; an object is in hand once.
public struct WorkQueue<Key: Hashable & Sendable, Owner: Hashable & Sendable>: Sendable {
  public enum Action: Equatable, Sendable {
    /// Ask the store for at most this many due items.
    case fetch(limit: Int)
    /// Nothing to do until then, or until something is heard.
    case wait(until: Timestamp)
  }

  /// Items in hand at once, and of one owner: what is left over stays free for the others, however slow the steps of one are.
  public let width: Int
  public let ownerWidth: Int
  /// Items fetched at once.
  public let batch: Int
  /// Ask at least this often, should a notification be lost.
  public let backstop: Duration
  private var owners: [Key: Owner] = [:]
  private var counts: [Owner: Int] = [:]
  private var heard = true
  private var nextLook: Timestamp

  /// - Parameter ownerWidth: nil: one owner may have all.
  public init(width: Int, ownerWidth: Int? = nil, batch: Int, backstop: Duration, now: Timestamp) {
    self.width = width
    self.ownerWidth = min(width, max(1, ownerWidth ?? width))
    self.batch = batch
    self.backstop = backstop
    nextLook = now
  }

  public var inHand: Set<Key> { Set(owners.keys) }

  /// Work may be due now.
  public mutating func hear() { heard = true }

  /// The next item of these shards falls due then.
  public mutating func expect(_ due: Timestamp?) { if let due, due < nextLook { nextLook = due } }

  public mutating func next(now: Timestamp) -> Action {
    let room = width - owners.count
    if room > 0, heard || now >= nextLook {
      heard = false
      nextLook = now + backstop
      // What is in hand is still due in the store, and would hide the rest.
      return .fetch(limit: min(batch, room) + owners.count)
    }
    return .wait(until: nextLook)
  }

  /// Of the items fetched, those to start. A full page means that there may be more.
  public mutating func start(_ items: [(key: Key, owner: Owner)], asked: Int) -> [Key] {
    var started: [Key] = []
    for item in items where owners.count < width && owners[item.key] == nil && counts[item.owner, default: 0] < ownerWidth {
      owners[item.key] = item.owner
      counts[item.owner, default: 0] += 1
      started.append(item.key)
    }
    if items.count >= asked, !started.isEmpty { heard = true }
    return started
  }

  /// An item is done; it may be due again already.
  public mutating func finish(_ key: Key) {
    if let owner = owners.removeValue(forKey: key) {
      counts[owner, default: 1] -= 1
      if counts[owner] == 0 { counts[owner] = nil }
    }
    heard = true
  }
}
