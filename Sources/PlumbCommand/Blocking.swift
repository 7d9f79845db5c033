// From the command's one thread into async code and back.
import Dispatch

enum Blocking {
  /// Runs `body` on the global pool and waits for it. Never call this from async code.
  static func run(_ body: @escaping @Sendable () async -> Void) {
    let done = DispatchSemaphore(value: 0)
    Task.detached {
      await body()
      done.signal()
    }
    done.wait()
  }
}
