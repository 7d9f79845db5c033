// Ctrl-C as something that waits can notice: the signal writes to a pipe that every poll watches.
import Glibc

/// The user asked to stop.
struct Interrupted: Error {}

enum Interrupt {
  /// Written once by `install`, before any wait; read by the handler.
  nonisolated(unsafe) private static var writer: Int32 = -1
  nonisolated(unsafe) private static var reader: Int32 = -1

  /// The descriptor that becomes readable at SIGINT or SIGTERM; -1 before `install`.
  static var descriptor: Int32 { reader }

  /// From now on SIGINT and SIGTERM do not end the process: they make `Wait` throw `Interrupted`.
  static func install() {
    if reader >= 0 { return }
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    (reader, writer) = (ends[0], ends[1])
    for number in [SIGINT, SIGTERM] {
      signal(number) { _ in
        var byte: UInt8 = 1
        _ = write(Interrupt.writer, &byte, 1)
      }
    }
  }
}

/// Waiting with a deadline, ended early by an interrupt.
enum Wait {
  /// Waits until `descriptor` is ready; false when the deadline passed. Throws `Interrupted`.
  static func ready(_ descriptor: Int32, _ events: Int32, until deadline: ContinuousClock.Instant) throws -> Bool {
    while true {
      let left = ContinuousClock.now.duration(to: deadline)
      if left <= .zero { return false }
      let (seconds, fraction) = left.components
      let milliseconds = Int32(clamping: seconds * 1000 + fraction / 1_000_000_000_000_000 + 1)
      var watched = [
        pollfd(fd: descriptor, events: Int16(events), revents: 0),
        pollfd(fd: Interrupt.descriptor, events: Int16(POLLIN), revents: 0),
      ]
      let count = poll(&watched, 2, milliseconds)
      if watched[1].revents != 0 { throw Interrupted() }
      if count > 0 { return true }
      if count == 0 { return false }
      if errno != EINTR { return true }
    }
  }

  /// Sleeps. Throws `Interrupted`.
  static func sleep(_ duration: Duration) throws {
    _ = try ready(-1, 0, until: .now + duration)
  }
}
