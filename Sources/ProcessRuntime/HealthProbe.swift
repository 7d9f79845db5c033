// One health check in flight: a connection to the replica's port that never blocks.
import Foundation

/// Connects to 127.0.0.1, and for HTTP sends a GET and reads the status line (200 to 399 is good).
struct HealthProbe {
  enum Step {
    /// Waits for `events` on `socket`.
    case pending
    /// Nil: healthy; otherwise why not.
    case finished(String?)
  }
  private static let mostBytes = 512

  let socket: Int32
  let deadline: Double
  private var request: [UInt8]
  private let isHTTP: Bool
  private var connected = false
  private var sent = 0
  private var answer: [UInt8] = []

  /// Nil when no socket can be made.
  init?(port: Int, path: String?, deadline: Double) {
    guard let number = UInt16(exactly: port) else { return nil }
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    guard socket >= 0 else { return nil }
    self.deadline = deadline
    isHTTP = path != nil
    let safe = (path ?? "/").utf8.allSatisfy { $0 > 32 && $0 < 127 } && (path ?? "/").hasPrefix("/") ? path ?? "/" : "/"
    request = Array(
      "GET \(safe) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nUser-Agent: plumb-health\r\nConnection: close\r\n\r\n".utf8)
    var address = LocalPort.loopback(number)
    _ = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
  }

  var events: Int16 { Int16(connected && sent == request.count ? POLLIN : POLLOUT) }

  /// Goes on as far as it can without waiting.
  mutating func advance() -> Step {
    if !connected {
      var failure: Int32 = 0
      var length = socklen_t(MemoryLayout<Int32>.size)
      getsockopt(socket, SOL_SOCKET, SO_ERROR, &failure, &length)
      if failure != 0 { return .finished("cannot connect: \(String(cString: strerror(failure)))") }
      connected = true
      if !isHTTP { return .finished(nil) }
    }
    while sent < request.count {
      let n = request.withUnsafeBytes { send(socket, $0.baseAddress! + sent, request.count - sent, Int32(MSG_NOSIGNAL)) }
      if n < 0 { return errno == EAGAIN ? .pending : .finished("cannot send: \(String(cString: strerror(errno)))") }
      sent += n
    }
    var buffer = [UInt8](repeating: 0, count: Self.mostBytes)
    let n = recv(socket, &buffer, buffer.count, 0)
    if n < 0 { return errno == EAGAIN ? .pending : .finished("cannot read: \(String(cString: strerror(errno)))") }
    answer += buffer[..<max(0, n)]
    // `HTTP/1.1 200` is 12 bytes.
    if answer.count >= 12 { return .finished(verdict) }
    return n == 0 ? .finished("the connection was closed without an answer") : .pending
  }

  private var verdict: String? {
    let text = String(decoding: answer.prefix(12), as: UTF8.self)
    guard text.hasPrefix("HTTP/1."), let status = Int(text.suffix(3)) else { return "the answer is not HTTP" }
    return (200..<400).contains(status) ? nil : "answered \(status)"
  }
}
