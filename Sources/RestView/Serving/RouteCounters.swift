// How often each route was called, how it ended and how long it took: for /metrics and for request samples.
import Core
import Foundation

/// One route's numbers since the start.
public struct RouteCount: Sendable {
  public var family: String
  public var route: String
  public var method: String
  public var path: String
  /// By the first digit of the status: 2, 3, 4, 5.
  public var statuses: [Int: Int]
  /// Seconds spent, all calls together.
  public var seconds: Double
  public var total: Int { statuses.values.reduce(0, +) }
}

final class RouteCounters: @unchecked Sendable {
  private struct Entry {
    var classes: (Int, Int, Int, Int) = (0, 0, 0, 0)
    var microseconds = 0
  }
  private let lock = NSLock()
  private var entries: [Entry]

  init(count: Int) { entries = Array(repeating: Entry(), count: count) }

  func add(route: Int, status: Int, microseconds: Int) {
    lock.withLock {
      switch status / 100 {
      case 2: entries[route].classes.0 += 1
      case 3: entries[route].classes.1 += 1
      case 4: entries[route].classes.2 += 1
      default: entries[route].classes.3 += 1
      }
      entries[route].microseconds += microseconds
    }
  }

  func snapshot(_ routes: [ServedRoute]) -> [RouteCount] {
    let entries = lock.withLock { self.entries }
    return zip(routes, entries).compactMap { route, entry in
      let statuses = [2: entry.classes.0, 3: entry.classes.1, 4: entry.classes.2, 5: entry.classes.3].filter { $0.value > 0 }
      guard !statuses.isEmpty else { return nil }
      return RouteCount(
        family: route.spec.family, route: route.spec.id, method: route.spec.method,
        path: route.family.spec.base + route.spec.pathText,
        statuses: statuses, seconds: Double(entry.microseconds) / 1e6)
    }
  }
}
