// A client that sends exactly the bytes it is told to.
import Foundation

struct RawResponse: Equatable {
  var status: Int
  var head: String
  var body: [UInt8]
  var text: String { String(decoding: body, as: UTF8.self) }

  func header(_ name: String) -> String? {
    for line in head.split(separator: "\r\n").dropFirst() where line.lowercased().hasPrefix(name.lowercased() + ":") {
      return line.dropFirst(name.utf8.count + 1).trimmingCharacters(in: .whitespaces)
    }
    return nil
  }
}

/// One thread may send while another reads.
final class RawClient: @unchecked Sendable {
  struct Failed: Error {}

  private(set) var socket: Int32
  private var buffer: [UInt8] = []

  init(port: Int, receiveBuffer: Int32? = nil) throws {
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    if var size = receiveBuffer { setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, 4) }
    var wait = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
    var one: Int32 = 1
    setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = in_port_t(port).bigEndian
    name.sin_addr.s_addr = inet_addr("127.0.0.1")
    let isConnected = withUnsafePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    guard isConnected else {
      Glibc.close(socket)
      throw Failed()
    }
  }

  deinit { close() }

  func close() {
    if socket >= 0 { Glibc.close(socket) }
    socket = -1
  }

  func halfClose() { shutdown(socket, Int32(SHUT_WR)) }

  /// Returns how many bytes went out before the server closed or stopped reading.
  @discardableResult func send(_ bytes: [UInt8]) -> Int {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.send(socket, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return sent }
      sent += count
    }
    return sent
  }

  @discardableResult func send(_ text: String) -> Int { send(Array(text.utf8)) }

  /// Reads more; false at the end, after an error, or after ten silent seconds.
  private func fill() -> Bool {
    var chunk = [UInt8](repeating: 0, count: 65536)
    let count = recv(socket, &chunk, chunk.count, 0)
    guard count > 0 else { return false }
    buffer += chunk[..<count]
    return true
  }

  /// All that comes until the server closes.
  func readAll() -> String {
    while fill() {}
    defer { buffer = [] }
    return String(decoding: buffer, as: UTF8.self)
  }

  /// Up to and with `end`; nil when the connection ends before.
  func read(until end: String) -> String? {
    let end = Array(end.utf8)
    var searched = 0
    while true {
      if let range = find(end, from: searched) {
        defer { buffer.removeSubrange(..<range.upperBound) }
        return String(decoding: buffer[..<range.upperBound], as: UTF8.self)
      }
      searched = max(0, buffer.count - end.count)
      guard fill() else { return nil }
    }
  }

  private func find(_ wanted: [UInt8], from start: Int) -> Range<Int>? {
    guard buffer.count >= wanted.count, start <= buffer.count - wanted.count else { return nil }
    for n in start...(buffer.count - wanted.count) where buffer[n] == wanted[0] && Array(buffer[n..<n + wanted.count]) == wanted {
      return n..<n + wanted.count
    }
    return nil
  }

  private func read(count: Int) -> [UInt8]? {
    while buffer.count < count { guard fill() else { return nil } }
    defer { buffer.removeSubrange(..<count) }
    return Array(buffer[..<count])
  }

  /// One response, by Content-Length, by chunks, or without a body.
  func response(toHead: Bool = false) -> RawResponse? {
    guard let head = read(until: "\r\n\r\n"), let status = Int(head.dropFirst(9).prefix(3)) else { return nil }
    var response = RawResponse(status: status, head: head, body: [])
    if toHead || status == 204 || status == 304 || status < 200 { return response }
    if let length = response.header("Content-Length").flatMap({ Int($0) }) {
      guard let body = read(count: length) else { return nil }
      response.body = body
    } else if response.header("Transfer-Encoding") == "chunked" {
      while true {
        // CR LF is one Character.
        guard let line = read(until: "\r\n"), let size = Int(line.dropLast(), radix: 16), let chunk = read(count: size + 2) else {
          return nil
        }
        if size == 0 { return response }
        response.body += chunk.dropLast(2)
      }
    }
    return response
  }

  /// Nothing has come, and the connection stands.
  var isQuiet: Bool {
    var byte: UInt8 = 0
    return recv(socket, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) < 0 && errno == EAGAIN
  }

  /// Whether the server closed the connection and nothing is left to read.
  var isAtEnd: Bool { buffer.isEmpty && !fill() }
}
