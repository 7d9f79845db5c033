// Time for deadlines: nanoseconds of a clock that only goes forward.
import Glibc

enum MonotonicTime {
  /// A deadline that never comes.
  static let never = Int64.max

  static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}

extension Duration {
  /// Whole nanoseconds; durations of limits are far below 292 years.
  var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }

  /// Whole milliseconds.
  var milliseconds: Int64 { nanoseconds / 1_000_000 }
}

/// The durations of `HTTPLimits` in nanoseconds: every request sets deadlines from them, and taking a Duration apart costs a
/// division of 128 bits.
struct LimitTimes: Sendable {
  let head: Int64
  let body: Int64
  let idle: Int64
  let write: Int64
  let heartbeat: Int64
  let linger: Int64

  init(_ limits: HTTPLimits) {
    head = limits.headTime.nanoseconds
    body = limits.bodyTime.nanoseconds
    idle = limits.idleTime.nanoseconds
    write = limits.writeTime.nanoseconds
    heartbeat = limits.heartbeat.nanoseconds
    linger = limits.lingerTime.nanoseconds
  }
}
