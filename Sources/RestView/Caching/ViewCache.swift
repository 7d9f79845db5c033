// Rendered answers of single objects, least recently used out first. ENGINE section 4.
import Core
import Foundation

final class ViewCache: @unchecked Sendable {
  /// Bytes of all answers together.
  static let byteLimit = 64 << 20
  /// Beside the bytes of an answer, what keeping it costs.
  private static let overhead = 200
  /// Observed state may move without moving the feed: an answer is never older than this.
  static let life: Duration = .seconds(2)

  struct Key: Hashable, Sendable {
    var route: Int
    var tenant: UID
    var uid: UID
  }

  private struct Entry {
    var key: Key
    var bytes: [UInt8]
    var position: Int
    var filled: Timestamp
    var newer: Int
    var older: Int
  }

  private let lock = NSLock()
  private let limit: Int
  private var index: [Key: Int] = [:]
  private var entries: [Entry] = []
  private var free: [Int] = []
  private var newest = -1
  private var oldest = -1
  private var size = 0
  private var hits = 0
  private var misses = 0

  init(limit: Int = ViewCache.byteLimit) { self.limit = limit }

  /// The answer filled at exactly this feed position, if it is still there.
  func bytes(_ key: Key, position: Int, now: Timestamp) -> [UInt8]? {
    lock.withLock {
      guard let at = index[key], entries[at].position == position, now - entries[at].filled < Self.life else {
        misses += 1
        return nil
      }
      hits += 1
      if newest != at {
        unlink(at)
        link(at)
      }
      return entries[at].bytes
    }
  }

  func put(_ key: Key, _ bytes: [UInt8], position: Int, now: Timestamp) {
    let cost = bytes.count + Self.overhead
    guard cost <= limit / 16 else { return }
    lock.withLock {
      if let at = index[key] { remove(at) }
      while size + cost > limit, oldest >= 0 { remove(oldest) }
      let entry = Entry(key: key, bytes: bytes, position: position, filled: now, newer: -1, older: -1)
      let at: Int
      if let slot = free.popLast() {
        at = slot
        entries[at] = entry
      } else {
        at = entries.count
        entries.append(entry)
      }
      index[key] = at
      size += cost
      link(at)
    }
  }

  var counts: (hits: Int, misses: Int, entries: Int, bytes: Int) { lock.withLock { (hits, misses, index.count, size) } }

  private func remove(_ at: Int) {
    unlink(at)
    index[entries[at].key] = nil
    size -= entries[at].bytes.count + Self.overhead
    entries[at].bytes = []
    free.append(at)
  }

  private func unlink(_ at: Int) {
    let (newer, older) = (entries[at].newer, entries[at].older)
    if newer >= 0 { entries[newer].older = older } else { newest = older }
    if older >= 0 { entries[older].newer = newer } else { oldest = newer }
  }

  private func link(_ at: Int) {
    entries[at].older = newest
    entries[at].newer = -1
    if newest >= 0 { entries[newest].newer = at } else { oldest = at }
    newest = at
  }
}
