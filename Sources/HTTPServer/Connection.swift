// One connection: what phase it is in, what it holds, and how it ends. Reading and writing are in files of their own.
import CLinux
import Glibc

/// Touched on its loop's thread only. An idle one holds no buffers.
final class Connection: @unchecked Sendable {
  enum Phase {
    /// Between requests, or the answer is going out.
    case idle
    case head, body
    /// The handler runs.
    case handling
    /// The handler's stream runs.
    case streaming
    /// All is said; what still comes is dropped for a while, since closing at once could destroy the answer on its way.
    case lingering
    case closed
  }

  let socket: Int32
  let token: UInt64
  let loop: EventLoop
  let handler: any HTTPHandler
  let remoteAddress: String

  var phase = Phase.idle
  /// The request being received or answered.
  var exchange: Exchange?
  private(set) var deadline = MonotonicTime.never

  // Input.
  var scanner = HeadScanner()
  /// Bytes that came but were not used yet.
  var received: [UInt8] = []
  var receivedStart = 0
  /// The socket may have more.
  var isReadable = false
  /// The client will send no more.
  var peerLeft = false
  var hasSkippedLine = false
  var lingerBytes = 0

  // Output.
  /// Bytes that the socket did not take yet.
  var output: [UInt8] = []
  var outputStart = 0
  var outputProgress = 0
  /// Close when the answer is out.
  var closeAfter = false
  /// The client may be sending still: linger, whatever was read.
  var mustLinger = false
  var hasServed = false

  init(_ socket: Int32, token: UInt64, loop: EventLoop, handler: any HTTPHandler, remoteAddress: String) {
    self.socket = socket
    self.token = token
    self.loop = loop
    self.handler = handler
    self.remoteAddress = remoteAddress
    deadline(in: times.idle)
  }

  var limits: HTTPLimits { loop.state.limits }

  var times: LimitTimes { loop.state.times }

  /// `time` in nanoseconds.
  func deadline(in time: Int64) { deadline(at: loop.now + time) }

  func deadline(at time: Int64) {
    deadline = time
    loop.note(deadline: time)
  }

  func handle(_ events: UInt32) {
    if events & (EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 {
      close()
      return
    }
    if events & EPOLLRDHUP.rawValue != 0 {
      peerLeft = true
      if phase == .streaming {
        close()
        return
      }
    }
    if events & EPOLLOUT.rawValue != 0 { flush() }
    if events & (EPOLLIN.rawValue | EPOLLRDHUP.rawValue) != 0 {
      isReadable = true
      pull()
    }
  }

  /// The deadline passed.
  func expire() {
    deadline = MonotonicTime.never
    if outputStart < output.count {
      close()  // The client does not read.
      return
    }
    switch phase {
    case .idle, .lingering: close()
    case .head: refuse(.headTimeout)
    case .body: refuse(.bodyTimeout)
    case .streaming: exchange?.beat()
    case .handling, .closed: break
    }
  }

  /// The server is stopping. A connection that was just opened has a moment to send what it was opened for.
  func drain() {
    switch phase {
    case .idle where outputStart == output.count:
      if hasServed { close() } else { deadline(in: times.linger) }
    case .streaming: exchange?.stopEvents()
    default: break
    }
  }

  /// The answer is out: closes the connection, or goes on to the next request.
  func proceed() {
    if closeAfter || loop.isDraining {
      if mustLinger || isReadable || receivedStart < received.count { linger() } else { close() }
      return
    }
    deadline(in: times.idle)
    advanceReceived()
    pull()
  }

  private func linger() {
    phase = .lingering
    received = []
    receivedStart = 0
    lingerBytes = limits.lingerBytes
    deadline(in: times.linger)
    shutdown(socket, Int32(SHUT_WR))
    isReadable = true
    pull()
  }

  func close() {
    guard phase != .closed else { return }
    phase = .closed
    deadline = MonotonicTime.never
    loop.forget(self)
    Glibc.close(socket)
    received = []
    output = []
    outputStart = 0
    let exchange = exchange
    self.exchange = nil
    exchange?.clientLeft()
  }
}
