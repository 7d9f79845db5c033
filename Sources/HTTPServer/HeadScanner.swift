// Finds the end of a request's head in bytes that arrive in pieces, looking at each byte once.
import Glibc

/// Line ends must be CR LF: other servers in the path may read a bare LF or CR differently, which is how requests are smuggled.
struct HeadScanner {
  enum Outcome: Equatable {
    case more
    /// Bytes of the head, the empty line included.
    case end(Int)
  }

  private var scanned = 0
  private var lineStart = 0
  private var lines = 0

  /// `bytes` are all that came since the request's first byte.
  mutating func scan(_ bytes: UnsafeBufferPointer<UInt8>, limits: HTTPLimits) throws(Refusal) -> Outcome {
    guard let base = bytes.baseAddress, bytes.count > 0 else { return .more }
    if scanned == 0, !ByteClasses.token[Int(bytes[0])] { throw .bad("A request begins with its method.") }
    while scanned < bytes.count {
      guard let found = memchr(base + scanned, 10, bytes.count - scanned) else {
        scanned = bytes.count
        break
      }
      let end = UnsafeRawPointer(found) - UnsafeRawPointer(base)
      guard end > lineStart, bytes[end - 1] == 13 else { throw .bad("A line of the head does not end in CR LF.") }
      let length = end - 1 - lineStart
      if lines == 0, length > limits.requestLine { throw .targetTooLong }
      if end >= limits.head { throw .headTooLarge }
      scanned = end + 1
      if length == 0 { return .end(end + 1) }
      lines += 1
      lineStart = end + 1
      if lines > limits.headerFields + 1 { throw .headTooLarge }
    }
    if lines == 0, bytes.count > limits.requestLine + 2 { throw .targetTooLong }
    if bytes.count > limits.head { throw .headTooLarge }
    return .more
  }
}
