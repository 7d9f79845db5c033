// The worker's queue as a state machine: what is in hand, what may start, when to look again. Returns actions; does nothing.
import Core

/// One process's view of the work that its shards hold. Keys are objects; an object is in hand once.
public struct WorkQueue<Key: Hashable & Sendable>: Sendable {
  public enum Action: Equatable, Sendable {
    /// Ask the store for at most this many due items.
    case fetch(limit: Int)
    /// Nothing to do until then, or until something is heard.
    case wait(until: Timestamp)
  }

  /// Items in hand at once.
  public let width: Int
  /// Items fetched at once.
  public let batch: Int
  /// Ask at least this often, should a notification be lost.
  public let backstop: Duration
  public private(set) var inHand: Set<Key> = []
  private var heard = true
  private var nextLook: Timestamp

  public init(width: Int, batch: Int, backstop: Duration, now: Timestamp) {
    self.width = width
    self.batch = batch
    self.backstop = backstop
    nextLook = now
  }

  /// Work may be due now.
  public mutating func hear() { heard = true }

  /// The next item of these shards falls due then.
  public mutating func expect(_ due: Timestamp?) { if let due, due < nextLook { nextLook = due } }

  public mutating func next(now: Timestamp) -> Action {
    let room = width - inHand.count
    if room > 0, heard || now >= nextLook {
      heard = false
      nextLook = now + backstop
      // What is in hand is still due in the store, and would hide the rest.
      return .fetch(limit: min(batch, room) + inHand.count)
    }
    return .wait(until: nextLook)
  }

  /// Of the items fetched, those to start. A full page means that there may be more.
  public mutating func start(_ keys: [Key], asked: Int) -> [Key] {
    let started = keys.filter { inHand.count < width && inHand.insert($0).inserted }
    if keys.count >= asked, !started.isEmpty { heard = true }
    return started
  }

  /// An item is done; it may be due again already.
  public mutating func finish(_ key: Key) {
    inHand.remove(key)
    heard = true
  }
}
