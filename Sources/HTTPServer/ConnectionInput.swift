// A connection's input: from bytes to requests, one at a time.
import Glibc

extension Connection {
  /// Reads in one turn before other connections have theirs.
  private static let readsInTurn = 8
  /// No body is longer, whatever a handler allows.
  private static let bodyCeiling = 1 << 40

  /// Reads while there is something to do with the bytes. While a request is handled nothing is read, so that a client which
  /// sends on fills its own buffers and not the server's.
  func pull() {
    for _ in 0..<Self.readsInTurn {
      guard isReadable, wantsInput else { return }
      let count = read(socket, loop.input.baseAddress, loop.input.count)
      if count > 0 {
        // Less than asked for: there is no more now, but the end may have come.
        if count < loop.input.count { isReadable = peerLeft }
        take(UnsafeBufferPointer(rebasing: loop.input[..<count]))
      } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
        close()
      } else if errno == EAGAIN {
        isReadable = false
      }
    }
    if isReadable, wantsInput { loop.continueLater(self) }
  }

  private var wantsInput: Bool {
    switch phase {
    case .idle: !closeAfter && outputStart == output.count
    case .head, .body, .lingering: true
    case .handling, .streaming, .closed: false
    }
  }

  private func take(_ bytes: UnsafeBufferPointer<UInt8>) {
    if phase == .lingering {
      lingerBytes -= bytes.count
      if lingerBytes <= 0 { close() }
    } else if receivedStart < received.count {
      received.removeSubrange(..<receivedStart)
      receivedStart = 0
      received.append(contentsOf: bytes)
      advanceReceived()
    } else {
      // The usual case: whole requests straight from the loop's buffer.
      let used = advance(bytes)
      if used < bytes.count {
        received = Array(bytes[used...])
        receivedStart = 0
      }
    }
  }

  /// Goes on with bytes that were kept.
  func advanceReceived() {
    guard receivedStart < received.count else { return }
    let kept = received
    let start = receivedStart
    received = []
    receivedStart = 0
    let used = kept.withUnsafeBufferPointer { advance(UnsafeBufferPointer(rebasing: $0[start...])) }
    if start + used < kept.count {
      received = kept
      receivedStart = start + used
    }
  }

  /// Takes bytes up to the end of one request; returns how many it took. Those it leaves must be given again, with more.
  private func advance(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    var at = 0
    do {
      while true {
        let rest = UnsafeBufferPointer(rebasing: bytes[at...])
        switch phase {
        case .idle:
          guard let first = rest.first, !closeAfter else { return at }
          if first == 13, !hasSkippedLine {
            // An empty line before a request is forgiven, once (RFC 9112 section 2.2).
            guard rest.count > 1 else { return at }
            guard rest[1] == 10 else { throw Refusal.bad("A request begins with its method.") }
            hasSkippedLine = true
            at += 2
          } else {
            phase = .head
            scanner = HeadScanner()
            deadline(in: times.head)
          }
        case .head:
          guard case .end(let length) = try scanner.scan(rest, limits: limits) else { return at }
          let head = try RequestHeadParser.parse(UnsafeBufferPointer(rebasing: rest[..<length]))
          at += length
          try begin(head, hasMore: at < bytes.count)
        case .body:
          guard let exchange, rest.count > 0 else { return at }
          at += try exchange.receive(rest)
          if exchange.isReceived {
            dispatch(exchange)
          } else {
            deadline(at: exchange.bodyDeadline)
          }
        case .handling, .streaming, .lingering, .closed: return at
        }
      }
    } catch let refusal as Refusal {
      refuse(refusal)
    } catch {
      refuse(.bad("The request cannot be read."))
    }
    return bytes.count
  }

  private func begin(_ head: RequestHead, hasMore: Bool) throws {
    hasSkippedLine = false
    closeAfter = !head.keepAlive
    var head = head
    head.request.remoteAddress = remoteAddress
    head.request.id = loop.state.nextRequest()
    var limit = 0
    if head.framing != .none { limit = min(Self.bodyCeiling, max(0, handler.bodyLimit(for: head.request))) }
    if case .length(let length) = head.framing, length > limit { throw Refusal.bodyTooLarge(limit) }
    let exchange = Exchange(self, head: head, bodyLimit: limit)
    self.exchange = exchange
    guard head.framing != .none else {
      dispatch(exchange)
      return
    }
    phase = .body
    deadline(at: exchange.bodyDeadline)
    if head.expectsContinue, !hasMore { put("HTTP/1.1 100 Continue\r\n\r\n") }
  }

  private func dispatch(_ exchange: Exchange) {
    phase = .handling
    deadline(at: MonotonicTime.never)
    loop.tasks += 1
    exchange.task = Task(executorPreference: loop) {
      await exchange.run()
      exchange.loop.tasks -= 1
    }
  }
}
