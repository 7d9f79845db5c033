// The clock of one replica: as far from the others as clocks that are kept may be.
import Core

/// Virtual time, a little before or after that of the store.
struct SkewedClock: Clock {
  /// Clocks differ by no more than this.
  static let most = Duration.milliseconds(500)

  let clock: SimClock
  let skew: Duration
  func now() -> Timestamp { clock.now() + skew }
  func sleep(_ duration: Duration) async { await clock.sleep(duration) }
}
