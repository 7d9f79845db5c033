// Bytes of a whole head to a RequestHead (RFC 9112 sections 3 to 6), refusing whatever two servers could read in two ways.
import Glibc

struct RequestHeadParser {
  /// A method longer than any registered one is garbage.
  private static let methodLimit = 32
  /// 2^53 has 16 digits: no body is that long.
  private static let lengthDigits = 15

  private let bytes: UnsafeBufferPointer<UInt8>
  private var at = 0
  private var length: Int?
  private var isChunked = false
  private var hosts = 0
  private var close = false
  private var keep = false
  private var expects = false

  /// `bytes` end with the empty line, and every LF in them follows a CR: `HeadScanner` saw to both.
  static func parse(_ bytes: UnsafeBufferPointer<UInt8>) throws(Refusal) -> RequestHead {
    var parser = RequestHeadParser(bytes: bytes)
    return try parser.parse()
  }

  private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  private mutating func parse() throws(Refusal) -> RequestHead {
    let method = try word(ByteClasses.token, limit: Self.methodLimit, "The method is not a token.")
    let target = try word(ByteClasses.target, limit: .max, "The request target holds a character that must be escaped.")
    let isHTTP11 = try version()
    var request = try RequestTarget.request(method: method, target: target)
    request.headers = try fields()
    if isHTTP11 ? hosts != 1 : hosts > 1 { throw .bad("A request has exactly one Host.") }
    if isChunked, length != nil { throw .bad("Content-Length and Transfer-Encoding exclude each other.") }
    if isChunked, !isHTTP11 { throw .bad("HTTP/1.0 has no transfer codings.") }
    // The host of an absolute target counts, whatever the field says (RFC 9112 section 3.2.2).
    if let authority = RequestTarget.authority(of: request.target) { request.headers["Host"] = authority }
    return RequestHead(
      request: request, isHTTP11: isHTTP11, keepAlive: !close && (isHTTP11 || keep),
      framing: isChunked ? .chunked : length.map { $0 == 0 ? .none : .length($0) } ?? .none, expectsContinue: expects && isHTTP11)
  }

  /// Bytes of one class up to a single space.
  private mutating func word(_ allowed: [Bool], limit: Int, _ fault: String) throws(Refusal) -> UnsafeBufferPointer<UInt8> {
    let start = at
    while at < bytes.count, allowed[Int(bytes[at])] { at += 1 }
    guard at > start, at - start <= limit, at < bytes.count, bytes[at] == 32 else { throw .bad(fault) }
    at += 1
    return UnsafeBufferPointer(rebasing: bytes[start..<at - 1])
  }

  /// `HTTP/1.0` or `HTTP/1.1` and the line's end.
  private mutating func version() throws(Refusal) -> Bool {
    guard at + 10 <= bytes.count, bytes[at + 8] == 13, bytes[at + 9] == 10, memcmp(bytes.baseAddress! + at, "HTTP/", 5) == 0,
      bytes[at + 6] == UInt8(ascii: "."), isDigit(bytes[at + 5]), isDigit(bytes[at + 7])
    else { throw .bad("The request line does not end in a version.") }
    let (major, minor) = (bytes[at + 5], bytes[at + 7])
    at += 10
    guard major == UInt8(ascii: "1"), minor <= UInt8(ascii: "1") else { throw .version }
    return minor == UInt8(ascii: "1")
  }

  private mutating func fields() throws(Refusal) -> HTTPHeaders {
    let base = at
    var entries: [HTTPHeaders.Entry] = []
    entries.reserveCapacity(8)
    while bytes[at] != 13 {
      let nameStart = at
      while ByteClasses.token[Int(bytes[at])] { at += 1 }
      let nameEnd = at
      guard nameEnd > nameStart, bytes[at] == UInt8(ascii: ":") else {
        throw .bad("A header field is not a name, a colon and a value.")
      }
      at += 1
      while bytes[at] == 32 || bytes[at] == 9 { at += 1 }
      let valueStart = at
      while ByteClasses.value[Int(bytes[at])] { at += 1 }
      guard bytes[at] == 13, bytes[at + 1] == 10 else { throw .bad("A header value holds a control character.") }
      var valueEnd = at
      while valueEnd > valueStart, bytes[valueEnd - 1] == 32 || bytes[valueEnd - 1] == 9 { valueEnd -= 1 }
      at += 2
      try note(
        UnsafeBufferPointer(rebasing: bytes[nameStart..<nameEnd]), UnsafeBufferPointer(rebasing: bytes[valueStart..<valueEnd]))
      entries.append(
        HTTPHeaders.Entry(
          nameStart: UInt32(nameStart - base), nameEnd: UInt32(nameEnd - base), valueStart: UInt32(valueStart - base),
          valueEnd: UInt32(valueEnd - base)))
    }
    // The empty line's CR must be followed by the LF that ends the head.
    guard at + 2 == bytes.count else { throw .bad("A line of the head does not end in CR LF.") }
    return HTTPHeaders(text: Array(bytes[base..<at]), entries: entries)
  }

  /// Takes in a field that frames the message or steers the connection.
  private mutating func note(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) throws(Refusal) {
    switch name.count {
    case 4 where equal(name, "host"):
      hosts += 1
      guard value.allSatisfy({ ByteClasses.host[Int($0)] }) else { throw .bad("Host is not a name and a port.") }
    case 6 where equal(name, "expect"):
      guard equal(value, "100-continue") else { throw .expectation }
      expects = true
    case 10 where equal(name, "connection"):
      for option in value.split(separator: UInt8(ascii: ",")) {
        let option = trim(UnsafeBufferPointer(rebasing: option))
        if equal(option, "close") { close = true } else if equal(option, "keep-alive") { keep = true }
      }
    case 14 where equal(name, "content-length"):
      guard length == nil else { throw .bad("Content-Length stands twice.") }
      guard (1...Self.lengthDigits).contains(value.count), value.allSatisfy(isDigit) else {
        throw .bad("Content-Length is not a number of bytes.")
      }
      length = value.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    case 17 where equal(name, "transfer-encoding"):
      guard !isChunked else { throw .bad("Transfer-Encoding stands twice.") }
      guard equal(value, "chunked") else { throw .coding }
      isChunked = true
    default: break
    }
  }

  /// Whether `text` is `word`, which is given in lower case.
  private func equal(_ text: UnsafeBufferPointer<UInt8>, _ word: StaticString) -> Bool {
    guard text.count == word.utf8CodeUnitCount else { return false }
    var n = 0
    while n < text.count {
      if lowercased(text[n]) != word.utf8Start[n] { return false }
      n += 1
    }
    return true
  }

  private func trim(_ text: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
    var start = 0
    var end = text.count
    while start < end, text[start] == 32 || text[start] == 9 { start += 1 }
    while end > start, text[end - 1] == 32 || text[end - 1] == 9 { end -= 1 }
    return UnsafeBufferPointer(rebasing: text[start..<end])
  }

  private func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
}
