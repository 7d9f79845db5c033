// A limit as routes write it: `limit: 10/1m`, for each caller.
import Core

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
