// Sends one DNS message to one name server, over UDP or TCP, within a deadline. Blocks.
import Foundation

/// A name server's address: an IP address and a port.
struct DNSServer: Sendable, Hashable {
  var host: String
  var port: UInt16

  /// `192.0.2.1`, `192.0.2.1:53`, `2001:db8::1`, `[2001:db8::1]:53`; nil for anything else.
  init?(_ text: String) {
    var host = text
    port = 53
    if text.hasPrefix("["), let close = text.firstIndex(of: "]") {
      host = String(text[text.index(after: text.startIndex)..<close])
      let rest = text[text.index(after: close)...]
      if !rest.isEmpty {
        guard rest.hasPrefix(":"), let number = UInt16(rest.dropFirst()), number > 0 else { return nil }
        port = number
      }
    } else if let colon = text.firstIndex(of: ":"), !text[text.index(after: colon)...].contains(":") {
      guard let number = UInt16(text[text.index(after: colon)...]), number > 0 else { return nil }
      host = String(text[..<colon])
      port = number
    }
    self.host = host == "localhost" ? "127.0.0.1" : host
    var four = in_addr()
    var six = in6_addr()
    guard inet_pton(AF_INET, self.host, &four) == 1 || inet_pton(AF_INET6, self.host, &six) == 1 else { return nil }
  }
}

enum DNSTransport {
  enum Failure: Error {
    case timeout
    case unreachable(String)
    case closed
  }

  /// The first datagram that `accept` takes; others are passed over until the deadline.
  static func udp<T>(_ server: DNSServer, _ query: [UInt8], seconds: Double, accept: ([UInt8]) -> T?) throws -> T {
    let deadline = monotonic() + seconds
    let socket = try connected(server, SOCK_DGRAM, deadline)
    defer { close(socket) }
    guard send(socket, query, query.count, Int32(MSG_NOSIGNAL)) == query.count else { throw unreachable() }
    var buffer = [UInt8](repeating: 0, count: DNSMessage.mostUDP)
    while true {
      try wait(socket, POLLIN, deadline)
      let n = recv(socket, &buffer, buffer.count, 0)
      if n < 0 { if errno == EAGAIN || errno == EINTR { continue } else { throw unreachable() } }
      if let taken = accept(Array(buffer[..<n])) { return taken }
    }
  }

  /// One message over TCP, behind its length.
  static func tcp(_ server: DNSServer, _ query: [UInt8], seconds: Double) throws -> [UInt8] {
    let deadline = monotonic() + seconds
    let socket = try connected(server, SOCK_STREAM, deadline)
    defer { close(socket) }
    let message = [UInt8(query.count >> 8), UInt8(query.count & 255)] + query
    var sent = 0
    while sent < message.count {
      try wait(socket, POLLOUT, deadline)
      let n = message.withUnsafeBytes { send(socket, $0.baseAddress! + sent, message.count - sent, Int32(MSG_NOSIGNAL)) }
      if n < 0 { if errno == EAGAIN || errno == EINTR { continue } else { throw unreachable() } }
      sent += n
    }
    let head = try read(socket, 2, deadline)
    return try read(socket, Int(head[0]) << 8 | Int(head[1]), deadline)
  }

  private static func read(_ socket: Int32, _ count: Int, _ deadline: Double) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: max(count, 1))
    while bytes.count < count {
      try wait(socket, POLLIN, deadline)
      let n = recv(socket, &buffer, count - bytes.count, 0)
      if n == 0 { throw Failure.closed }
      if n < 0 { if errno == EAGAIN || errno == EINTR { continue } else { throw unreachable() } }
      bytes += buffer[..<n]
    }
    return bytes
  }

  /// A socket that only talks to this server, from a port that the kernel picks at random.
  private static func connected(_ server: DNSServer, _ type: __socket_type, _ deadline: Double) throws -> Int32 {
    let six = server.host.contains(":")
    let kind = Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    let socket = Glibc.socket(six ? AF_INET6 : AF_INET, kind, 0)
    guard socket >= 0 else { throw unreachable() }
    let result: Int32
    if six {
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      address.sin6_port = server.port.bigEndian
      inet_pton(AF_INET6, server.host, &address.sin6_addr)
      result = connect(socket, &address)
    } else {
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = server.port.bigEndian
      inet_pton(AF_INET, server.host, &address.sin_addr)
      result = connect(socket, &address)
    }
    do {
      if result != 0 {
        guard errno == EINPROGRESS else { throw unreachable() }
        try wait(socket, POLLOUT, deadline)
        var failure: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(socket, SOL_SOCKET, SO_ERROR, &failure, &length)
        if failure != 0 { throw Failure.unreachable(String(cString: strerror(failure))) }
      }
    } catch {
      close(socket)
      throw error
    }
    return socket
  }

  private static func connect<Address>(_ socket: Int32, _ address: inout Address) -> Int32 {
    withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(socket, $0, socklen_t(MemoryLayout<Address>.size))
      }
    }
  }

  private static func wait(_ socket: Int32, _ events: Int32, _ deadline: Double) throws {
    while true {
      let left = deadline - monotonic()
      guard left > 0 else { throw Failure.timeout }
      var polled = pollfd(fd: socket, events: Int16(events), revents: 0)
      if poll(&polled, 1, Int32((left * 1000).rounded(.up))) > 0 { return }
    }
  }

  private static func unreachable() -> Failure { .unreachable(String(cString: strerror(errno))) }

  private static func monotonic() -> Double {
    var t = timespec()
    clock_gettime(CLOCK_MONOTONIC, &t)
    return Double(t.tv_sec) + Double(t.tv_nsec) / 1e9
  }
}
