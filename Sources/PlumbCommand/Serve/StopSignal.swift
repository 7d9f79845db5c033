// Waits for SIGINT or SIGTERM without losing one: the handler writes to a pipe, a thread reads it.
import Foundation

enum StopSignal {
  nonisolated(unsafe) private static var pipeEnds: (Int32, Int32) = (-1, -1)

  /// Handlers are reset in programs that are started from here, unlike blocked or ignored signals.
  static func install() {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    pipeEnds = (ends[0], ends[1])
    for number in [SIGINT, SIGTERM] {
      signal(number) { _ in
        var byte: UInt8 = 1
        _ = Glibc.write(StopSignal.pipeEnds.1, &byte, 1)
      }
    }
    signal(SIGPIPE, SIG_IGN)
    // Whoever started us may have blocked them.
    var wanted = sigset_t()
    sigemptyset(&wanted)
    for number in [SIGINT, SIGTERM] { sigaddset(&wanted, number) }
    pthread_sigmask(SIG_UNBLOCK, &wanted, nil)
  }

  /// Blocks a thread of its own until a signal came.
  static func wait() async {
    await withCheckedContinuation { continuation in
      let thread = Thread {
        var byte: UInt8 = 0
        while Glibc.read(pipeEnds.0, &byte, 1) < 0, errno == EINTR {}
        continuation.resume()
      }
      thread.stackSize = 1 << 16
      thread.start()
    }
  }
}
