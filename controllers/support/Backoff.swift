// Waits that double, with a spread that depends only on what is waited for.
import Core

enum Backoff {
  /// `initial` doubled for each failure after the first, never above `most`. No failure: no wait.
  static func delay(failures: Int, initial: Duration, most: Duration) -> Duration {
    guard failures > 0 else { return .zero }
    let doublings = min(failures - 1, 40)
    let seconds = initial.inSeconds * Double(1 << doublings)
    return .microseconds(Int(min(seconds, most.inSeconds) * 1e6))
  }

  /// The delay moved by up to a fifth either way, so that many waiters do not come back at once.
  /// The same `seed` gives the same wait.
  static func jittered(_ delay: Duration, seed: String) -> Duration {
    let spread = Double(StableHash.of(seed) % 401) / 1000 - 0.2
    return .microseconds(Int(Double(delay.microseconds) * (1 + spread)))
  }
}
