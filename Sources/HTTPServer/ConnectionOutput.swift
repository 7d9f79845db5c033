// A connection's output: bytes out at once as far as the socket takes them, the rest when it takes more.
import CLinux
import Glibc

extension Connection {
  /// A buffer larger than this is not kept when it is empty.
  private static let keptCapacity = 4 << 10

  func put(_ text: StaticString) {
    put(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Sends bytes, or keeps those that do not go out now. Closes the connection when it is broken.
  func put(_ bytes: UnsafeRawBufferPointer) {
    guard phase != .closed, bytes.count > 0 else { return }
    var sent = 0
    if output.isEmpty {
      guard let count = transmit(bytes) else { return }
      sent = count
      guard sent < bytes.count else { return }
      outputProgress = 0
      deadline(in: times.write)
    }
    output.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[sent...]))
  }

  /// The socket takes bytes again.
  func flush() {
    guard outputStart < output.count, sendKept() else { return }
    if output.capacity > Self.keptCapacity { output = [] } else { output.removeAll(keepingCapacity: true) }
    outputStart = 0
    switch phase {
    case .idle: proceed()
    case .body: deadline(at: exchange?.bodyDeadline ?? MonotonicTime.never)
    case .streaming: exchange?.outputDrained()
    case .head, .handling, .lingering, .closed: deadline(at: MonotonicTime.never)
    }
  }

  /// True when all that was kept has gone out.
  private func sendKept() -> Bool {
    let kept = output
    guard let sent = kept.withUnsafeBytes({ transmit(UnsafeRawBufferPointer(rebasing: $0[outputStart...])) }) else {
      return false
    }
    outputStart += sent
    outputProgress += sent
    if outputStart == output.count { return true }
    if outputProgress >= limits.writeProgress {
      outputProgress = 0
      deadline(in: times.write)
    }
    return false
  }

  /// Bytes that wait to go out.
  var outputCount: Int { output.count - outputStart }

  /// How many bytes the socket took; nil when the connection broke, and was closed.
  private func transmit(_ bytes: UnsafeRawBufferPointer) -> Int? {
    var sent = 0
    while sent < bytes.count {
      let count = send(socket, bytes.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
      if count > 0 {
        sent += count
      } else if errno == EAGAIN {
        return sent
      } else if errno != EINTR {
        close()
        return nil
      }
    }
    return sent
  }

  /// Answers a message that cannot be served, and closes.
  func refuse(_ refusal: Refusal) {
    guard phase != .closed else { return }
    let isHead = exchange?.isHead ?? false
    exchange?.clientLeft()
    exchange = nil
    closeAfter = true
    mustLinger = true
    let body = refusal.body
    let head = ResponseHead(length: .bytes(body.count), close: true, isHTTP11: true)
    var answer: [UInt8] = []
    _ = head.write(refusal.status, ["Content-Type": "application/json"], date: loop.date.current(), to: &answer)
    if !isHead { answer += body }
    answer.withUnsafeBytes { put($0) }
    answerEnded()
  }

  /// The whole answer was put.
  func answerEnded() {
    guard phase != .closed else { return }
    phase = .idle
    hasServed = true
    if outputStart == output.count { proceed() }
  }
}
