// Token buckets in memory: `limit: 10/1m` on a route, for each caller.
import Core
import Foundation

/// A limit as a route writes it: so many requests in so long.
struct RateLimit: Sendable, Hashable {
  let count: Int
  let window: Duration

  /// Reads `10/1m`; nil for anything else.
  init?(_ text: String) {
    let parts = text.split(separator: "/")
    guard parts.count == 2, let count = Int(parts[0]), count > 0, let window = Duration(text: parts[1]), window > .zero else {
      return nil
    }
    self.count = count
    self.window = window
  }
}

final class RateLimiter: @unchecked Sendable {
  /// More buckets than this are not kept: then those that are full again go, and after them the rest.
  static let bucketLimit = 50_000

  private struct Key: Hashable {
    var route: Int
    var caller: String
  }
  private struct Bucket {
    var tokens: Double
    var at: Timestamp
  }
  private let lock = NSLock()
  private var buckets: [Key: Bucket] = [:]
  private let clock: any Clock

  init(clock: any Clock) { self.clock = clock }

  /// Nil when the call may go on, else the seconds until it may.
  func take(route: Int, caller: String, limit: RateLimit) -> Int? {
    let now = clock.now()
    let rate = Double(limit.count) / limit.window.inSeconds
    return lock.withLock {
      let key = Key(route: route, caller: caller)
      var bucket = buckets[key] ?? Bucket(tokens: Double(limit.count), at: now)
      bucket.tokens = min(Double(limit.count), bucket.tokens + max(0, (now - bucket.at).inSeconds) * rate)
      bucket.at = now
      defer { keep(bucket, key, now) }
      if bucket.tokens >= 1 {
        bucket.tokens -= 1
        return nil
      }
      return max(1, Int(((1 - bucket.tokens) / rate).rounded(.up)))
    }
  }

  private func keep(_ bucket: Bucket, _ key: Key, _ now: Timestamp) {
    if buckets[key] == nil, buckets.count >= Self.bucketLimit {
      buckets = buckets.filter { now - $0.value.at < .seconds(60) }
      if buckets.count >= Self.bucketLimit { buckets.removeAll() }
    }
    buckets[key] = bucket
  }
}
