// Time and chance as things that are handed in, so that a simulator can own them.
import Foundation

/// The only source of time for the engine. `now` is wall time; `sleep` returns early when the task is cancelled.
public protocol Clock: Sendable {
  func now() -> Timestamp
  func sleep(_ duration: Duration) async
}

/// The machine's clock.
public struct SystemClock: Clock {
  public init() {}
  public func now() -> Timestamp {
    var t = timespec()
    clock_gettime(CLOCK_REALTIME, &t)
    return Timestamp(microseconds: t.tv_sec * 1_000_000 + t.tv_nsec / 1000)
  }
  public func sleep(_ duration: Duration) async { try? await Task.sleep(for: duration) }
}

/// The only source of chance for the engine.
public protocol RandomSource: Sendable {
  func next() -> UInt64
}

/// The machine's random numbers.
public struct SystemRandom: RandomSource {
  public init() {}
  public func next() -> UInt64 { UInt64.random(in: .min ... .max) }
}

/// A seeded sequence (SplitMix64), for tests and the simulator.
public final class SeededRandom: RandomSource, @unchecked Sendable {
  private var state: UInt64
  private let lock = NSLock()
  public init(seed: UInt64) { state = seed }
  public func next() -> UInt64 {
    lock.withLock {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }
}

/// Lets a `RandomSource` serve the standard library.
public struct RandomGenerator: RandomNumberGenerator {
  let source: any RandomSource
  public init(_ source: any RandomSource) { self.source = source }
  public mutating func next() -> UInt64 { source.next() }
}
