// Hands signals to any number of listeners. A listener that falls behind loses signals, and is told to read everything afresh.
import Core
import Foundation
import Ports

final class SignalStreams: @unchecked Sendable {
  /// Signals that wait for one listener.
  private static let buffer = 256

  private let lock = NSLock()
  private var listeners: [Int: AsyncStream<StoreSignal>.Continuation] = [:]
  private var next = 0
  private var finished = false

  func stream() -> AsyncStream<StoreSignal> {
    AsyncStream(bufferingPolicy: .bufferingNewest(Self.buffer)) { continuation in
      lock.lock()
      defer { lock.unlock() }
      if finished { return continuation.finish() }
      let id = next
      next += 1
      listeners[id] = continuation
      continuation.onTermination = { [weak self] _ in self?.remove(id) }
    }
  }

  private func remove(_ id: Int) { _ = lock.withLock { listeners.removeValue(forKey: id) } }

  func send(_ signal: StoreSignal) {
    let all = lock.withLock { Array(listeners.values) }
    for listener in all {
      // What was dropped stood for something that the listener has not seen.
      if case .dropped = listener.yield(signal) { listener.yield(.reconnected) }
    }
  }

  func finish() {
    let all = lock.withLock {
      finished = true
      defer { listeners = [:] }
      return Array(listeners.values)
    }
    for listener in all { listener.finish() }
  }
}
