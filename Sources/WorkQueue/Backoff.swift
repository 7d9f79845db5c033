// How long to wait before trying again.
import Core

/// Doubles from `first` to `most`, with up to a fifth taken off by chance so that many do not come at once.
public struct Backoff: Sendable {
  public var first: Duration
  public var most: Duration
  public init(first: Duration, most: Duration) {
    self.first = first
    self.most = most
  }

  /// - Parameter attempt: failures so far, from 1.
  public func delay(attempt: Int, random: UInt64) -> Duration {
    let doubled = first.microseconds << min(max(0, attempt - 1), 20)
    let capped = Swift.min(doubled, most.microseconds)
    return .microseconds(capped - Int(random % UInt64(Swift.max(1, capped / 5))))
  }
}
