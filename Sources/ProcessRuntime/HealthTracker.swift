// Whether a replica is healthy, from the answers to its checks, and when the next check is due.
import Core

/// Times are seconds of the monotonic clock.
struct HealthTracker: Sendable {
  /// Answers in a row that make a healthy replica ill.
  static let failuresToBeIll = 3
  /// While a replica has never answered it is asked this often, or at its interval if that is shorter.
  static let startupInterval = 0.5
  private static let firstAfter = 0.1

  let settings: Value
  let interval: Double
  let timeout: Double
  let startup: Double
  private let startedAt: Double
  /// Nil: not known yet.
  private(set) var healthy: Bool?
  private(set) var failures = 0
  private(set) var due: Double
  private(set) var lastError: String?

  /// Nil when there is nothing to check.
  init?(_ settings: Value, now: Double) {
    let type = settings["type"].string ?? "none"
    guard type == "tcp" || type == "http" else { return nil }
    self.settings = settings
    interval = min(max(settings["intervalSeconds"].double ?? 10, 0.2), 3600)
    timeout = min(max(settings["timeoutSeconds"].double ?? 2, 0.1), 60)
    startup = min(max(settings["startupSeconds"].double ?? 30, 0), 3600)
    startedAt = now
    due = now + Self.firstAfter
  }

  /// Nil for a TCP check.
  var path: String? { settings["type"].string == "http" ? settings["path"].string ?? "/" : nil }

  /// Takes an answer in (nil: good). True when the replica's health changed.
  mutating func record(error: String?, now: Double) -> Bool {
    let before = healthy
    lastError = error
    if error == nil {
      failures = 0
      healthy = true
    } else {
      failures += 1
      if healthy == nil ? now - startedAt >= startup : failures >= Self.failuresToBeIll { healthy = false }
    }
    due = now + (healthy == true ? interval : min(interval, Self.startupInterval))
    return healthy != before
  }
}
