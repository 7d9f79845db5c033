// A response's head as bytes.

/// What the exchange, not the handler, decides about an answer.
struct ResponseHead {
  enum Length {
    case bytes(Int)
    case chunked
    /// HTTP/1.0 streams: the connection's end is the body's.
    case untilClose
    /// 204 and 304 have neither body nor length.
    case none
  }

  /// Fields that frame the message: a handler's own would contradict the server's.
  private static let reserved = ["content-length", "transfer-encoding", "connection", "date", "keep-alive"]

  var length: Length
  var close: Bool
  var isHTTP11: Bool

  /// Appends status line, fields and the empty line. False, and nothing appended, for a status that cannot end a request.
  func write(_ status: Int, _ headers: HTTPHeaders, date: [UInt8], to out: inout [UInt8]) -> Bool {
    guard let line = StatusLine.bytes(status) else { return false }
    out.append(contentsOf: line)
    out.append(contentsOf: date)
    headers.text.withUnsafeBufferPointer { text in
      for entry in headers.entries where !Self.reserved.contains(where: { headers.matches(entry, $0) }) {
        out.append(contentsOf: UnsafeBufferPointer(rebasing: text[Int(entry.nameStart)..<Int(entry.nameEnd)]))
        out.append(58)
        out.append(32)
        out.append(contentsOf: UnsafeBufferPointer(rebasing: text[Int(entry.valueStart)..<Int(entry.valueEnd)]))
        out.append(13)
        out.append(10)
      }
    }
    switch length {
    case .bytes(let count):
      out.append(contentsOf: "Content-Length: ".utf8)
      Self.decimal(count, to: &out)
      out.append(contentsOf: "\r\n".utf8)
    case .chunked: out.append(contentsOf: "Transfer-Encoding: chunked\r\n".utf8)
    case .untilClose, .none: break
    }
    if close {
      out.append(contentsOf: "Connection: close\r\n".utf8)
    } else if !isHTTP11 {
      out.append(contentsOf: "Connection: keep-alive\r\n".utf8)
    }
    out.append(contentsOf: "\r\n".utf8)
    return true
  }

  static func decimal(_ number: Int, to out: inout [UInt8]) {
    if number >= 10 { decimal(number / 10, to: &out) }
    out.append(UInt8(ascii: "0") + UInt8(number % 10))
  }
}
