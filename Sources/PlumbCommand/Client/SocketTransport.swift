// HTTP/1.1 over a plain socket, TCP or Unix: quick to start, which URLSession is not. One connection, kept alive.
import Core
import Glibc

final class SocketTransport: Transport {
  enum Target {
    case tcp(host: String, port: Int)
    case unix(path: String)
  }
  private let target: Target
  /// As the user wrote it, for messages.
  private let name: String
  private var socket: Int32 = -1
  private var buffer: [UInt8] = []
  private var read = 0
  private var used = false

  init(_ target: Target, name: String) {
    self.target = target
    self.name = name
  }

  deinit { close() }

  func send(_ request: ClientRequest, within time: Duration) throws -> ClientResponse {
    let deadline = ContinuousClock.now + time
    for attempt in 1... {
      let wasUsed = used && socket >= 0
      do {
        try open()
        try write(encode(request), until: deadline)
        var head = try readHead(until: deadline)
        let length = try Framing(head, method: request.method)
        var body: [UInt8] = []
        try readBody(length, within: time) { bytes in
          body += bytes
          if body.count > ClientLimits.bodyBytes { throw broken("the answer is larger than \(ClientLimits.bodyBytes) bytes") }
          return true
        }
        if length.closes { close() }
        used = true
        head.body = body
        return head
      } catch is ConnectionLost where wasUsed && attempt == 1 {
        // The server closed the idle connection before it saw this request.
        close()
      } catch let fault {
        close()
        throw fault is ConnectionLost ? broken("the connection was cut") : fault
      }
    }
    throw broken("the connection was cut")
  }

  func stream(_ request: ClientRequest, take: ([UInt8]) throws -> Bool) throws -> ClientResponse {
    close()
    defer { close() }
    do {
      try open()
      try write(encode(request), until: .now + ClientLimits.connectTime)
      var head = try readHead(until: .now + ClientLimits.answerTime)
      let length = try Framing(head, method: request.method)
      try readBody(length, within: ClientLimits.silence) { bytes in
        if head.status == 200 { return try take(bytes) }
        head.body += bytes
        return head.body.count < ClientLimits.bodyBytes
      }
      return head
    } catch is ConnectionLost { throw broken("the connection was cut") }
  }

  // MARK: Connecting

  private func open() throws {
    if socket >= 0 { return }
    switch target {
    case .unix(let path): socket = try Connector.unix(path: path, name: name)
    case .tcp(let host, let port): socket = try Connector.tcp(host: host, port: port, name: name)
    }
    used = false
    buffer = []
    read = 0
  }

  private func close() {
    if socket >= 0 { Glibc.close(socket) }
    socket = -1
  }

  // MARK: Writing

  private func encode(_ request: ClientRequest) -> [UInt8] {
    var host = "localhost"
    if case .tcp(let name, let port) = target { host = (name.contains(":") ? "[\(name)]" : name) + ":\(port)" }
    var head = "\(request.method) \(request.target) HTTP/1.1\r\nHost: \(host)\r\n"
    for (name, value) in request.headers { head += "\(name): \(value)\r\n" }
    if !request.body.isEmpty || request.method == "POST" { head += "Content-Length: \(request.body.count)\r\n" }
    return Array((head + "\r\n").utf8) + request.body
  }

  private func write(_ bytes: [UInt8], until deadline: ContinuousClock.Instant) throws {
    var at = 0
    while at < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.send(socket, $0.baseAddress! + at, $0.count - at, Int32(MSG_NOSIGNAL)) }
      if count > 0 {
        at += count
      } else if errno == EAGAIN {
        if try !Wait.ready(socket, POLLOUT, until: deadline) { throw late() }
      } else if errno != EINTR {
        // A server that refuses a body answers before it closes.
        if try Wait.ready(socket, POLLIN, until: .now + .milliseconds(100)), at > 0 { return }
        throw ConnectionLost()
      }
    }
  }

  // MARK: Reading

  /// Reads more into the buffer; false at the end of the stream.
  private func fill(until deadline: ContinuousClock.Instant) throws -> Bool {
    if read > 0 {
      buffer.removeFirst(read)
      read = 0
    }
    while true {
      let chunk = 64 << 10
      var end = false
      let count = withUnsafeTemporaryAllocation(byteCount: chunk, alignment: 1) { space in
        let count = recv(socket, space.baseAddress!, chunk, 0)
        if count > 0 { buffer.append(contentsOf: space[..<count]) }
        end = count == 0
        return count
      }
      if count > 0 { return true }
      if end { return false }
      if errno == EAGAIN {
        if try !Wait.ready(socket, POLLIN, until: deadline) { throw late() }
      } else if errno != EINTR {
        throw ConnectionLost()
      }
    }
  }

  private func readLine(until deadline: ContinuousClock.Instant) throws -> String {
    var from = read
    while true {
      if let end = buffer[from...].firstIndex(of: 10) {
        let line = buffer[read..<end]
        read = end + 1
        return String(decoding: line.last == 13 ? line.dropLast() : line, as: UTF8.self)
      }
      if buffer.count - read > ClientLimits.headBytes { throw broken("it does not answer in HTTP") }
      from = buffer.count - read
      if try !fill(until: deadline) { throw ConnectionLost() }
    }
  }

  private func readHead(until deadline: ContinuousClock.Instant) throws -> ClientResponse {
    while true {
      let words = try readLine(until: deadline).split(separator: " ", maxSplits: 2)
      guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
        throw broken("it does not answer in HTTP")
      }
      var response = ClientResponse(status: status)
      var size = 0
      while true {
        let line = try readLine(until: deadline)
        if line.isEmpty { break }
        size += line.utf8.count
        guard size <= ClientLimits.headBytes, let colon = line.firstIndex(of: ":") else {
          throw broken("its answer has a bad head")
        }
        let name = line[..<colon].lowercased()
        let value = String(line[line.index(after: colon)...]).trimmingSpaces()
        response.headers[name] = response.headers[name].map { "\($0), \(value)" } ?? value
      }
      if status >= 200 { return response }
    }
  }

  private func readBody(_ framing: Framing, within time: Duration, take: ([UInt8]) throws -> Bool) throws {
    switch framing.length {
    case .none: return
    case .bytes(let count): _ = try readExactly(count, within: time, take: take)
    case .untilClose:
      while true {
        if read == buffer.count, try !fill(until: .now + time) { return }
        let bytes = Array(buffer[read...])
        read = buffer.count
        if try !take(bytes) { return }
      }
    case .chunked:
      while true {
        let line = try readLine(until: .now + time)
        guard let size = Int(line.prefix { $0 != ";" && $0 != " " }, radix: 16), size >= 0 else {
          throw broken("its answer has a bad chunk")
        }
        if size == 0 { break }
        if try !readExactly(size, within: time, take: take) { return }
        _ = try readLine(until: .now + time)
      }
      while try !readLine(until: .now + time).isEmpty {}
    }
  }

  /// False when `take` wants no more.
  private func readExactly(_ count: Int, within time: Duration, take: ([UInt8]) throws -> Bool) throws -> Bool {
    var left = count
    while left > 0 {
      if read == buffer.count, try !fill(until: .now + time) { throw ConnectionLost() }
      let end = min(buffer.count, read + left)
      let bytes = Array(buffer[read..<end])
      left -= bytes.count
      read = end
      if try !take(bytes) { return false }
    }
    return true
  }

  // MARK: Faults

  private struct ConnectionLost: Error {}

  private func broken(_ why: String) -> Problem {
    Problem(
      .unavailable, code: "server_unavailable", "The server at \(name) failed: \(why).",
      fix: "See its log; is this a Plumb server?")
  }

  private func late() -> Problem {
    Problem(.timeout, code: "timeout", "The server at \(name) did not answer in time.", fix: "Try again, or see its log.")
  }

  /// How long an answer's body is.
  private struct Framing {
    enum Length {
      case none
      case bytes(Int)
      case chunked, untilClose
    }
    var length: Length
    var closes: Bool

    init(_ head: ClientResponse, method: String) throws {
      closes = head.headers["connection"]?.lowercased() == "close"
      if method == "HEAD" || head.status == 204 || head.status == 304 {
        length = .none
      } else if let coding = head.headers["transfer-encoding"] {
        length = coding.lowercased() == "chunked" ? .chunked : .untilClose
      } else if let count = head.headers["content-length"].flatMap({ Int($0) }), count >= 0 {
        length = .bytes(count)
      } else {
        length = .untilClose
        closes = true
      }
    }
  }
}
