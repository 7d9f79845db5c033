// One message over plain SMTP (RFC 5321), as for a relay that needs neither login nor TLS. Blocks.
import Core
import Foundation

struct SMTPSession {
  private static let mostLine = 2048
  private static let mostLines = 100

  /// Recipients that the server did not take, with its reason. Throws Problem: `unreachable`, `timeout`, `refused`, `lost`.
  static func send(_ message: MailMessage, to server: MailServer, seconds: Double) throws -> [(address: String, reason: String)] {
    var session = try SMTPSession(server, deadline: monotonic() + seconds)
    defer { close(session.socket) }
    _ = try session.expect(220, "greeting")
    do { _ = try session.command("EHLO \(MailMessage.localName)", 250) } catch let problem as Problem
      where problem.code == "refused"
    {
      _ = try session.command("HELO \(MailMessage.localName)", 250)
    }
    _ = try session.command("MAIL FROM:<\(message.from)>", 250)
    var refused: [(address: String, reason: String)] = []
    for address in message.to {
      do { _ = try session.command("RCPT TO:<\(address)>", 250) } catch let problem as Problem where problem.code == "refused" {
        refused.append((address, problem.message))
      }
    }
    if refused.count == message.to.count { throw Problem(.refused, code: "refused", refused[0].reason) }
    _ = try session.command("DATA", 354)
    try session.write(stuffed(message.bytes) + Array(".\r\n".utf8))
    do { _ = try session.expect(250, "the message") } catch let problem as Problem where problem.code != "refused" {
      throw Problem(.failure, code: "lost", "it is not known whether the mail server took the message: \(problem.message)")
    }
    try? session.write(Array("QUIT\r\n".utf8))
    return refused
  }

  /// A line that begins with a dot gets another one.
  private static func stuffed(_ bytes: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count + 16)
    var lineBegins = true
    for byte in bytes {
      if lineBegins, byte == UInt8(ascii: ".") { out.append(byte) }
      out.append(byte)
      lineBegins = byte == UInt8(ascii: "\n")
    }
    return out
  }

  private let socket: Int32
  private let deadline: Double
  private let place: String
  private var pending: [UInt8] = []

  private init(_ server: MailServer, deadline: Double) throws {
    self.deadline = deadline
    place = "\(server.host):\(server.port)"
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let found = getaddrinfo(server.host, String(server.port), &hints, &list)
    guard found == 0, let first = list else {
      throw Problem(
        .unavailable, code: "unreachable",
        "the mail server \(server.host) cannot be found: \(String(cString: gai_strerror(found)))")
    }
    defer { freeaddrinfo(list) }
    var last = Problem(.unavailable, code: "unreachable", "the mail server \(place) has no address")
    for entry in sequence(first: first, next: { $0.pointee.ai_next }) {
      let info = entry.pointee
      let socket = Glibc.socket(
        info.ai_family, info.ai_socktype | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
      guard socket >= 0 else { continue }
      if connect(socket, info.ai_addr, info.ai_addrlen) == 0 || errno == EINPROGRESS {
        do {
          try Self.wait(socket, POLLOUT, deadline, place)
          var failure: Int32 = 0
          var length = socklen_t(MemoryLayout<Int32>.size)
          getsockopt(socket, SOL_SOCKET, SO_ERROR, &failure, &length)
          if failure == 0 {
            self.socket = socket
            return
          }
          errno = failure
        } catch let problem as Problem {
          close(socket)
          throw problem
        }
      }
      last = Problem(
        .unavailable, code: "unreachable", "the mail server \(place) cannot be reached: \(String(cString: strerror(errno)))")
      close(socket)
    }
    throw last
  }

  private mutating func command(_ line: String, _ code: Int) throws -> String {
    try write(Array("\(line)\r\n".utf8))
    return try expect(code, line.split(separator: " ").prefix(1).joined())
  }

  /// Reads a whole reply; 251 stands for 250 too.
  private mutating func expect(_ code: Int, _ what: String) throws -> String {
    var text = ""
    for _ in 0..<Self.mostLines {
      let line = try readLine()
      guard line.count >= 3, let got = Int(line.prefix(3)) else {
        throw Problem(.failure, code: "lost", "\(place) does not speak SMTP")
      }
      text = line
      if line.dropFirst(3).first == "-" { continue }
      guard got == code || code == 250 && got == 251 else {
        throw Problem(.refused, code: "refused", "the mail server \(place) refused \(what): \(line)")
      }
      return text
    }
    throw Problem(.failure, code: "lost", "\(place) sends an endless reply")
  }

  private mutating func readLine() throws -> String {
    while true {
      if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
        let line = pending[..<end].filter { $0 >= 32 && $0 < 127 }
        pending.removeSubrange(...end)
        return String(decoding: line, as: UTF8.self)
      }
      guard pending.count < Self.mostLine else { throw Problem(.failure, code: "lost", "\(place) sends an endless line") }
      try Self.wait(socket, POLLIN, deadline, place)
      var buffer = [UInt8](repeating: 0, count: 1024)
      let n = recv(socket, &buffer, buffer.count, 0)
      if n < 0, errno == EAGAIN || errno == EINTR { continue }
      guard n > 0 else { throw Problem(.unavailable, code: "lost", "the mail server \(place) closed the connection") }
      pending += buffer[..<n]
    }
  }

  private func write(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      try Self.wait(socket, POLLOUT, deadline, place)
      let n = bytes.withUnsafeBytes { Glibc.send(socket, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL)) }
      if n < 0, errno == EAGAIN || errno == EINTR { continue }
      guard n > 0 else { throw Problem(.unavailable, code: "lost", "the mail server \(place) closed the connection") }
      sent += n
    }
  }

  private static func wait(_ socket: Int32, _ events: Int32, _ deadline: Double, _ place: String) throws {
    while true {
      let left = deadline - monotonic()
      guard left > 0 else { throw Problem(.timeout, code: "timeout", "the mail server \(place) does not answer in time") }
      var polled = pollfd(fd: socket, events: Int16(events), revents: 0)
      if poll(&polled, 1, Int32((left * 1000).rounded(.up))) > 0 { return }
    }
  }

  private static func monotonic() -> Double {
    var t = timespec()
    clock_gettime(CLOCK_MONOTONIC, &t)
    return Double(t.tv_sec) + Double(t.tv_nsec) / 1e9
  }
}
