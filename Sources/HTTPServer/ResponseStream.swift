// Where a handler's stream writes: frames the bytes, makes the writer wait for a slow client, and tells when the client left.
import Foundation

/// `write`, `isClosed` and `onTermination` may be called from anywhere; the rest belongs to the loop's thread.
final class ResponseStream: HTTPStreamSink, @unchecked Sendable {
  private struct End {
    var hasCome = false
    var actions: [@Sendable () -> Void] = []
  }

  let isEventStream: Bool
  /// Ended by the server's stop, and so not in error.
  var isStopped = false
  private(set) var hasSentHead = false
  private unowned let exchange: Exchange
  private let loop: EventLoop
  private let response: HTTPResponse
  private var writers: [CheckedContinuation<Void, any Error>] = []
  /// A comment may stand only between events.
  private var isBetweenEvents = true
  private let lock = NSLock()
  private var ending = End()

  init(_ exchange: Exchange, _ response: HTTPResponse) {
    self.exchange = exchange
    self.response = response
    loop = exchange.loop
    isEventStream = response.headers["Content-Type"]?.lowercased().hasPrefix("text/event-stream") ?? false
  }

  // MARK: For the handler

  var isClosed: Bool { lock.withLock { ending.hasCome } }

  func onTermination(_ action: @escaping @Sendable () -> Void) {
    let isNow = lock.withLock {
      if !ending.hasCome { ending.actions.append(action) }
      return ending.hasCome
    }
    if isNow { action() }
  }

  func write(_ bytes: [UInt8]) async throws {
    guard !bytes.isEmpty else { return }
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      let isTaken = loop.perform { self.put(bytes, continuation) }
      if !isTaken { continuation.resume(throwing: HTTPStreamClosed()) }
    }
  }

  // MARK: On the loop

  private func put(_ bytes: [UInt8], _ continuation: CheckedContinuation<Void, any Error>) {
    guard !isClosed, exchange.connection.phase == .streaming else {
      continuation.resume(throwing: HTTPStreamClosed())
      return
    }
    sendHead()
    isBetweenEvents = bytes.suffix(2) == [10, 10]
    frame(bytes)
    if exchange.connection.phase != .streaming {
      continuation.resume(throwing: HTTPStreamClosed())
    } else if exchange.connection.outputCount > loop.state.limits.streamBuffer {
      writers.append(continuation)
    } else {
      if exchange.connection.outputCount == 0 { exchange.outputDrained() }
      continuation.resume()
    }
  }

  func sendHead() {
    guard !hasSentHead else { return }
    hasSentHead = true
    guard exchange.writeHead(response, exchange.isHTTP11 ? .chunked : .untilClose) else {
      exchange.connection.close()
      return
    }
    loop.output.withUnsafeBytes { exchange.connection.put($0) }
  }

  private func frame(_ bytes: [UInt8]) {
    loop.output.removeAll(keepingCapacity: true)
    if exchange.isHTTP11 {
      loop.output.append(contentsOf: String(bytes.count, radix: 16).utf8)
      loop.output.append(contentsOf: "\r\n".utf8)
    }
    loop.output.append(contentsOf: bytes)
    if exchange.isHTTP11 { loop.output.append(contentsOf: "\r\n".utf8) }
    loop.output.withUnsafeBytes { exchange.connection.put($0) }
  }

  func beat() {
    if isEventStream, hasSentHead, isBetweenEvents, !isClosed { frame(Array(":\n\n".utf8)) }
  }

  func resumeWriters() {
    let waiting = writers
    writers = []
    for writer in waiting { writer.resume() }
  }

  /// No more will be written. Safe to call again.
  func end() {
    let actions = lock.withLock {
      ending.hasCome = true
      defer { ending.actions = [] }
      return ending.actions
    }
    let waiting = writers
    writers = []
    for writer in waiting { writer.resume(throwing: HTTPStreamClosed()) }
    for action in actions { action() }
  }
}
